"""Reads a file that lists users: CSV with a header, or JSON. All its faults are found at once."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from access_es.errors import BadRequest
from access_es.users.user import check_groups, check_name

_FIELDS = ("name", "groups")
_DELIMITERS = ",;\t"
_SECRETS = ("password", "password_hash", "passwd", "hash", "secret", "token")
_NO_SECRETS = "passwords and tokens do not belong in the file: with --invite, people choose their passwords themselves"
_MAX_SHOWN = 80


@dataclass(frozen=True, slots=True)
class ListedUser:
    """A user as the file has it. `groups`: None where the file says nothing about them."""

    name: str
    groups: tuple[str, ...] | None = None


class FileFaults(BadRequest):
    """What is wrong with the file: `faults` are sentences that begin with their line or entry."""

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        super().__init__(" ".join(self.faults))


@dataclass(frozen=True, slots=True)
class _Row:
    number: int  # of its line or entry
    name: object
    groups: object  # a list in JSON; from CSV, one text; None: not given


_Fault = tuple[int, str]  # the number of the line or entry, 0 for the whole file, and what is wrong with it


def read_user_file(content: bytes) -> list[ListedUser]:
    """Raises `FileFaults`. What begins with a bracket is JSON: no user's name does."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FileFaults(["The file is not text in UTF-8."]) from None
    faults: list[_Fault] = []
    is_json = text.lstrip().startswith(("[", "{"))
    rows = list(_json_rows(text, faults) if is_json else _csv_rows(text, faults))
    listed = [user for row in rows if (user := _listed(row, faults)) is not None]
    unit = "entry" if is_json else "line"
    faults += _repetitions(rows, unit)
    if not rows and not faults:
        faults.append((0, "The file lists no users."))
    if faults:
        in_order = sorted(faults, key=lambda fault: fault[0])
        raise FileFaults(f"{unit} {number}: {what}" if number else what for number, what in in_order)
    return listed


def _csv_rows(text: str, faults: list[_Fault]) -> Iterator[_Row]:
    header_line = text.lstrip("\r\n").partition("\n")[0]
    delimiter = max(_DELIMITERS, key=header_line.count)  # the comma, if there is none
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True)
    header: list[str] | None = None
    line = 1
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                pass
            elif header is None:
                header = [cell.strip().lower() for cell in cells]
                if wrong := list(_header_faults(header)):
                    faults += [(line, fault) for fault in wrong]
                    return
            elif len(cells) > len(header):
                faults.append((line, f"it has {len(cells)} cells, the header has {len(header)}"))
            else:
                found = dict(zip(header, cells, strict=False))
                yield _Row(line, found.get("name"), found.get("groups"))
            line = reader.line_num + 1
    except csv.Error as error:
        faults.append((line, str(error)))


def _header_faults(header: list[str]) -> Iterator[str]:
    if "name" not in header:
        yield f"it must name the columns, {' and '.join(_FIELDS)}; there is no column 'name'"
    yield from _unknown(header)
    yield from (f"the column '{name}' is there twice" for name in _FIELDS if header.count(name) > 1)


def _json_rows(text: str, faults: list[_Fault]) -> Iterator[_Row]:
    try:
        entries = json.loads(text)
    except (ValueError, RecursionError) as error:
        faults.append((0, f"The file is not JSON: {error}."))
        return
    if not isinstance(entries, list):
        faults.append((0, 'The JSON must be a list of users, such as [{"name": "ann", "groups": ["ops"]}].'))
        return
    for number, entry in enumerate(entries, 1):
        if isinstance(entry, dict):
            faults += [(number, fault) for fault in _unknown(entry)]
            yield _Row(number, entry.get("name"), entry.get("groups"))
        else:
            faults.append((number, "it is not an object"))


def _unknown(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        if name.lower() in _SECRETS:
            yield _NO_SECRETS
        elif name not in _FIELDS:
            yield f"{_shown(name)} is not known; there are {' and '.join(_FIELDS)}"


def _listed(row: _Row, faults: list[_Fault]) -> ListedUser | None:
    found: list[str] = []
    name, groups = "", None
    try:
        name = check_name(row.name.strip() if isinstance(row.name, str) else "")
    except BadRequest as error:
        found.append(f"{_shown(row.name)} cannot be a name. {error.message}" if row.name else "there is no name")
    try:
        groups = None if row.groups is None else check_groups(_groups(row.groups))
    except BadRequest as error:
        found.append(error.message)
    faults += [(row.number, fault) for fault in found]
    return None if found else ListedUser(name, groups)


def _groups(given: object) -> list[str]:
    """In a cell of CSV they are separated by semicolons."""
    if isinstance(given, list) and all(isinstance(group, str) for group in given):
        return given
    if isinstance(given, str):
        return [group for group in given.split(";") if group.strip()]
    raise BadRequest("The groups must be a list of texts.")


def _repetitions(rows: list[_Row], unit: str) -> Iterator[_Fault]:
    first: dict[str, int] = {}
    for row in rows:
        name = row.name.strip() if isinstance(row.name, str) else ""
        if name and first.setdefault(name, row.number) != row.number:
            yield row.number, f"{_shown(name)} is there already, at {unit} {first[name]}"


def _shown(value: object) -> str:
    return repr(value)[:_MAX_SHOWN]
