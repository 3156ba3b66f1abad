"""Whole paths get the mount, wherever the pieces of a document are cut; everything else stays."""

from __future__ import annotations

import random

import pytest

from access_es.mounting.rewriter import Rewriter, rewrite, rewritten
from tests.mounting.documents import DOCUMENTS, Document

MOUNT = "/dev"


def whole(
    data: bytes, interface: bytes = b"/_dashboards", mount: bytes = b"/dev", *, only_strings: bool = False
) -> bytes:
    return rewritten(data, Rewriter(interface, mount, only_strings=only_strings))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_a_document_becomes_what_the_server_would_have_written_for_the_longer_path(document: Document) -> None:
    assert "§" in document.text
    assert whole(document.at(), document.interface.encode()) == document.at(MOUNT)
    assert whole(document.at(), document.interface.encode(), b"/a/b-c") == document.at("/a/b-c")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_wherever_the_pieces_are_cut(document: Document) -> None:
    data, interface = document.at(), document.interface.encode()
    random.seed(document.name)
    for size in (1, 2, 3, 5, 8, 13, 21, 31, 32, 33, 64, 1000):
        pieces = [data[start : start + size] for start in range(0, len(data), size)]
        assert b"".join(rewrite(pieces, Rewriter(interface, b"/dev"))) == document.at(MOUNT)
    for _ in range(50):
        cuts = sorted(random.sample(range(len(data)), 12))
        pieces = [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]
        assert b"".join(rewrite(pieces, Rewriter(interface, b"/dev"))) == document.at(MOUNT)


@pytest.mark.parametrize(
    "text",
    [
        b"/_dashboards", b'"/_dashboards"', b"'/_dashboards/'", b"&quot;/_dashboards&quot;", b"=/_dashboards?a", b"url(/_dashboards/a.css)",
        b'\\"/_dashboards\\"', b"(/_dashboards#x)", b" /_dashboards, ", b"`/_dashboards`", b">/_dashboards<", b";/_dashboards;",
    ],
)  # fmt: skip
def test_a_path_is_found_in_every_place(text: bytes) -> None:
    assert whole(text) == text.replace(b"/_dash", b"/dev/_dash")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (rb'"\/_dashboards\/app"', rb'"\/a\/b\/_dashboards\/app"'),
        (rb'"\u002f_dashboards\u002fapp"', rb'"\u002fa\u002fb\u002f_dashboards\u002fapp"'),
        (b"&#x2F;_dashboards&#x2F;app", b"&#x2F;a&#x2F;b&#x2F;_dashboards&#x2F;app"),
        (b"?next=%2F_dashboards%2Fapp", b"?next=%2Fa%2Fb%2F_dashboards%2Fapp"),
        (b"?next=%2f_dashboards", b"?next=%2fa%2fb%2f_dashboards"),
    ],
)
def test_the_mount_is_escaped_as_the_path_is(text: bytes, expected: bytes) -> None:
    assert whole(text, mount=b"/a/b") == expected


@pytest.mark.parametrize(
    "text",
    [
        b"/dev/_dashboards", b"https://search-x.amazonaws.com/_dashboards/app", b"./_dashboards", b"//_dashboards", b"_dashboards/app",
        b"/_dashboards-old", b"/_dashboards2", b"/_dashboards.css", b"/_dashboards%2Fapp", b"/%5Fdashboards", b"${base}/_dashboards",
        b"/_dashboards_", b"x/_dashboards", b"%2Fdev%2F_dashboards", b"/_Dashboards", b"/_plugin/kibana", b"", b"/", b"/_dash", b"dashboards",
    ],
)  # fmt: skip
def test_what_only_looks_like_it_stays(text: bytes) -> None:
    assert whole(text) == text
    assert b"".join(rewrite([text[: i + 1][i:] for i in range(len(text))], Rewriter(b"/_dashboards", b"/dev"))) == text


def test_a_path_of_two_segments_is_one_with_both() -> None:
    text = b'"/_plugin/kibana" "/_plugin/kibana3" "/_plugin/head" "/_plugin" "/_plugin\\/kibana"'
    assert whole(text, b"/_plugin/kibana") == text.replace(b'"/_plugin/kibana"', b'"/dev/_plugin/kibana"')


def test_only_strings_that_begin_with_it() -> None:
    text = b'{"query_url":"/_dashboards/app","name":"see /_dashboards/app","x":"(/_dashboards)"}'
    assert whole(text, only_strings=True) == text.replace(b'"/_dash', b'"/dev/_dash')


def test_no_more_than_a_path_is_held_back() -> None:
    """A document streams: what has come in goes out at once."""
    rewriter = Rewriter(b"/_plugin/kibana", b"/dev")
    assert len(rewriter.feed(b"x" * 1000)) > 900
    assert len(rewriter.feed(b"y" * 1000)) == 1000


@pytest.mark.parametrize("mount", [b"/dev", b"/a/b"])
def test_random_text_is_as_one_replacement_of_the_whole(mount: bytes) -> None:
    """However the pieces of paths, boundaries and cuts fall together, what comes out is independent of the cuts."""
    parts = [
        b"/",
        b"_plugin",
        b"kibana",
        b"/_plugin/kibana",
        b'"',
        b"x",
        b"%2F",
        b"\\/",
        b"&quot;",
        b" ",
        b"_plug",
        b"-",
        b"/dev",
    ]
    chance = random.Random(7)
    for _ in range(2000):
        text = b"".join(chance.choice(parts) for _ in range(chance.randrange(1, 20)))
        expected = whole(text, b"/_plugin/kibana", mount)
        cuts = sorted(chance.randrange(len(text) + 1) for _ in range(4))
        pieces = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
        assert b"".join(rewrite(pieces, Rewriter(b"/_plugin/kibana", mount))) == expected
