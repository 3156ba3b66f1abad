"""One signed call to the domain."""
