"""JSON Signature Format (JSF 0.82), which CycloneDX has enveloped signatures in."""

from pratique.formats.jsf.canonical import canonical_json
from pratique.formats.jsf.signature import Signer, read_signers, strict_json, to_sign

__all__ = ["Signer", "canonical_json", "read_signers", "strict_json", "to_sign"]
