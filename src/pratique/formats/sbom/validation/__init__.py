"""Whether a bill of materials keeps to its specification, with the place of each fault."""

from pratique.formats.sbom.validation.faults import Fault, Verdict
from pratique.formats.sbom.validation.service import validate

__all__ = ["Fault", "Verdict", "validate"]
