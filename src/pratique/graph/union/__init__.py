"""The union of a tenant's bills as one graph in compressed sparse rows, for reach.

:mod:`~pratique.graph.union.structure` holds the graph and walks it,
:mod:`~pratique.graph.union.building` makes it from bills,
:mod:`~pratique.graph.union.files` writes and maps it, and
:func:`pratique.graph.union.cache.union_of` keeps it in the user's cache folder,
in step with the record.  numpy is imported by these modules, and they only where
a question needs them.
"""
