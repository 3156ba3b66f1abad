"""Users, their passwords and API tokens, and where these are stored."""
