"""How a request reached us, byte for byte."""
