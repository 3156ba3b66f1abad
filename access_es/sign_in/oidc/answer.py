"""What a provider's answer at the callback means. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NoReturn

from access_es.errors import AccessEsError
from access_es.sign_in.oidc.errors import (
    ProviderMisconfigured,
    ProviderUnavailable,
    SignInCancelled,
    SignInLost,
    SignInRefused,
)

_OUTAGES = ("temporarily_unavailable", "server_error")
_INTERACTIONS = ("login_required", "interaction_required", "consent_required", "account_selection_required")


def read_answer(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The parameters, each once. Raises SignInRefused: with a second one, two readers may see two answers."""
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in found:
            raise SignInRefused("The provider's answer is malformed.", detail=f"The parameter {name!r:.40} came twice.")
        found[name] = value
    return found


def check_sender(answer: Mapping[str, str], issuer: str, *, is_named: bool) -> None:
    """RFC 9207: an answer of another provider is not believed. `is_named`: ours always says that it is its own."""
    sender = answer.get("iss")
    if sender != issuer and (sender is not None or is_named):
        raise SignInRefused(
            "The answer is not of your provider.", detail=f"The answer names the issuer {sender!r:.200}."
        )


def read_code(answer: Mapping[str, str]) -> str:
    """The code to exchange. Raises what the provider's error means, in our words: its own text is not shown."""
    if "error" in answer:
        raise _meaning(answer["error"], answer.get("error_description", ""))
    code = answer.get("code", "")
    if not 1 <= len(code) <= 4_096:
        raise SignInLost(detail="The answer has neither a code nor an error.")
    return code


def refuse_exchange(status: int, error: object) -> NoReturn:
    """The token endpoint gave no tokens (RFC 6749, 5.2)."""
    detail = f"The token endpoint answers {status}, {error!r:.80}."
    if status >= 500 or status == 429:
        raise ProviderUnavailable(detail=detail)
    if error == "invalid_grant":
        raise SignInLost(detail=detail)
    raise ProviderMisconfigured(detail=f"{detail} Check OIDC_CLIENT_ID and OIDC_CLIENT_SECRET.")


def _meaning(error: str, description: str) -> AccessEsError:
    detail = f"The provider answers {error!r:.80}: {description!r:.300}"
    if error == "access_denied":
        return SignInCancelled(detail=detail)
    if error in _INTERACTIONS:
        return SignInLost("Your provider wants you to sign in again. Try again.", detail=detail)
    if error in _OUTAGES:
        return ProviderUnavailable(detail=detail)
    return ProviderMisconfigured(detail=detail)
