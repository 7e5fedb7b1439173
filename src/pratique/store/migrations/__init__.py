"""Alembic's scripts; see :mod:`pratique.store.migrate`."""
