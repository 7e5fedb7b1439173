"""OpenVEX 0.2.0 and its older contexts: read, written, hashed; bare or in an attestation."""
