"""What the demo prints when it is ready: each address with whom it is for, and each person with what they may do."""

from access_es.demo.keycloak import LABEL, PEOPLE, Keycloak

_MAY = {
    "admins": "may do everything, and manage users",
    "editors": "may read the logs, and save in Kibana",
    "readers": "may read the logs, and look at Kibana",
}


def first_words(
    url: str, user: str, password: str, keycloak: Keycloak | None, *, administers: bool, metrics: bool
) -> str:
    """`administers`: whether `user` has the role for it. `metrics`: whether this machine may read them."""
    lines = [
        f"  Kibana    {url}/",
        f"  user      {user}",
        f"  password  {password}",
        f"  account   {url}/--access-es/account (API tokens, sign out)",
    ]
    if administers:
        lines.append(f"  users     {url}/--access-es/admin (for administrators, such as {user})")
    if metrics:
        lines.append(f"  metrics   {url}/--access-es/metrics (for Prometheus, no sign-in from this machine)")
    if keycloak:
        lines += ["", *_people(keycloak)]
    return "\n".join(["", *lines, ""])


def _people(keycloak: Keycloak) -> list[str]:
    return [
        f"  Single sign-on: choose '{LABEL}', with the password {keycloak.password} for each of",
        *(f"  {person:<9} {_MAY[group]}" for person, group in PEOPLE.items()),
        f"  Keycloak  {keycloak.url}/admin/ (admin, {keycloak.admin_password})",
    ]
