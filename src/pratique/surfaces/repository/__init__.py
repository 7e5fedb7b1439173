"""A signed repository over HTTP: RSTUF's API, and what readers fetch."""
