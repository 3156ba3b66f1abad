"""Sends the answer to the client."""
