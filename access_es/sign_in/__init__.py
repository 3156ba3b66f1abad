"""Who sent a request: session cookies, passwords and tokens."""
