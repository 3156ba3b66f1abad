"""The items of the accounts in one DynamoDB table, and the definition of that table.

| item | pk | sk | attributes |
|---|---|---|---|
| user | `user` | its name | `name` `password_hash` `created` `groups` `disabled` `epoch` |
| token, to be found by its id | `token#<id>` | `token` | `id` `user` `label` `digest` `created` `valid_until` `roles` |
| the same, listed with its user's | `tokens#<user>` | its label | the same |
| session that ended early | `revocation#<session id>` | `revocation` | `expires` |
| open session | `session` | `<user>#<id>` | those of its record; `expires` is its `until` |
| machine | `machine` | its name | `last_used` |
| failures, or sign-ins, in a row | `failures#<digest>` | `failures` | `count` `last` `expires` |
| change | `changes` | its id, in order of time | `time` `actor` `via` `action` `target` `detail` `expires` |

The item of a user whom a provider vouches for also has `issuer` `subject` `display_name`. Users have `signed_in` and
`last_used`, and tokens `last_used` in both of their items, once there is something to say; it is written at most once a
quarter of an hour, so that sessions, too, can share a pk: 10,000 of them make 11 writes a second, of 1,000.

All users share a pk, so that a query lists them by name; a partition reads 3,000 of them a second, and a user is read
once per recheck time and process. The two items of a token are written in one transaction. `expires` (seconds since
1970, whole) is when DynamoDB may delete the item, which it does within days (DynamoDB Developer Guide, "Using time to
live"), so it is also looked at when reading. Tokens have none: expired ones stay listed until they are revoked.
"""

from __future__ import annotations

from typing import Any

from access_es.storage.dynamodb_key import Key

# What the calls of these stores need, on the table and nothing else. A transaction needs what its parts need.
ACTIONS = (
    "dynamodb:BatchGetItem",
    "dynamodb:DeleteItem",
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:Query",
    "dynamodb:Scan",
    "dynamodb:UpdateItem",
)
USERS, SESSIONS, MACHINES = "user", "session", "machine"  # the pk of all of each
CHANGE_LOG = "changes"  # the pk of the change log: a few changes a second are far below what a partition takes


def user_key(name: str) -> Key:
    return USERS, name


def token_key(token_id: str) -> Key:
    return f"token#{token_id}", "token"


def label_key(user: str, label: str) -> Key:
    return tokens_of(user), label


def revocation_key(session_id: str) -> Key:
    return f"revocation#{session_id}", "revocation"


def session_key(user: str, session_id: str) -> Key:
    return SESSIONS, f"{sessions_of(user)}{session_id}"


def machine_key(name: str) -> Key:
    return MACHINES, name


def failures_key(key: str) -> Key:
    return f"failures#{key}", "failures"


def change_key(id: str) -> Key:
    return CHANGE_LOG, id


def tokens_of(user: str) -> str:
    """The pk under which a user's tokens are listed."""
    return f"tokens#{user}"


def sessions_of(user: str) -> str:
    """How the sk of a user's sessions begins; no user's name holds a #."""
    return f"{user}#"


def table_definition(name: str) -> dict[str, dict[str, Any]]:
    """The calls that make the table, in their order: parameters by the operation's Python name.

    The later ones are for when the table is active. Paid by use; encrypted under the account's own key for DynamoDB,
    whose use CloudTrail shows; recoverable to any second of the last days; not deleted before that is allowed.
    """
    return {
        "create_table": {
            "TableName": name,
            "AttributeDefinitions": [{"AttributeName": part, "AttributeType": "S"} for part in ("pk", "sk")],
            "KeySchema": [
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
            "BillingMode": "PAY_PER_REQUEST",
            "SSESpecification": {"Enabled": True, "SSEType": "KMS"},
            "DeletionProtectionEnabled": True,
        },
        "update_time_to_live": {
            "TableName": name,
            "TimeToLiveSpecification": {"Enabled": True, "AttributeName": "expires"},
        },
        "update_continuous_backups": {
            "TableName": name,
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        },
    }
