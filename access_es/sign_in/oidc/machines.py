"""Tokens of machines: CI jobs, pods and cloud workloads that prove who they are without a stored secret."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from access_es.settings.single_sign_on import MachineRule
from access_es.sign_in.oidc.claims import check_machine_token, fits_rule
from access_es.sign_in.oidc.errors import ClocksDiffer, TokenInvalid
from access_es.sign_in.oidc.provider import Http, Provider
from access_es.sign_in.oidc.signed_token import peek_claims
from access_es.sign_in.proofs import MachineProof

_TYPES = ("", "jwt", "at+jwt")


class Machines:
    """Verifies tokens by the rules of OIDC_MACHINES."""

    def __init__(self, rules: Sequence[MachineRule], http: Http, clock: Callable[[], float] = time.time) -> None:
        self._rules = rules
        self._clock = clock
        given = {rule.issuer: rule.key_set for rule in rules if rule.key_set is not None}
        self._providers = {rule.issuer: Provider(rule.issuer, http, clock, given.get(rule.issuer)) for rule in rules}

    def verify(self, token: str) -> MachineProof:
        """The machine of the first rule that the token fits. Raises TokenInvalid, or what a fetch of keys raises.

        The issuer in the token only chooses among those of the rules, by equality. A token that fits no rule costs
        no fetch: what it claims is compared before its signature, and believed only after.
        """
        said = peek_claims(token)
        rule = next((rule for rule in self._rules if fits_rule(said, rule)), None)
        if rule is None:
            raise TokenInvalid(detail="The token's issuer, audience and claims fit no rule of OIDC_MACHINES.")
        claims = self._providers[rule.issuer].verify(token, _TYPES)
        if not fits_rule(claims, rule):
            raise TokenInvalid(detail="The token's claims changed.")  # two decoders, two answers: believe neither
        try:
            until = check_machine_token(claims, self._clock())
        except ClocksDiffer as error:
            raise TokenInvalid("The token is not valid yet: the clocks differ.", detail=error.detail) from None
        return MachineProof(rule.name, rule.roles, until)
