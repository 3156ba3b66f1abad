"""What must exist before the first request: the package, and what it needs in AWS."""
