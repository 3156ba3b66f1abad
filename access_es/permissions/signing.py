"""Which of a caller's roles signs a request: the first that alone allows it, in the order of the setting."""

from __future__ import annotations

from access_es.permissions.judge import still_allowed
from access_es.permissions.roles import Role, is_unlimited
from access_es.permissions.verdict import Allowed, Need


def signing_role(roles: tuple[Role, ...], verdict: Allowed) -> Role | None:
    """None: no role of the caller names an IAM role, or the one that allows the request does not.

    Where only several roles together allow it, the one that allows its strongest part signs.
    """
    if not any(role.sign_with for role in roles):
        return None
    alone = next((role for role in roles if _allows(role, verdict.needs)), None)
    signing = alone or next((role for role in roles if role.name == verdict.role), None)
    return signing if signing and signing.sign_with else None


def unlimited_signing_role(roles: tuple[Role, ...]) -> Role | None:
    """The same for a caller who may do everything, whose requests are not read."""
    if not any(role.sign_with for role in roles):
        return None
    alone = next((role for role in roles if is_unlimited((role,))), None)
    signing = alone or next(role for role in roles if "*" in role.manage)
    return signing if signing.sign_with else None


def writes_nothing(role: Role) -> bool:
    return not (role.write or role.manage or role.short_links or role.dashboards == "edit")


def _allows(role: Role, needs: tuple[Need, ...]) -> bool:
    return still_allowed((role,), needs) is None
