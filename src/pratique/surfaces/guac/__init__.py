"""GUAC's interface to the record: its GraphQL schema and its REST paths.

:func:`~pratique.surfaces.guac.service.respond` answers one GraphQL request and
:func:`~pratique.surfaces.guac.rest.paths` gives the REST routes; both see the record
through one tenant.  Types are tables (``types``, ``shapes``), nouns and claims become
nodes (``nouns``, ``claims``, ``bills``), questions read (``queries``, ``links``,
``search``), mutations write (``inputs``, ``mutations``, ``writing``).

graphql-core parses and validates; it is imported when a request comes.
"""
