"""The embedded demo domain: real engines behind a gateway that checks every signature."""
