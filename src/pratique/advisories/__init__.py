"""The advisory database: building its index, matching packages against it."""
