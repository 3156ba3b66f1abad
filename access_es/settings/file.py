"""The settings file: stages as Zappa reads them, and what is wrong in one before anything uses it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from access_es.errors import SettingsError
from access_es.settings.names import NAMES

LOCAL = "local"
DEFAULT_FILE = Path("zappa_settings.json")
# What Zappa's keys must be, as far as they are read here: it takes them as they come, and stumbles later.
_WORDS = {
    str: "text in quotes",
    int: "a whole number",
    bool: "true or false",
    list: "a list, in [ ]",
    dict: "an object, in { }",
}
_KINDS: dict[type, tuple[str, ...]] = {
    str: ("aws_region", "profile_name", "project_name", "role_arn", "role_name", "domain", "apigateway_version",
          "architecture", "runtime", "log_level", "touch_path"),
    int: ("timeout_seconds", "memory_size"),
    bool: ("debug", "binary_support", "payload_compression", "keep_warm", "manage_roles", "function_url_enabled",
           "alb_enabled", "use_apigateway", "apigateway_enabled", "touch", "slim_handler", "xray_tracing"),
    list: ("exclude", "exclude_glob", "endpoint_configuration", "extra_permissions"),
    dict: ("vpc_config", "callbacks", "function_url_config", "aws_environment_variables"),
}  # fmt: skip


def load_stage(path: Path, stage: str) -> dict[str, str]:
    """A stage's `environment_variables` from a Zappa settings file. Raises SettingsError.

    `extends` works as Zappa's does: a stage's own keys replace those of the one it extends, whole.
    """
    variables = load_stage_keys(path, stage).get("environment_variables", {})
    if not isinstance(variables, dict):
        raise SettingsError([f"{path}: environment_variables of stage {stage!r} must be an object."])
    faults = [*_wrong_types(variables), *near_misses(variables)]
    if faults:
        raise SettingsError(faults)
    return {str(name): str(value) for name, value in variables.items()}


def load_stage_keys(path: Path, stage: str) -> dict[str, Any]:
    """All keys of a stage, Zappa's own such as `aws_region` among them. Raises SettingsError.

    The local stage needs no file in the current folder: an installed program has the environment alone.
    """
    try:
        stages = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if (path, stage) == (DEFAULT_FILE, LOCAL):
            return {}
        raise SettingsError([f"{path} does not exist; name the settings file with --settings."]) from None
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as fault:
        raise SettingsError([f"{path} cannot be read as JSON: {fault}."]) from fault
    keys = _merge(stages, stage, path)
    if faults := list(_wrong_kinds(keys)):
        raise SettingsError(faults)
    return keys


def _merge(stages: Any, stage: str, path: Path) -> dict[str, Any]:
    chain: list[dict[str, Any]] = []
    seen: set[str] = set()
    name: Any = stage
    while name:
        found = stages.get(name) if isinstance(stages, dict) else None
        if not isinstance(found, dict):
            known = ", ".join(stages) if isinstance(stages, dict) else "none"
            raise SettingsError([f"{path} has no stage {name!r}; it has: {known}."])
        if name in seen:
            raise SettingsError([f"{path}: stage {name!r} extends itself."])
        seen.add(name)
        chain.append(found)
        name = found.get("extends")
    return {key: value for part in reversed(chain) for key, value in part.items()}


def _wrong_kinds(keys: Mapping[str, Any]) -> Iterable[str]:
    for kind, names in _KINDS.items():
        for name in names:
            if keys.get(name) is not None and type(keys[name]) is not kind:
                yield f"{name}: must be {_WORDS[kind]}."


def _wrong_types(variables: Mapping[str, Any]) -> Iterable[str]:
    # Zappa hands these to os.environ, which takes text alone.
    return [f"{name}: must be text in quotes." for name, value in variables.items() if not isinstance(value, str)]


def near_misses(variables: Iterable[str]) -> Iterable[str]:
    """A sentence for each name that looks like a setting and is none."""
    from difflib import get_close_matches  # for mistakes alone: a cold start does without

    for name in variables:
        if name not in NAMES and (close := get_close_matches(name.upper(), NAMES, n=1, cutoff=0.8)):
            yield f"{name} is not a setting; did you mean {close[0]}?"
