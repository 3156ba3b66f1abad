"""The documents are true: their links lead somewhere, their commands exist, and every setting is in them."""

from __future__ import annotations

import ast
import importlib.util
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from access_es.cli import main
from access_es.settings.names import NAMES

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
DOCUMENTS = [README, ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
# Environment variables that documents name and that are no settings.
VARIABLES = {
    "ACCESS_ES_CACHE",
    "ACCESS_ES_STATE",
    "ALL_PROXY",
    "ARGS",
    "AWS_ACCESS_KEY_ID",
    "AWS_CA_BUNDLE",
    "AWS_SECRET_ACCESS_KEY",
    "CURL_CA_BUNDLE",
    "HTTPS_PROXY",
    "NO_PROXY",
    "PATH",
    "PYTHON",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "TOKEN",
}
# Figures of speech, and sentences that need a second reading.
FORBIDDEN = re.compile(
    r"\b(told only once|told by the|is told|are told|stands? in the way|stood in the way|are strangers|to strangers"
    r"|does not know you|mends?:|mended by|cannot live with|keeps a server|spelled differently|leash|in v6s clothes"
    r"|gives? it away|two walls)\b",
    re.IGNORECASE,
)


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def code(path: Path) -> Iterator[str]:
    """Each line of a code block, without its comment, and each piece of code within the text."""
    text = path.read_text()
    for language, block in re.findall(r"^```(\w*)\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        if not language:
            yield from (re.sub(r"\s+#.*", "", line) for line in block.splitlines())
    yield from re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))


def anchors(path: Path) -> set[str]:
    """As GitHub makes them of headings: lower case, no punctuation, dashes for blanks."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def commands(path: Path) -> Iterator[list[str]]:
    """The words behind `access-es` or `python -m access_es` (or its alias `es`), without brackets."""
    for line in code(path):
        found = re.search(r"(?:(?:^|\$\()(?:access-es|es)|bin/access-es|-m access_es)\s+([^)|;&]+)", line)
        if found and not line.startswith("alias "):
            yield shlex.split(re.sub(r"[\[\]…]", "", found[1]))


def parts(words: list[str]) -> tuple[list[str], list[str], list[str]]:
    """Options before the command, the command with the values behind it, and its options."""
    before = []
    while words and words[0].startswith("--"):
        before.append(words[0])
        words = words[2:]
    options = [word for word in words if word.startswith("--")]
    command = words[: words.index(options[0])] if options else words
    return before, [word for word in command if word != "COMMAND"], options


def help_of(command: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """What `--help` prints. Fails where there is no such command."""
    with pytest.raises(SystemExit) as ended:
        main([*command, "--help"])
    printed = capsys.readouterr()
    assert ended.value.code == 0, printed.err
    return printed.out


def strings(path: Path) -> Iterator[str]:
    """Every string of a module, docstrings too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_the_readme_is_short() -> None:
    assert len(README.read_text().splitlines()) < 120


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_every_link_leads_somewhere(path: Path) -> None:
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)", path.read_text()):
        linked = (path.parent / target).resolve() if target else path
        assert linked.exists(), target
        assert not anchor or anchor in anchors(linked), f"{target}#{anchor}"


def test_every_document_can_be_found_from_the_readme() -> None:
    linked = set(re.findall(r"\]\((docs/[^)#]+)", README.read_text()))
    assert {name(path) for path in (ROOT / "docs").glob("*.md")} - linked == set()


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_every_command_exists(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in commands(path):
        before, command, options = parts(words)
        known, own = help_of([], capsys), help_of(command, capsys)
        assert [option for option in before if option not in known] == [], words
        assert [option for option in options if option not in own] == [], words


def test_every_command_is_documented(capsys: pytest.CaptureFixture[str]) -> None:
    documented = {
        " ".join(word for word in parts(words)[1][:2] if word.islower())
        for words in commands(ROOT / "docs" / "commands.md")
    }
    for command in re.findall(r"^    (\w+) ", help_of([], capsys), re.MULTILINE):
        actions = re.findall(r"^    (\w+) ", help_of([command], capsys), re.MULTILINE)
        wanted = {f"{command} {action}" for action in actions} or {command}
        assert wanted - documented == set()


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_every_module_and_make_target_exists(path: Path) -> None:
    for line in code(path):
        assert set(re.findall(r"(?:^|[ (])make ([a-z][a-z-]*)", line)) <= TARGETS, line
        for module in re.findall(r"python -m ((?:access_es|bench)[\w.]*)", line):
            assert importlib.util.find_spec(module), module


def test_every_make_target_is_documented() -> None:
    described = set(re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE))
    text = "\n".join(path.read_text() for path in DOCUMENTS)
    assert [target for target in described if f"make {target}" not in text] == []


def test_every_setting_is_documented() -> None:
    text = (ROOT / "docs" / "settings.md").read_text()
    assert [setting for setting in NAMES if f"| `{setting}` |" not in text] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_no_document_names_a_setting_that_does_not_exist(path: Path) -> None:
    named = {found for line in code(path) for found in re.findall(r"^([A-Z][A-Z_]+_[A-Z_]+|CONFIG|USERS)\b", line)}
    assert named - set(NAMES) - VARIABLES == set()


# Codes of errors that no client gets: they end commands or the start, are in the audit log alone, or have subclasses.
NEVER_SENT = {"settings", "address_unusable", "provision_failed", "client_gone", "domain_error"}


def error_codes() -> Iterator[str]:
    """Those of the error classes, and of the server's and API Gateway's own refusals."""
    for path in sorted((ROOT / "access_es").rglob("*.py")):
        for node in () if "demo" in path.parts else ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                named = [line for line in node.body if isinstance(line, ast.Assign)]
                found = [line.value for line in named if [getattr(one, "id", "") for one in line.targets] == ["code"]]
            elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Refusal":
                found = node.args
            else:
                continue
            texts = [one.value for one in found if isinstance(one, ast.Constant)]
            yield from (text for text in texts if isinstance(text, str) and re.fullmatch("[a-z_]+", text))


def test_every_error_code_is_documented() -> None:
    text = "".join((ROOT / "docs" / name).read_text() for name in ("addresses-and-errors.md", "long-queries.md"))
    codes = set(error_codes())
    assert len(codes) > 50 and codes >= NEVER_SENT
    assert [code for code in sorted(codes - NEVER_SENT) if f"`{code}`" not in text] == []


READ_BY_PEOPLE = [*DOCUMENTS, *sorted((ROOT / "access_es" / "templates").glob("*.html"))]


@pytest.mark.parametrize("path", READ_BY_PEOPLE, ids=name)
def test_documents_and_pages_are_in_plain_english(path: Path) -> None:
    assert FORBIDDEN.findall(path.read_text()) == []


@pytest.mark.parametrize("path", sorted((ROOT / "access_es").rglob("*.py")), ids=name)
def test_messages_are_in_plain_english(path: Path) -> None:
    assert [text for text in strings(path) if FORBIDDEN.search(text)] == []
