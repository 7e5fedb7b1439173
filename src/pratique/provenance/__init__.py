"""Provenance: verify whatever evidence there is about an artifact, offline.

``bundle`` verifies Sigstore bundles, ``slsa`` what provenance says, ``npm``,
``pep740``, ``gcb``, ``layout``, ``vsa``, ``source`` and ``legacy`` the forms of
their ecosystems; ``judge`` grades one document and ``service`` all that stands
beside a file.  What is trusted comes from ``trust``: pinned, never fetched.
"""

from __future__ import annotations

__all__: list[str] = []
