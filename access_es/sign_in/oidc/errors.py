"""What can go wrong with a provider, in words for the person who signs in; what the operator needs is in the log."""

from __future__ import annotations

from access_es.errors import AccessEsError, BadRequest, Forbidden, TokenExpired, WrongCredentials


class SignInRefused(Forbidden):
    """The provider vouches for the person, but the person may not come in here."""

    code = "sso_refused"
    title = "You cannot sign in here"
    message = "Your account is not among those that may sign in here."


class SignInCancelled(Forbidden):
    code = "sso_cancelled"
    title = "The sign-in was cancelled"
    message = "The sign-in was cancelled, or not permitted by the provider of your account. You can try again."


class SignInLost(BadRequest):
    """The way back from the provider, without the way there."""

    code = "sso_attempt_lost"
    title = "This sign-in has expired"
    message = "This sign-in took too long or was begun elsewhere, or the browser blocks cookies. Try again."


class ProviderUnavailable(AccessEsError):
    status = 503
    code = "sso_provider_unavailable"
    layer = "network"
    title = "Single sign-on does not answer"
    is_temporary = True
    message = "The provider of your account does not answer. Try again in a minute."


class ProviderMisconfigured(AccessEsError):
    """A fault of the settings here or there. `detail` says which."""

    status = 502
    code = "sso_misconfigured"
    title = "Single sign-on is not set up correctly"
    message = "Single sign-on is not set up correctly. The log has the details under this request id."


class ClocksDiffer(ProviderMisconfigured):
    code = "sso_clock"
    message = "The clocks of this server and of the provider of your account differ too much to sign in."


class TokenInvalid(WrongCredentials):
    """A token of another issuer that proves nothing. `detail` says why."""

    code = "sso_token_invalid"
    message = "The token is not valid here."


class SignInTooOld(TokenExpired):
    """Said only to those who have the API token itself."""

    code = "sso_sign_in_too_old"
    title = "Sign in again"
    message = (
        "The last sign-in through the provider was too long ago for API tokens to hold. Sign in again in a browser: "
        "/--access-es/login. The tokens work again then."
    )
