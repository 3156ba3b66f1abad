"""What every store is built on: SQLite files and DynamoDB tables."""
