"""The cloud on one machine: front doors, Lambda, S3 and DynamoDB, and a real `zappa deploy` between them."""
