"""Documents with the structure of each generation of Kibana and Dashboards, written after their public sources.

`§` stands for the interface's base path, as their templates write it: a document for another base path is the same
text with that one in its place, which is what a rewritten document must be.

Sources: elastic/kibana at v6.8 and v7.10, opensearch-project/OpenSearch-Dashboards at 1.3, 2.19 and 3.x, each in
src/legacy/ui/ui_render (chrome.pug, ui_app.pug, bootstrap/*.hbs), src/core/server/rendering/views and
src/optimize/bundles_route; Kibana 5.1.1 in src/ui/views.
"""

from __future__ import annotations

import html
import json
from dataclasses import dataclass

KIBANA, DASHBOARDS = "/_plugin/kibana", "/_dashboards"


@dataclass(frozen=True)
class Document:
    """`path` is below the interface's own."""

    name: str
    interface: str
    path: str
    content_type: str
    text: str

    def at(self, mount: str = "") -> bytes:
        return self.text.replace("§", mount + self.interface).encode()


def attribute(value: object) -> str:
    """JSON in an attribute, as React and pug write it: quotes become `&quot;`."""
    return html.escape(json.dumps(value, separators=(",", ":")))


def metadata(**more: object) -> dict[str, object]:
    return {
        "basePath": "§", "serverBasePath": "§", "i18n": {"translationsUrl": "§/translations/en.json"},
        "legacyMetadata": {"uiSettings": {"user": {"note": {"userValue": 'see "§/app/kibana#/home" & C:\\x'}}}},
        "vars": {"elasticUrl": "https://www.example.com/_plugin-kibana/", "query": "a/b"}, **more,
    }  # fmt: skip


FAVICONS = """
  <link rel="apple-touch-icon" sizes="180x180" href="§/ui/favicons/apple-touch-icon.png"/>
  <link rel="icon" type="image/png" href="§/ui/favicons/favicon-32x32.png" sizes="32x32">
  <link rel="manifest" href="§/ui/favicons/manifest.json"><link rel="shortcut icon" href='§/ui/favicons/favicon.ico'>
  <meta name="msapplication-config" content="§/ui/favicons/browserconfig.xml"><meta name="theme-color" content="#fff">"""
FONTS = """
  @font-face { font-family: 'Inter UI'; font-weight: 100;
    src: local('Inter'), url("§/ui/fonts/inter_ui/Inter-UI-Thin-BETA.woff2") format("woff2"),
      url('§/ui/fonts/inter_ui/Inter-UI-Thin-BETA.woff') format("woff"), url(§/ui/fonts/x.svg#OpenSans) format('svg'); }
"""

KIBANA_5 = f"""<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Kibana</title><style>{FONTS}</style>{FAVICONS}
</head><body kbn-chrome><kbn-initial-state data="{attribute(metadata(nav=[{"url": "§/app/kibana#/discover"}]))}"></kbn-initial-state>
<script>window.onload = function () {{ var buildNum = 14566;
  function bundleFile(filename) {{ var anchor = document.createElement('a');
    anchor.setAttribute('href', "§/bundles" + '/' + filename + (buildNum ? '?v=' + buildNum : '')); return anchor.href; }}
  var files = [bundleFile('commons.style.css'), bundleFile('kibana.bundle.js')]; }};</script></body></html>"""
KIBANA_5_ROOT = """<script>var hashRoute = '§/app/kibana'; var defaultRoute = '§/app/kibana';
var hash = window.location.hash; window.location = hash.length ? hashRoute + hash : defaultRoute;</script>"""
KIBANA_6 = f"""<!DOCTYPE html><html lang="en"><head><style>{FONTS}</style>{FAVICONS}</head><body>
<kbn-csp data="{attribute({"strictCsp": False})}"></kbn-csp>
<kbn-injected-metadata data="{attribute(metadata(branch="6.8"))}"></kbn-injected-metadata>
<div class="kibanaWelcomeView" id="kbn_loading_message"><div class="kibanaLoader" style="background: url(§/ui/logo.svg)"></div></div>
<script>window.__kbnCspNotEnforced__ = true;</script><script src="§/bundles/app/kibana/bootstrap.js"></script></body></html>"""
KIBANA_7 = f"""<!DOCTYPE html><html lang="en"><head><meta charSet="utf-8"/><title>Elastic</title><style>{FONTS}</style>{FAVICONS}
<meta name="add-styles-here"/><meta name="add-scripts-here"/></head><body>
<kbn-csp data="{attribute({"strictCsp": False})}"></kbn-csp>
<kbn-injected-metadata data="{attribute(metadata(branch="7.10", env={"mode": {"prod": True}}))}"></kbn-injected-metadata>
<script src="§/bundles/app/core/bootstrap.js"></script></body></html>"""
DASHBOARDS_1 = f"""<!DOCTYPE html><html lang="en"><head><style>{FONTS}</style>{FAVICONS}
<style>.osdWelcomeLogo {{ background-image: url(§/ui/default_branding/opensearch_logo.svg); }}</style></head><body>
<osd-csp data="{attribute({"strictCsp": False})}"></osd-csp>
<osd-injected-metadata data="{attribute(metadata(branding={"assetFolderUrl": "§/ui/default_branding"}))}"></osd-injected-metadata>
<div class="osdWelcomeView"><img class="loadingLogo" src="§/ui/default_branding/mark.svg" alt="logo"></div>
<script src="§/bootstrap.js"></script></body></html>"""
DASHBOARDS_3 = f"""<!DOCTYPE html><html lang="en"><head><style>{FONTS}</style>{FAVICONS}<meta name="add-styles-here"/>
<script src="§/startup.js"></script></head><body>
<osd-injected-metadata data="{attribute(metadata(keyboardShortcuts={"enabled": True}, workspaces={"basePath": "§/w/x1"}))}"></osd-injected-metadata>
<script src="§/bootstrap.js"></script></body></html>"""
BOOTSTRAP_6 = """var kbnCsp = JSON.parse(document.querySelector('kbn-csp').getAttribute('data'));
load({deps: ['§/built_assets/dlls/vendors.bundle.dll.js', '§/bundles/commons.bundle.js'],
  urls: ['§/bundles/kibana.bundle.js', '§/built_assets/css/plugins/kibana/index.light.css', '§/ui/legacy_light_theme.css']});"""
