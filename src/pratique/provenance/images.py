"""References to container images: only a digest names one."""

from __future__ import annotations

import re

from pratique.provenance.errors import VerificationError

_DIGEST = re.compile(r"(?:.*@)?sha256:([0-9a-f]{64})\Z", re.DOTALL)


def image_digest(reference: str) -> str:
    """Hexadecimal SHA-256 of ``name@sha256:…`` or ``sha256:…``.

    Raises:
        VerificationError: It has no digest; a tag may be another image tomorrow.
    """
    found = _DIGEST.match(reference.strip())
    if found is None:
        raise VerificationError(
            f"{reference.strip()[:120]!r} names no digest",
            error="ErrorMutableImage",
            remedy="Ask for the image by its digest: name@sha256:….",
        )
    return found[1]
