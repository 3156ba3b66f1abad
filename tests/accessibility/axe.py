"""axe-core, the accessibility checker of npm, and what it does not measure: text that is cut off when it grows."""

from __future__ import annotations

import os
from typing import Any

from playwright.sync_api import Page

from access_es.demo import archives
from access_es.demo.cache import cache_folder
from access_es.demo.processes import Children

AXE = archives.Part(
    "axe-core",
    "4.14.1",
    "axe-core@4.14.1",
    "sha512-FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==",
    1,
)
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_RUN = """async ([tags, rules]) => {
    const only = rules.length ? {type: "rule", values: rules} : {type: "tag", values: tags};
    const options = {runOnly: only, resultTypes: ["violations"], elementRef: false};
    if (!rules.length) options.rules = {"target-size": {enabled: true}};  // WCAG 2.2; not a default of axe's
    const {violations} = await axe.run(document, options);
    return violations.map(found => `${found.id}: ${found.help}: ${found.nodes.map(node => node.html).join(" ")}`);
}"""
_CUT_OFF = """() => {
    const found = [], width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth > width) found.push(`the page is ${document.documentElement.scrollWidth} wide`);
    for (const element of document.body.querySelectorAll("*")) {
        const box = element.getBoundingClientRect(), style = getComputedStyle(element);
        if (!box.width || element.closest(".unseen")) continue;
        const shown = `${element.tagName} ${element.textContent.trim().slice(0, 40)}`;
        if (box.right > width + 1 || box.left < -1) found.push(`beyond the edge: ${shown}`);
        const card = element.parentElement.matches(".card") && element.parentElement.getBoundingClientRect();
        if (card && box.right > card.right) found.push(`beyond its card: ${shown}`);
        const hides = style.overflow !== "visible" || element.matches("button, textarea, .button");
        if (hides && element.clientWidth &&
            (element.scrollWidth > element.clientWidth + 1 || element.scrollHeight > element.clientHeight + 1))
            if (!element.matches("input, textarea:not([readonly])")) found.push(`cut off: ${shown}`);
    }
    return found;
}"""


def axe_source() -> str:
    with Children() as children:
        folder = archives.unpacked(AXE, cache_folder(os.environ, os.getuid()), children, print)
    return (folder / "axe.min.js").read_text()


def findings(page: Page, source: str, *rules: str) -> list[str]:
    """What axe finds by all rules, or by some. The page's Content-Security-Policy does not apply to what runs it."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(source)
    found: list[Any] = page.evaluate(_RUN, [RULES, list(rules)])
    return [str(each) for each in found]


def cut_off(page: Page) -> list[str]:
    """What is wider than the screen, or than what holds it."""
    found: list[Any] = page.evaluate(_CUT_OFF)
    return [str(each) for each in found]
