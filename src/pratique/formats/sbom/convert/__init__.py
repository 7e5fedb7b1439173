"""One bill of materials as another: CycloneDX and SPDX 2, and what that costs.

``convert(data, "spdx-json", …)`` gives the bytes and a :class:`Loss` that lists
what the target has no field for: carried as text, or lost.
"""

from pratique.formats.sbom.convert.service import TARGETS, Conversion, Leaf, Loss, convert

__all__ = ["TARGETS", "Conversion", "Leaf", "Loss", "convert"]
