"""RPM package databases: SQLite, ndb and Berkeley DB hash files full of package headers.

``read`` is the reader; the modules ``sqlite``, ``ndb`` and ``bdb`` each give
the headers' bytes out of one kind of file, ``header`` what is inside of one.
"""
