"""Password hashes: two algorithms that make them, thirteen families that are read (contract 03 §3)."""
