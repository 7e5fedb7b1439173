"""Canonical encodings and their digests.

Canonical: JSON without spaces, fields sorted by name, without those that are
at their default; structs that are equal have one encoding, and a later version
that has more fields encodes them in the same way.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from pratique.model.facts import Facts
    from pratique.policy.models import Policy
    from pratique.policy.waivers import Waiver

_ENCODE = msgspec.json.Encoder(order="sorted").encode


def canonical(value: Facts | Policy | Waiver) -> bytes:
    """The one encoding of a value."""
    return _ENCODE(value)


def digest(value: Facts | Policy | Waiver) -> str:
    """``sha256:hex`` of the canonical encoding."""
    return "sha256:" + sha256(_ENCODE(value)).hexdigest()
