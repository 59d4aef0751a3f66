"""What the ports are made of: DynamoDB, SQLite, argon2, httpx, clocks."""
