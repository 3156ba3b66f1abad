"""Files that list users."""

from __future__ import annotations

import json

import pytest

from access_es.users.user_file import FileFaults, ListedUser, read_user_file

ANN, BOB = ListedUser("ann", ("ops", "/search/admins")), ListedUser("bob", ())


@pytest.mark.parametrize(
    "content",
    [
        "name,groups\nann,ops;/search/admins\nbob,\n",
        "\ufeffname,groups\r\nann,ops;/search/admins\r\nbob,\r\n",
        'name;groups\nann;"ops;/search/admins"\nbob;\n',
        "name\tgroups\nann\tops; /search/admins ;ops\nbob\t\n",
        "\n Groups , NAME \n\nops;/search/admins, ann\n;,bob\n , \n",
        '"name","groups"\n"ann","ops;\n/search/admins"\n"bob",""',
        '[{"name": "ann", "groups": ["ops", "/search/admins"]}, {"name": "bob", "groups": []}]',
        ' \n[{"name": "ann", "groups": "ops;/search/admins"}, {"name": " bob ", "groups": []}]',
    ],
)
def test_a_list_is_read(content: str) -> None:
    assert read_user_file(content.encode()) == [ANN, BOB]


@pytest.mark.parametrize("content", ["name\nann\n", '[{"name": "ann"}]', '[{"name": "ann", "groups": null}]'])
def test_a_list_may_say_nothing_of_groups(content: str) -> None:
    assert read_user_file(content.encode()) == [ListedUser("ann", None)]


def test_a_group_with_a_comma_is_one_group() -> None:
    """As directories have them."""
    assert read_user_file(b'name,groups\nann,"CN=ops,DC=example"')[0].groups == ("CN=ops,DC=example",)
    assert read_user_file(b"name;groups\nann;CN=ops,DC=example")[0].groups == ("CN=ops,DC=example",)


@pytest.mark.parametrize(
    ("content", "faults"),
    [
        ("", ["The file lists no users."]),
        ("name,groups\n", ["The file lists no users."]),
        ("[]", ["The file lists no users."]),
        ("ann,ops\nbob,data\n", [
            "line 1: it must name the columns, name and groups; there is no column 'name'",
            "line 1: 'ann' is not known; there are name and groups",
            "line 1: 'ops' is not known; there are name and groups",
        ]),
        ("name,name\nann,bob\n", ["line 1: the column 'name' is there twice"]),
        ("\n\nname,roles\nann,x\n", ["line 3: 'roles' is not known; there are name and groups"]),
        ('{"name": "ann"}', ['The JSON must be a list of users, such as [{"name": "ann", "groups": ["ops"]}].']),
        ("[1, {}]", ["entry 1: it is not an object", "entry 2: there is no name"]),
        ('[{"name": "ann", "group": "ops"}]', ["entry 1: 'group' is not known; there are name and groups"]),
        ('[{"name": "ann", "groups": {"a": 1}}]', ["entry 1: The groups must be a list of texts."]),
        ('[{"name": "ann", "groups": [1]}]', ["entry 1: The groups must be a list of texts."]),
        ('name\n"ann\n', ["line 2: unexpected end of data"]),
    ],
)  # fmt: skip
def test_a_list_that_cannot_be_read_says_why(content: str, faults: list[str]) -> None:
    with pytest.raises(FileFaults) as caught:
        read_user_file(content.encode())
    assert list(caught.value.faults) == faults


def test_all_faults_are_found_at_once_in_the_order_of_the_lines() -> None:
    lines = [
        "name,groups",
        "Ann,ops",
        "bob",
        ",ops",
        "sso-x,",
        "carl,a\x07b",
        "dora,ops,more",
        '"e\ne",',
        "bob,x",
        "bob",
    ]
    with pytest.raises(FileFaults) as caught:
        read_user_file("\n".join(lines).encode())
    assert [fault.partition(":")[0] for fault in caught.value.faults] == [
        "line 2", "line 4", "line 5", "line 6", "line 7", "line 8", "line 10", "line 11"
    ]  # fmt: skip
    said = "\n".join(caught.value.faults)
    for words in (
        "line 2: 'Ann' cannot be a name. A user name has 1 to 64 lower-case",
        "line 4: there is no name",
        "line 5: 'sso-x' cannot be a name. Names that begin with sso-",
        "line 6: A group's name has",
        "line 7: it has 3 cells, the header has 2",
        "line 10: 'bob' is there already, at line 3",
        "line 11: 'bob' is there already, at line 3",
    ):
        assert words in said


@pytest.mark.parametrize("field", ["password", "Password", "password_hash", "token"])
def test_secrets_are_refused(field: str) -> None:
    for content in (f"name,{field}\nann,x\n", json.dumps([{"name": "ann", field: "x"}])):
        with pytest.raises(FileFaults, match="do not belong in the file"):
            read_user_file(content.encode())


@pytest.mark.parametrize(
    "content", [b"name\n\xff\n", b"[" * 200_000, b"{", b"name\n" + b"x" * 200_000, b"\x00", b"name\n\x00\n"]
)
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    with pytest.raises(FileFaults) as caught:
        read_user_file(content)
    assert all(fault.isprintable() and len(fault) < 400 for fault in caught.value.faults)
