"""Python: who imports whom, from syntax trees alone."""
