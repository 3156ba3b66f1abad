"""The demo's OpenID provider: a real Keycloak, on loopback alone, with four people in three groups."""

import json
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from access_es.demo import archives
from access_es.demo.cache import shared_lock, whole_folder
from access_es.demo.engine_user import as_engine_user, change_owner, make_reachable
from access_es.demo.health import ask
from access_es.demo.processes import CLEAN_ENVIRONMENT, Child, Children, free_ports
from access_es.demo.progress import Progress, step

REALM, CLIENT = "access-es", "access-es"
LABEL = "Sign in with Keycloak"
REALM_FILE = Path(__file__).with_name(f"{REALM}-realm.json")  # the name that Keycloak wants
PEOPLE = {"alice": "admins", "bob": "readers", "carol": "editors", "dave": "readers"}
GROUPS = {"/search/admins": ["admin"], "/search/editors": ["editor"], "/search/readers": ["reader"]}
PERMISSIONS = {
    "roles": {
        "admin": {"manage": ["*"], "dashboards": "edit", "admin": True},
        "editor": {"read": ["demo-*"], "dashboards": "edit"},
        "reader": {"read": ["demo-*"], "dashboards": "view"},
    },
    "groups": GROUPS,
    "default": [],
}
START_SECONDS, BUILD_SECONDS = 180, 300
_BUILD = ("--db=dev-file", "--cache=local")
_HEAP = "-Xms64m -Xmx256m -XX:MaxMetaspaceSize=256m"
_QUICK = "-XX:TieredStopAtLevel=1"  # measured: a third less work until it answers, as it compiles no code twice


@dataclass(frozen=True)
class Keycloak:
    """A Keycloak that is starting. Its people's one password, and the client's secret, are new each time."""

    port: int
    password: str = field(repr=False)
    client_secret: str = field(repr=False)
    admin_password: str = field(repr=False)
    child: Child

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def issuer(self) -> str:
        return f"{self.url}/realms/{REALM}"

    @property
    def settings(self) -> dict[str, str]:
        """The settings of an access-es that people sign in to through it."""
        return {
            "OIDC_ISSUER": self.issuer,
            "OIDC_CLIENT_ID": CLIENT,
            "OIDC_CLIENT_SECRET": self.client_secret,
            "OIDC_ALLOW": ",".join(f"group:{group}" for group in GROUPS),
            "OIDC_LABEL": LABEL,
            "PERMISSIONS": json.dumps(PERMISSIONS),
        }

    def wait(self) -> None:
        """Return when it answers. The name in the address is the one that people will use: it names the issuer."""
        self.child.wait_until(
            lambda: ask(self.port, f"/realms/{REALM}/.well-known/openid-configuration") is not None, START_SECONDS
        )


@contextmanager
def running_keycloak(
    cache: Path, proxy_url: str, progress: Progress, *, authority: Path | None = None
) -> Iterator[Keycloak]:
    """Start a Keycloak with an empty database, for an access-es at `proxy_url`; `wait` for it before it is used.

    `authority` is the certificate of one more authority that it trusts, where access-es has a certificate of that one.
    """
    make_reachable(cache)
    with (
        Children() as children,
        tempfile.TemporaryDirectory(prefix="access-es-keycloak-", ignore_cleanup_errors=True) as scratch,
    ):
        make_reachable(Path(scratch))
        with shared_lock(cache / "prepare.lock", progress):
            java = archives.java(cache, progress)
            built = prepared(cache, java, children, progress)
            home = Path(scratch) / "keycloak"
            shutil.copytree(built, home)
            if authority:
                shutil.copy(authority, home / "conf" / "truststores")
        yield start(children, home, java, proxy_url)


def prepared(cache: Path, java: Path, children: Children, progress: Progress) -> Path:
    """Return a Keycloak that has been built for its database, which takes longer than to start it."""
    folder = cache / f"{archives.KEYCLOAK.folder_name}-prepared-1"
    if not folder.exists():
        fetch = archives.run_by(children, archives.KEYCLOAK.title)
        archive = archives.download(archives.KEYCLOAK, cache / "downloads", fetch, progress)
        with whole_folder(folder) as partial, step(progress, "Preparing Keycloak"):
            archives.unpack(archive, partial)
            (partial / "bin" / "kc.sh").chmod(0o755)
            change_owner(partial)
            command = as_engine_user([str(partial / "bin" / "kc.sh"), "build", *_BUILD])
            log = cache / "keycloak-build.log"
            children.start("Keycloak's build", command, folder=partial, log=log, environment=_environment(java)).wait()
    return folder


def start(children: Children, home: Path, java: Path, proxy_url: str) -> Keycloak:
    """Start it from `home`, which it writes to."""
    (port,) = free_ports(1)
    password, secret, admin = (secrets.token_urlsafe(9) for _ in range(3))
    (home / "data" / "import").mkdir(parents=True)
    shutil.copy(REALM_FILE, home / "data" / "import")
    change_owner(home)
    environment = {
        **_environment(java),
        "ACCESS_ES_URL": proxy_url,
        "ACCESS_ES_PASSWORD": password,
        "ACCESS_ES_CLIENT_SECRET": secret,
        "KC_BOOTSTRAP_ADMIN_USERNAME": "admin",
        "KC_BOOTSTRAP_ADMIN_PASSWORD": admin,
    }
    options = ["--optimized", "--import-realm", "--http-enabled=true", "--hostname-strict=false"]
    listen = ["--http-host=127.0.0.1", f"--http-port={port}"]
    command = as_engine_user([str(home / "bin" / "kc.sh"), "start", *options, *listen])
    log = home.parent / "keycloak.log"
    child = children.start("Keycloak", command, folder=home, log=log, environment=environment)
    return Keycloak(port, password, secret, admin, child)


def _environment(java: Path) -> dict[str, str]:
    return {**CLEAN_ENVIRONMENT, "JAVA_HOME": str(java), "JAVA_OPTS_KC_HEAP": _HEAP, "JAVA_OPTS_APPEND": _QUICK}
