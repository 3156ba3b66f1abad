import json
from pathlib import Path

import pytest

from access_es.demo import kibana_install
from access_es.demo.errors import DemoUnavailable

LOCK = """\
gridster@0.5.6:
  version "0.5.6"
  resolved "https://registry.example/gridster/-/gridster-0.5.6.tgz#4024713aabd559093a72c9b713f1f41f9bded76f"
  dependencies:
    jquery "git+https://github.com/jquery/jquery.git#2.0.3"

jquery@2.1.4:
  version "2.1.4"
  resolved "https://registry.example/jquery/-/jquery-2.1.4.tgz#228bde698a0c61431dc2630a6a154f15890d2317"

"jquery@git+https://github.com/jquery/jquery.git#2.0.3":
  version "2.0.3"
  resolved "git+https://github.com/jquery/jquery.git#f852e631ba85af7da4ad7594785e122504e7b233"

js-base64@^2.1.9:
  version "2.1.9"
"""
DISCOVER = """\
<div class="discover-table" fixed-scroll>
    <h1>{{info}}</h1>
    <table border='1'>
        <tr ng-repeat='row in rows'><td>{{row._index}}</td></tr>
    </table>
    <doc-table hits="rows"></doc-table>
</div>
"""
START = """\
function($scope, $log) {
        $log.info("****setRootController fired******");
        courier.start();
}
"""


def test_gridster_shares_the_jquery_of_kibana() -> None:
    lock = kibana_install.clean_lock(LOCK)
    assert "git+" not in lock
    assert '    jquery "2.1.4"\n\njquery@2.1.4:\n' in lock
    assert lock.endswith('\n\njs-base64@^2.1.9:\n  version "2.1.9"\n')


def test_packages_come_from_the_registry_that_npm_uses() -> None:
    lock = kibana_install.with_registry(kibana_install.clean_lock(LOCK), "http://mirror.example:8080/npm/")
    assert '"http://mirror.example:8080/npm/jquery/-/jquery-2.1.4.tgz#228bde' in lock
    assert "registry.example" not in lock


def test_the_build_number_is_kept() -> None:
    manifest = json.loads(kibana_install.clean_manifest('{"version": "5.1.1", "build": {"number": 8467}}'))
    assert manifest == {"version": "5.1.1", "build": {"number": 8467}, "resolutions": {"jquery": "2.1.4"}}


def test_discover_has_its_own_table_alone() -> None:
    page = kibana_install.clean_discover(DISCOVER)
    words = " ".join(page.split())
    assert words == '<div class="discover-table" fixed-scroll> <doc-table hits="rows"></doc-table> </div>'


def test_the_browser_console_stays_quiet() -> None:
    assert kibana_install.clean_start(START) == "function($scope, $log) {\n        courier.start();\n}\n"


def test_a_file_that_is_not_as_expected_is_reported(tmp_path: Path) -> None:
    file = tmp_path / "index.html"
    file.write_text("another page")
    with pytest.raises(DemoUnavailable, match=r"index\.html is not the expected one"):
        kibana_install.rewrite(file, kibana_install.clean_discover)
