"""`zappa deploy` for real, into an emulated AWS: from a copy of this project, out of a clean environment."""

from __future__ import annotations

import json
import shutil
import subprocess
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from access_es.demo.cloud.aws_endpoints import ROOT, AwsEndpoints
from access_es.demo.cloud.virtual_environments import VirtualEnvironment, virtual_environment
from access_es.demo.processes import CLEAN_ENVIRONMENT
from access_es.demo.progress import Progress

SETTINGS = "zappa_settings.json"
BUCKET = "access-es-deployments"
# What a clone holds beside the project: not copied, as it is large or a secret. Packing would leave it out as well.
_NOT_COPIED = shutil.ignore_patterns(".git", ".venv*", ".access-es*", "__pycache__", ".*_cache", "*.zip", "*.egg-info")


class DeployFailed(Exception):
    """Zappa ended with an error; the message is what it printed."""


@dataclass(frozen=True, slots=True)
class Package:
    """The zip as Zappa made it, where it was unpacked, and the function as Lambda's API describes it."""

    zip_bytes: int
    code: Path
    function: Mapping[str, Any] = field(repr=False)

    @property
    def name(self) -> str:
        return str(self.function["FunctionName"])

    @property
    def handler(self) -> str:
        return str(self.function["Handler"])

    @property
    def environment(self) -> Mapping[str, str]:
        variables: Mapping[str, str] = self.function.get("Environment", {}).get("Variables", {})
        return variables


@dataclass(frozen=True, slots=True)
class Deployment:
    """A copy of the project and the stage in it that Zappa works on."""

    project: Path
    stage: str
    venv: VirtualEnvironment
    aws: AwsEndpoints

    def zappa(self, command: str, *words: str) -> subprocess.CompletedProcess[str]:
        """One command of Zappa's, as a person would type it."""
        environment = {
            **CLEAN_ENVIRONMENT,
            **self.aws.environment,
            "PATH": f"{self.venv.folder / 'bin'}:{CLEAN_ENVIRONMENT['PATH']}",
            "VIRTUAL_ENV": str(self.venv.folder),
            "HOME": str(self.project),
        }
        return subprocess.run(
            [str(self.venv.folder / "bin" / "zappa"), command, self.stage, *words],
            cwd=self.project,
            env=environment,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )

    def deploy(self) -> str:
        """What it printed. Raises DeployFailed."""
        done = self.zappa("deploy")
        if done.returncode != 0:
            raise DeployFailed(f"{done.stdout}\n{done.stderr}")
        return done.stdout

    def download(self, folder: Path) -> Package:
        """Fetch what was deployed: the zip from its bucket, the configuration from Lambda."""
        storage = self.aws.client("s3")
        objects = storage.list_objects_v2(Bucket=self._bucket)["Contents"]
        newest = max((each for each in objects if each["Key"].endswith(".zip")), key=lambda each: each["LastModified"])
        packed = folder / "package.zip"
        storage.download_file(self._bucket, newest["Key"], str(packed))
        code = folder / "task"
        with zipfile.ZipFile(packed) as opened:
            opened.extractall(code)
        function = self.aws.client("lambda").get_function_configuration(FunctionName=self.function_name)
        return Package(packed.stat().st_size, code, function)

    @property
    def function_name(self) -> str:
        return f"{self._settings['project_name']}-{self.stage}"

    @property
    def _bucket(self) -> str:
        return str(self._settings["s3_bucket"])

    @property
    def _settings(self) -> dict[str, Any]:
        stages: dict[str, dict[str, Any]] = json.loads((self.project / SETTINGS).read_text(encoding="utf-8"))
        return stages[self.stage]


def prepare_deployment(
    folder: Path,
    aws: AwsEndpoints,
    cache: Path,
    progress: Progress,
    stage: str = "dev",
    variables: Mapping[str, str] | None = None,
) -> Deployment:
    """A copy of this project below `folder`, its stage filled in with `variables` as a person would fill it in.

    Without `variables` the package has no settings of ours, and takes those of the function's environment.
    """
    project = folder / "access-es"
    shutil.copytree(ROOT, project, ignore=_NOT_COPIED)
    settings = project / SETTINGS
    stages = json.loads(settings.read_text(encoding="utf-8"))
    settings.write_text(json.dumps({stage: fill_in(stages, stage, variables)}, indent=4), encoding="utf-8")
    files = (ROOT / "requirements.txt", ROOT / "requirements-deploy.txt")
    venv = virtual_environment("deploy", files, cache, progress)
    return Deployment(project, stage, venv, aws)


def fill_in(stages: Mapping[str, Any], stage: str, variables: Mapping[str, str] | None) -> dict[str, Any]:
    """The whole stage, with what an emulated AWS needs: nothing is there to touch, and the zip is wanted afterwards."""
    merged: dict[str, Any] = {}
    name: str | None = stage
    while name:
        merged = {**stages[name], **merged}
        name = stages[name].get("extends")
    merged.pop("extends", None)
    return {
        **merged,
        "project_name": merged.get("project_name", "access-es"),
        "s3_bucket": BUCKET,
        "touch": False,
        "delete_s3_zip": False,
        # Without variables there is nothing to provision for.
        "callbacks": {"zip": "access_es.provision.callbacks.prune"}
        if variables is None
        else merged.get("callbacks", {}),
        "environment_variables": {} if variables is None else {**merged.get("environment_variables", {}), **variables},
    }
