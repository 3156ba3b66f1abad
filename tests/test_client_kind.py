"""Who reads an answer, told from the headers that browsers and programs really send."""

from __future__ import annotations

import pytest

from access_es.client_kind import client_kind, prefers_page, takes_json_for_a_verdict

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PAGE = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
JAVA = "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"  # HttpURLConnection, since 1.0
METADATA = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "empty"}

PEOPLE: dict[str, dict[str, str]] = {
    "a browser over https": {"Accept": PAGE, "User-Agent": FIREFOX, **METADATA, "Sec-Fetch-Mode": "navigate"},
    "its metadata alone": {"Sec-Fetch-Mode": "navigate"},
    "a browser over plain http": {"Accept": PAGE, "User-Agent": FIREFOX},
    "w3m": {"Accept": "text/html, text/*;q=0.5, image/*", "User-Agent": "w3m/0.5.3"},
    "curl that asks for a page": {"Accept": "text/html", "User-Agent": "curl/8.5.0"},
    "lynx": {"Accept": "text/html, text/sgml;q=0.9, application/xhtml+xml, */*;q=0.01"},
}
SCRIPTS: dict[str, dict[str, str]] = {
    "fetch over https": {"Accept": "*/*", "User-Agent": FIREFOX, **METADATA, "Sec-Fetch-Mode": "cors"},
    "fetch that asks for HTML": {"Accept": PAGE, "User-Agent": FIREFOX, **METADATA, "Sec-Fetch-Mode": "cors"},
    "an image": {"Accept": "image/*", "User-Agent": FIREFOX, **METADATA, "Sec-Fetch-Mode": "no-cors"},
    "fetch over plain http": {"Accept": "*/*", "User-Agent": FIREFOX},
    "Kibana over plain http": {
        "Accept": "application/json, text/plain, */*",
        "User-Agent": FIREFOX,
        "kbn-version": "5",
    },
    "a partial page": {"Accept": "text/html, */*; q=0.01", "User-Agent": FIREFOX, "X-Requested-With": "XMLHttpRequest"},
}
PROGRAMS: dict[str, dict[str, str]] = {
    "nothing said": {},
    "curl": {"Accept": "*/*", "User-Agent": "curl/8.5.0"},
    "curl at Kibana's API": {"Accept": "*/*", "User-Agent": "curl/8.5.0", "kbn-xsrf": "true"},
    "wget": {"Accept": "*/*", "User-Agent": "Wget/1.21.4", "Accept-Encoding": "identity"},
    "Java": {"Accept": JAVA, "User-Agent": "Java/17.0.9"},
    "Java with another name": {"Accept": JAVA, "User-Agent": "elastic-jest"},
    "Java since 21": {"Accept": "*/*", "User-Agent": "Java/21"},
    "Node's fetch": {"Accept": "*/*", "User-Agent": "node", "Sec-Fetch-Mode": "cors"},
    "a JSON client": {"Accept": "application/json, text/html"},
    "one that takes all": {"Accept": "text/html, application/json, */*"},
    "one that takes no pages": {"Accept": "text/html;q=0, */*"},
    "one that would rather not": {"Accept": "text/html;q=0.2, application/json;q=0.9"},
    "PowerShell": {"User-Agent": "Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.2"},
}


@pytest.mark.parametrize("who", PEOPLE)
def test_people(who: str) -> None:
    assert client_kind(PEOPLE[who].items()) == "person"


@pytest.mark.parametrize("who", SCRIPTS)
def test_scripts_of_a_page(who: str) -> None:
    assert client_kind(SCRIPTS[who].items()) == "script"


@pytest.mark.parametrize("who", PROGRAMS)
def test_programs(who: str) -> None:
    assert client_kind(PROGRAMS[who].items()) == "program"


@pytest.mark.parametrize(
    ("accept", "page"),
    [
        ("text/html", True),
        ("TEXT/HTML; Q=0.5, application/json;q=0.4", True),
        ("text/html;level=1;q=0.5, application/json;q=0.6", False),
        ("text/html;q=0.000", False),
        ("text/html;q=.2, application/json;q=.1", True),
        ("text/html;q=., a/b;q=9", False),
        ("text/*, */*", False),
        ("application/xhtml+xml, */*", False),  # alone, no browser sends it
        ("", False),
        (",;q=,;;,text/html;", True),
    ],
)
def test_the_dearest_type_counts(accept: str, page: bool) -> None:
    assert prefers_page(accept) == page


def test_rsyslog_is_known_by_what_it_does_not_say() -> None:
    basic = ("Authorization", "Basic YWxpY2U6eA==")
    rsyslog = (("Host", "es"), basic, ("Accept", "*/*"), ("Content-Type", "application/json; charset=utf-8"))
    assert takes_json_for_a_verdict(rsyslog)
    for headers in (*PEOPLE.values(), *SCRIPTS.values(), *PROGRAMS.values()):
        assert not takes_json_for_a_verdict(headers.items())


def test_lines_of_one_header_are_read_together() -> None:
    assert client_kind((("Accept", "text/html"), ("accept", "application/json"))) == "program"
