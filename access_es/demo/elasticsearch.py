"""The demo's Elasticsearch: 5.6.16, the line of Kibana 5.1 that still starts on hosts with both kinds of cgroups.

Its own start script and jvm.options ask for a garbage collector that Java 17 no longer has, so Java is started
directly.
"""

import shutil
from pathlib import Path

from access_es.demo.engine_user import as_engine_user, change_owner
from access_es.demo.health import cluster_is_ready
from access_es.demo.processes import Child, Children

HEAP = "512m"
START_SECONDS = 120

JAVA_OPTIONS = (
    f"-Xms{HEAP}",
    f"-Xmx{HEAP}",
    "-Dfile.encoding=UTF-8",
    "-Djna.nosys=true",
    "-Dio.netty.noUnsafe=true",
    "-Dio.netty.noKeySetOptimization=true",
    "-Dlog4j.shutdownHookEnabled=false",
    "-Dlog4j2.disable.jmx=true",
    # Its log4j 2.11 resolves ${jndi:…} in what it logs (CVE-2021-44228), and that comes from whoever uses the demo.
    "-Dlog4j2.formatMsgNoLookups=true",
    # Elasticsearch installs a security manager of its own, which Java 17 allows only when told to (JEP 411).
    "-Djava.security.manager=allow",
)

OPENED_PACKAGES = (
    "java.base/java.nio",
    "java.base/jdk.internal.ref",
    "java.base/sun.nio.ch",
    "java.base/java.lang",
    "java.base/java.util",
    "java.management/sun.management",
    "jdk.management/com.sun.management.internal",
)
"""Where Elasticsearch 5 reflects into what Java 16 and later keep closed (JEP 396)."""


def start(children: Children, home: Path, java_home: Path, data: Path, ports: tuple[int, int]) -> Child:
    """Start Elasticsearch from its unpacked `home` with all it writes under `data`; `ports` are HTTP, transport."""
    prepare_folders(home, data)
    command = as_engine_user(start_command(home, java_home, data, ports))
    return children.start("Elasticsearch", command, folder=data, log=data / "output.log")


def wait(child: Child, port: int) -> None:
    """Return when all shards are there."""
    child.wait_until(lambda: cluster_is_ready(port), START_SECONDS)


def prepare_folders(home: Path, data: Path) -> None:
    """Make the folders that Elasticsearch writes to; its configuration is the archive's, and must have `scripts`."""
    for name in ("data", "logs", "tmp"):
        (data / name).mkdir(parents=True, exist_ok=True)
    shutil.copytree(home / "config", data / "conf", dirs_exist_ok=True)
    (data / "conf" / "scripts").mkdir(exist_ok=True)
    change_owner(data)


def start_command(home: Path, java_home: Path, data: Path, ports: tuple[int, int]) -> list[str]:
    """Return the command line of an Elasticsearch on loopback alone."""
    settings = {
        "cluster.name": "access-es-demo",
        "http.port": ports[0],
        "transport.tcp.port": ports[1],
        "network.host": "127.0.0.1",
        "discovery.zen.ping.unicast.hosts": "[]",
        "path.conf": data / "conf",
        "path.data": data / "data",
        "path.logs": data / "logs",
        # A laptop whose disk is over 90% full would otherwise get no shard at all, and the demo is small.
        "cluster.routing.allocation.disk.threshold_enabled": "false",
    }
    return [
        str(java_home / "bin" / "java"),
        *JAVA_OPTIONS,
        f"-Djava.io.tmpdir={data / 'tmp'}",
        f"-Djna.tmpdir={data / 'tmp'}",
        f"-Des.path.home={home}",
        *(f"--add-opens={package}=ALL-UNNAMED" for package in OPENED_PACKAGES),
        "-cp",
        f"{home}/lib/*",
        "org.elasticsearch.bootstrap.Elasticsearch",
        *(f"-E{name}={value}" for name, value in settings.items()),
    ]
