"""Answers streamed from within Lambda's Python runtime, which by itself takes them in one piece."""
