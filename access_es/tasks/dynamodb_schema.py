"""The items of tasks in one DynamoDB table, and the definition of that table.

| item | pk | sk | attributes |
|---|---|---|---|
| how a task is doing | `task#<id>` | `state` | `state` `runner` `beat` `wanted` `expires` |
| what is to be sent | `task#<id>` | `request` | `head` `body` `expires` |
| what came of it | `task#<id>` | `result` | `head` `body` `expires` |
| a piece of a larger body | `body#<name>` | its number, `00000` | `data` `expires` |

Pollers read the first alone, which is small: one read unit each time, five times a second at most. A task of ten
minutes that is watched to its end costs 3,000 read units and 620 write units, a tenth of a US cent
(aws.amazon.com/dynamodb/pricing/on-demand, us-east-1). `expires` (seconds since 1970, whole) is when DynamoDB may
delete an item, which it does within days (Developer Guide, "Using time to live"), so it is looked at when reading, too.
"""

from __future__ import annotations

from typing import Any

# What the calls of the store and the blobs need, on the table and nothing else.
ACTIONS = ("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem")
PIECE_BYTES = 380 * 1024  # an item takes 400 KB with its names (Developer Guide, "Quotas")
MAX_PIECES = 48  # 18 MB, which is more than a gateway lets through; beyond that a bucket is the place

Key = dict[str, dict[str, str]]


def task_key(id: str, part: str) -> Key:
    return {"pk": {"S": f"task#{id}"}, "sk": {"S": part}}


def piece_key(name: str, number: int) -> Key:
    return {"pk": {"S": f"body#{name}"}, "sk": {"S": f"{number:05}"}}


def table_definition(name: str) -> dict[str, dict[str, Any]]:
    """The calls that make the table, in their order: parameters by the operation's Python name.

    The later one is for when the table is active. Paid by use; what it keeps is worth nothing after an hour.
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
        },
        "update_time_to_live": {
            "TableName": name,
            "TimeToLiveSpecification": {"Enabled": True, "AttributeName": "expires"},
        },
    }
