"""Security keys and passkeys. Contract 03 §8 and §9; Web Authentication, Level 3."""
