"""A document in, evidence written: detect, read, normalise, write.

:func:`pratique.ingest.service.ingest` takes files, folders and standard input.
:func:`pratique.ingest.reading.read` turns the bytes of one document into an
:class:`~pratique.store.documents.Entry` without touching store or disk.
Nothing is imported here, so that the command's options cost nothing.
"""
