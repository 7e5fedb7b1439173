"""A bill of materials that is changed in place and written in the form it came in.

What was not changed is kept leaf for leaf, and that is measured: the written
bytes are read again and every leaf of the original is looked for.
"""

from __future__ import annotations

from typing import Any

import msgspec

from pratique.formats.json_writing import indented_json
from pratique.formats.sbom.convert.delta import copied
from pratique.formats.sbom.convert.folding import folded_and_written, unfolded
from pratique.formats.sbom.convert.leaves import missing
from pratique.formats.sbom.values import CYCLONEDX, SPDX3, Bill, value_as, value_of
from pratique.inventory.sbom_input import CREATOR
from pratique.model.errors import InputError, UnsupportedError
from pratique.sboms.errors import SignedDocumentError

FORMS = ("cyclonedx-json", "cyclonedx-xml", "spdx-json", "spdx-tag-value", "spdx3-json")
"""Forms that are changed and written back."""

WRITTEN_AS = {
    "spdx-yaml": "spdx-json",
    "spdx-xml": "spdx-json",
    "spdx-rdf": "spdx-json",
    "cyclonedx-protobuf": "cyclonedx-json",
    "cyclonedx-textproto": "cyclonedx-json",
}
"""Forms that are not written here, and the one of the same standard that is instead."""


class Document:
    """A document that is being changed.

    Args:
        data: The document, already unpacked.

    Raises:
        UnsupportedError: It is in a form that is not written back.
        InputError: It cannot be read.
    """

    def __init__(self, data: bytes) -> None:
        self.bill: Bill = value_of(data)
        self.form = WRITTEN_AS.get(self.bill.form, self.bill.form)
        """The form that it is written in, one of :data:`FORMS`."""

        if self.form not in FORMS:
            raise UnsupportedError(f"is {self.bill.form}, which is not written here.")
        self.value: dict[str, Any] = copied(self.bill.value)
        self._wrapper = _wrapper(data, self.bill)

    @property
    def notes(self) -> tuple[str, ...]:
        """What whoever writes it should be told of its form."""
        if self.form == self.bill.form:
            return ()
        said = f"it is written as {self.form}: {self.bill.form} is not written here"
        left = len(self.bill.left)
        return (said, f"{left:,} statements that are not known are left out") if left else (said,)

    @property
    def is_cyclonedx(self) -> bool:
        """Whether it is CycloneDX rather than SPDX."""
        return self.bill.standard == CYCLONEDX

    @property
    def is_spdx3(self) -> bool:
        """Whether it is SPDX 3."""
        return self.bill.standard == SPDX3

    @property
    def version(self) -> tuple[int, ...]:
        """Version of CycloneDX or SPDX, as numbers."""
        digits = self.bill.version.rpartition("-")[2].split(".")
        return tuple(int(one) for one in digits if one.isdecimal())

    def unsigned(self, *, drop: bool) -> bool:
        """Make sure that no enveloped signature is broken by a change.

        Args:
            drop: Whether a signature is removed rather than refused.

        Returns:
            Whether there was one.

        Raises:
            SignedDocumentError: There is one, and it is not to be dropped.
        """
        if not self.is_cyclonedx or "signature" not in self.value:
            return False
        if not drop:
            raise SignedDocumentError(
                "carries a signature, which a change would break.",
                remedy="Give --drop-signature to remove it, and sign the result again.",
            )
        del self.value["signature"]
        return True

    def written(self) -> bytes:
        """The document as it now is, in its own form; the same value gives the same bytes."""
        try:
            data, _ = folded_and_written(self.value, self.form, CREATOR)
        except RecursionError:
            raise InputError("is nested too deeply") from None
        if self._wrapper is None:
            return data
        key, whole = self._wrapper
        return indented_json(whole | {key: self.value})

    def lost(self, written: bytes) -> dict[str, Any]:
        """Leaves of the original that the written bytes do not have, by path.

        Changes that were wanted are among them: whoever made them takes them out.
        """
        again = value_as(written, self.form)
        found = missing(unfolded(self.bill.value, self.form), unfolded(again.value, again.form))
        return {**{f"line {line}": text for line, text, _ in self.bill.left}, **found}


def _wrapper(data: bytes, bill: Bill) -> tuple[str, dict[str, Any]] | None:
    """The object around an SPDX document, and the key that it is under (a GitHub export)."""
    if bill.form != "spdx-json" or data.lstrip()[:1] != b"{":
        return None
    try:
        whole = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    if not isinstance(whole, dict) or "spdxVersion" in whole:
        return None
    for key in ("sbom", "Document"):
        if isinstance(whole.get(key), dict) and whole[key] == bill.value:
            return key, whole
    return None
