"""Header lines: written one each, and what their names decide is found once."""

from __future__ import annotations

import random
import re

import pytest

from access_es.header_lines import CONTROLS, ByNames, places_of, taking, write_lines

JUDGE = re.compile(r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+: [\t\x20-\x7e\x80-\xff]*\r\n", re.MULTILINE)
BLANKS = " \t"
BITS = [
    "a",
    "Content-Length",
    "é",
    "",
    " ",
    "\t",
    ":",
    "x_y",
    "\r",
    "\n",
    "\r\n",
    "\0",
    "\x7f",
    "\x0b",
    "b: c",
    "\xff",
    "d e",
]


def _is_one_line_each(headers: list[tuple[str, str]]) -> bool:
    """The rule by another reading: each line matches, and nothing is left over."""
    text = "".join(f"{name}: {value.strip(BLANKS)}\r\n" for name, value in headers)
    is_split_alike = all(":" not in name for name, _ in headers)
    return is_split_alike and len(JUDGE.findall(text)) == text.count("\n") == len(headers)


def test_lines_are_written_as_a_second_reading_finds_them() -> None:
    chosen = random.Random(1)
    refused = 0
    for _ in range(5_000):
        headers = [
            ("".join(chosen.choices(BITS, k=chosen.choice((1, 1, 1, 2)))), "".join(chosen.choices(BITS, k=2)))
            for _ in range(chosen.randint(0, 3))
        ]
        if _is_one_line_each(headers):
            lines = [f"{name}: {value.strip(BLANKS)}" for name, value in headers]
            assert write_lines(headers, CONTROLS).decode("latin-1").split("\r\n") == [*lines, ""]
        else:
            refused += 1
            with pytest.raises(ValueError, match="bytes that HTTP does not allow"):
                write_lines(headers, CONTROLS)
    assert 1_000 < refused < 4_900


def test_what_no_byte_stands_for_is_refused() -> None:
    with pytest.raises(ValueError, match="latin-1"):
        write_lines([("a", "€")])


def test_names_are_read_once() -> None:
    asked = []

    def find(names: tuple[str, ...]) -> tuple[int, ...]:
        asked.append(names)
        return places_of(names, "b")

    places = ByNames(find)
    assert [places.of([("a", str(number)), ("B", "2")]) for number in range(3)] == [(1,)] * 3
    assert places.of([]) == ()
    assert asked == [("a", "B"), ()]


def test_what_is_kept_of_names_is_bounded() -> None:
    """They are the client's to choose: neither many sequences nor long ones fill the memory."""
    lengths = ByNames(len)
    assert lengths.of([("a", "")] * 1_000) == 1_000
    assert lengths.of([("a" * 100_000, "")]) == 1
    for number in range(10_000):
        assert lengths.of([(str(number), "")]) == 1
    assert 0 < len(lengths._known) <= 512
    assert max(len("".join(names)) for names in lengths._known) < 100


@pytest.mark.parametrize("places", [(), (1,), (0, 2)])
def test_lines_are_taken_by_their_places(places: tuple[int, ...]) -> None:
    headers = [("a", "1"), ("b", "2"), ("c", "3")]
    assert taking(places)(headers) == tuple(headers[place] for place in places)
