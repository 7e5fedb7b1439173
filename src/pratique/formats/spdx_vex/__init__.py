"""VEX in SPDX 3 (profile Security): the four VEX relationships, in JSON-LD."""
