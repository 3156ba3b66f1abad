"""The pages of access-es itself."""
