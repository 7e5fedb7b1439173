"""OSV records: bytes to facts, tolerant of what databases really publish.

Source: OSV schema 1.7.5.  :func:`~pratique.formats.osv.reader.read_record`
reads one record and keeps every departure from the schema as a
:class:`~pratique.formats.osv.defects.Defect`; the rest of the record is used.
:func:`~pratique.formats.osv.severity.rate` scores its CVSS vectors.
"""

from pratique.formats.osv.defects import Defect, DefectKind
from pratique.formats.osv.reader import read_record
from pratique.formats.osv.records import (
    Affected,
    Event,
    OsvRecord,
    OsvReference,
    OsvSeverity,
    Range,
)

__all__ = [
    "Affected",
    "Defect",
    "DefectKind",
    "Event",
    "OsvRecord",
    "OsvReference",
    "OsvSeverity",
    "Range",
    "read_record",
]
