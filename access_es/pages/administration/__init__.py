"""The administrators' page: users, sessions, tokens, and who changed what. Loaded when an administrator asks for it."""
