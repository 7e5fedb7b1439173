"""The words of OpenVEX 0.2.0: contexts, hash and identifier labels."""

from __future__ import annotations

CONTEXT = "https://openvex.dev/ns"
"""Start of every context; without a version it means 0.0.1 (section "Document")."""

VERSION = "0.2.0"
CONTEXT_URL = f"{CONTEXT}/v{VERSION}"
"""The context that is written, and the predicate type of attestations."""

PREDICATE_TYPES = frozenset({CONTEXT, CONTEXT_URL, "text/vex"})
"""Predicate types seen in attestations: the specification's own text has two of them."""

PUBLIC_NAMESPACE = "https://openvex.dev/docs/public"
"""The shared namespace for ids of documents that have no home of their own."""

KNOWN_VERSIONS = frozenset({"0.0.1", "0.0.2", "0.2.0"})

_ALGORITHMS = {
    "sha256": "sha-256",
    "sha384": "sha-384",
    "sha512": "sha-512",
    "sha3224": "sha3-224",
    "sha3256": "sha3-256",
    "sha3384": "sha3-384",
    "sha3512": "sha3-512",
    "blake2b256": "blake2b-256",
    "blake2b512": "blake2b-512",
    "blake2s256": "blake2s-256",
}


def hash_label(algorithm: str) -> str:
    """The label of appendix A for an algorithm's canonical name (``sha256`` to ``sha-256``)."""
    return _ALGORITHMS.get(algorithm, algorithm)
