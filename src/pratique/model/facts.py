"""What policy may look at.  Absence is a type, with its reason."""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")


class Unknown(msgspec.Struct, frozen=True, tag="unknown", tag_field="is"):
    """A value that is not known, and why."""

    reason: str

    def __bool__(self) -> bool:
        return False


class Known(msgspec.Struct, Generic[T], frozen=True, tag="known", tag_field="is"):
    """A value that is known."""

    value: T


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one component.  Every field is a value or unknown."""

    subject: str
    """Package URL."""

    licenses: Known[tuple[str, ...]] | Unknown
    """SPDX licence expressions."""

    vulnerabilities: Known[tuple[str, ...]] | Unknown
    """Ids of the advisories that affect it; an empty tuple means looked up and none."""

    malicious: Known[bool] | Unknown
