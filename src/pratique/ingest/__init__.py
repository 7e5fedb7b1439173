"""A document in, evidence written: detect, read, normalise, write.

:func:`~pratique.ingest.service.ingest` takes files, folders and standard input.
:func:`~pratique.ingest.reading.read` turns the bytes of one document into an
:class:`~pratique.store.documents.Entry` without touching store or disk.
"""

from pratique.ingest.models import Options, Report, Source
from pratique.ingest.reading import read

__all__ = ["Options", "Report", "Source", "read"]
