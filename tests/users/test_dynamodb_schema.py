"""What the accounts' table is like."""

from __future__ import annotations

import pytest

from access_es.storage.dynamodb_key import Key, is_valid_key
from access_es.users.dynamodb_schema import label_key, token_key, user_key
from tests.storage.dynamodb_tables import Counted


def test_the_table_is_made_as_it_is_defined(dynamodb: Counted, accounts_table: str) -> None:
    table = dynamodb("describe_table", TableName=accounts_table)["Table"]
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert table["SSEDescription"]["Status"] == "ENABLED"
    assert table["DeletionProtectionEnabled"] is True
    ttl = dynamodb("describe_time_to_live", TableName=accounts_table)["TimeToLiveDescription"]
    assert ttl == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires"}
    backups = dynamodb("describe_continuous_backups", TableName=accounts_table)["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"


def test_no_two_things_share_a_key() -> None:
    assert (
        len({user_key("a"), token_key("a"), label_key("a", "token"), label_key("a#b", "c"), label_key("a", "b#c")}) == 5
    )


@pytest.mark.parametrize(
    ("key", "possible"),
    [
        (user_key("ann"), True),
        (user_key(""), False),
        (user_key("x" * 1_024), True),
        (user_key("ü" * 513), False),
        (user_key("\ud800"), False),
        (token_key("x" * 2_048), False),
    ],
)
def test_keys_are_of_the_length_that_dynamodb_takes(key: Key, possible: bool) -> None:
    assert is_valid_key(key) is possible