BOOTSTRAP_7 = """window.__kbnPublicPath__ = {"core":"§/36136/bundles/core/","kbn-ui-shared-deps":"§/36136/bundles/kbn-ui-shared-deps/"};
window.__kbnBundles__ = (function () { return {}; })();
load(['§/36136/bundles/kbn-ui-shared-deps/kbn-ui-shared-deps.js', '§/36136/bundles/core/core.entry.js',], function () {
  load(['§/node_modules/@kbn/ui-framework/dist/kui_light.css']); });"""
BOOTSTRAP_OSD = """var osdCsp = JSON.parse(document.querySelector('osd-csp').getAttribute('data'));
window.__osdPublicPath__ = {"core":"§/7969/bundles/core/","osd-ui-shared-deps":"§/7969/bundles/osd-ui-shared-deps/"};
var styleSheetPaths = ['§/7969/bundles/osd-ui-shared-deps/osd-ui-shared-deps.css',
  '§/node_modules/@osd/ui-framework/dist/' + kui[themeVersion], '§/ui/legacy_' + themeMode + '_theme.css'];
load(['§/7969/bundles/core/core.entry.js', '§/7969/bundles/plugin/data/data.plugin.js'], styleSheetPaths);"""
STARTUP_OSD = """var rawDarkMode = false; var themeSources = {"v8":{"light":{"x":"#fff"}}};
var themedFontDom = document.createElement('style'); themedFontDom.innerHTML = `src: url("§/ui/fonts/x.woff2")`;"""
BUNDLE_5 = """!function(modules){__webpack_require__.m=modules,__webpack_require__.p="§/bundles/"}([function(e,t){e.exports=1}])"""
CSS = """.panel{background-image:url(§/bundles/6a80accb.svg)}.b{background:url("§/bundles/b.png") no-repeat,url('§/c.png')}
.c{background:url(data:image/png;base64,AAAA/_plugin/x)}"""

HTML, SCRIPT, STYLES = "text/html; charset=utf-8", "application/javascript; charset=utf-8", "text/css; charset=utf-8"
DOCUMENTS = [
    Document("Kibana 5.1 page", KIBANA, "/app/kibana", HTML, KIBANA_5),
    Document("Kibana 5.1 root", KIBANA, "/", HTML, KIBANA_5_ROOT),
    Document("Kibana 5.1 styles", KIBANA, "/bundles/kibana.style.css", STYLES, CSS),
    Document("Kibana 5.1 bundle", KIBANA, "/bundles/commons.bundle.js", "application/javascript", BUNDLE_5),
    Document("Kibana 6.8 page", KIBANA, "/app/kibana", HTML, KIBANA_6),
    Document("Kibana 6.8 bootstrap", KIBANA, "/bundles/app/kibana/bootstrap.js", SCRIPT, BOOTSTRAP_6),
    Document("Kibana 6.8 vendors", KIBANA, "/built_assets/dlls/vendors.bundle.dll.js", "text/javascript", BUNDLE_5),
    Document("Kibana 7.10 page", KIBANA, "/s/team/app/home", HTML, KIBANA_7),
    Document("Kibana 7.10 bootstrap", KIBANA, "/bundles/app/core/bootstrap.js", SCRIPT, BOOTSTRAP_7),
    Document("Dashboards 1.3 page", DASHBOARDS, "/app/home", HTML, DASHBOARDS_1),
    Document("Dashboards 1.3 bootstrap", DASHBOARDS, "/bootstrap.js", SCRIPT, BOOTSTRAP_OSD),
    Document(
        "Dashboards 2.19 page", DASHBOARDS, "/app/dashboards", HTML, DASHBOARDS_1.replace("osdWelcome", "osdLoader")
    ),
    Document("Dashboards 2.19 startup", DASHBOARDS, "/startup.js", SCRIPT, STARTUP_OSD),
    Document("Dashboards 2.19 styles", DASHBOARDS, "/ui/legacy_light_theme.css", STYLES, CSS),
    Document("Dashboards 3 page", DASHBOARDS, "/app/discover", HTML, DASHBOARDS_3),
    Document("Dashboards 3 bootstrap", DASHBOARDS, "/bootstrap.js", "application/javascript", BOOTSTRAP_OSD),
]
