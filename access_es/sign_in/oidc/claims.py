"""What the claims of a verified token must say. Pure: the time comes in as a parameter."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any

from access_es.settings.single_sign_on import MachineRule
from access_es.sign_in.oidc.errors import ClocksDiffer, TokenInvalid

LEEWAY_SECONDS = 60
_LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
Claims = Mapping[str, Any]


def check_id_token(claims: Claims, *, issuer: str, client_id: str, nonce: str, now: float) -> None:
    """Raises TokenInvalid unless these are the claims of this very sign-in (OpenID Connect Core 1.0, 3.1.3.7)."""
    _check_issuer(claims, issuer)
    _check_audience_is(claims, client_id)
    if not _same_text(claims.get("nonce"), nonce):
        raise TokenInvalid(detail="The ID token's nonce is not that of this sign-in.")
    _check_times(claims, now)
    check_subject(claims)


def check_logout_token(claims: Claims, *, issuer: str, client_id: str, now: float) -> None:
    """Raises TokenInvalid unless these are the claims of a logout token (Back-Channel Logout 1.0, 2.6)."""
    _check_issuer(claims, issuer)
    _check_audience_is(claims, client_id)
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(_LOGOUT_EVENT), dict):
        raise TokenInvalid(detail="The logout token does not name the event of a logout.")
    if "nonce" in claims:
        raise TokenInvalid(detail="The logout token has a nonce: it is an ID token.")
    if not isinstance(claims.get("jti"), str) or not claims["jti"]:
        raise TokenInvalid(detail="The logout token has no id.")
    _check_times(claims, now)
    names = [claims[name] for name in ("sub", "sid") if name in claims]
    if not names or not all(isinstance(name, str) and 1 <= len(name) <= 255 for name in names):
        raise TokenInvalid(detail="The logout token names neither a session nor a person.")


def fits_rule(claims: Claims, rule: MachineRule) -> bool:
    """Whether a machine's claims are those of this rule: issuer, our audience, and every claim that it lists."""
    return (
        claims.get("iss") == rule.issuer
        and rule.audience in _audiences(claims)
        and all(_has_value(find_claim(claims, name), values) for name, values in rule.claims.items())
    )


def check_machine_token(claims: Claims, now: float) -> float:
    """When the token ends, in seconds since 1970. Raises TokenInvalid where that is now, or unknown."""
    if "nonce" in claims or "events" in claims:
        raise TokenInvalid(detail="The token is a person's ID token or a logout token, not one of a machine.")
    return _check_times(claims, now)


def check_subject(claims: Claims) -> str:
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 1 <= len(subject) <= 255:
        raise TokenInvalid(detail="The token does not say whom it is about.")
    return subject


def find_claim(claims: Claims, name: str) -> Any:
    """A claim by its name, or by a JSON Pointer (RFC 6901) where the name begins with `/`; None where it is absent."""
    if not name.startswith("/"):
        return claims.get(name)
    found: Any = claims
    for part in name[1:].split("/"):
        if not isinstance(found, dict):
            return None
        found = found.get(part.replace("~1", "/").replace("~0", "~"))
    return found


def _check_issuer(claims: Claims, issuer: str) -> None:
    if claims.get("iss") != issuer:
        raise TokenInvalid(detail=f"The token is of the issuer {claims.get('iss')!r:.200}, not of {issuer!r}.")


def _check_audience_is(claims: Claims, client_id: str) -> None:
    """For us alone: a token that others may hold, too, could be passed on by them (Core, 3.1.3.7, points 3 to 5)."""
    if set(_audiences(claims)) != {client_id}:
        raise TokenInvalid(detail=f"The token is for {claims.get('aud')!r:.200}, not for {client_id!r} alone.")
    if claims.get("azp", client_id) != client_id:
        raise TokenInvalid(detail=f"The token was issued to {claims.get('azp')!r:.200}, not to {client_id!r}.")


def _check_times(claims: Claims, now: float) -> float:
    """When the token ends. RFC 7519, 4.1.4 to 4.1.6, with a minute for clocks that differ."""
    issued, expires, begins = (_time(claims, name) for name in ("iat", "exp", "nbf"))
    if issued is None or expires is None or (begins is None and "nbf" in claims):
        raise TokenInvalid(detail="The token lacks the time it was issued at, or ends at.")
    ahead = max(issued, begins or 0.0) - now
    if not ahead <= LEEWAY_SECONDS:
        raise ClocksDiffer(detail=f"The token is valid only in {ahead:.0f} s: set the clock of this server.")
    if not expires > now - LEEWAY_SECONDS:
        detail = f"The token ended {now - expires:.0f} s ago; it was issued {now - issued:.0f} s ago."
        raise TokenInvalid(detail=detail)
    return expires


def _time(claims: Claims, name: str) -> float | None:
    value = claims.get(name)
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e11:  # NaN is none
        return float(value)
    return None


def _audiences(claims: Claims) -> list[str]:
    audience = claims.get("aud")
    if isinstance(audience, str):
        return [audience]
    if isinstance(audience, list) and all(isinstance(one, str) for one in audience):
        return audience
    return []


def _has_value(found: Any, values: tuple[str, ...]) -> bool:
    """Exact; a list has a value where one of its members is it. JSON's true and numbers count as they are written."""
    listed = found if isinstance(found, list) else [found]
    texts = {str(one).lower() if isinstance(one, bool) else str(one) for one in listed if isinstance(one, str | int)}
    return not texts.isdisjoint(values)


def _same_text(found: Any, expected: str) -> bool:
    return isinstance(found, str) and hmac.compare_digest(found.encode("utf-8", "replace"), expected.encode())
