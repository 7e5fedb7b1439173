"""What is here: documents found, read and joined into one inventory."""
