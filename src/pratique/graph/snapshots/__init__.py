"""Snapshots of a tenant's record as Parquet files, and questions over them.

:mod:`~pratique.graph.snapshots.tables` gathers the columns,
:mod:`~pratique.graph.snapshots.files` writes, checks and finds snapshots,
:mod:`~pratique.graph.snapshots.questions` asks, and
:mod:`~pratique.graph.snapshots.duck` is the only module that imports DuckDB
(extra ``analytics``).
"""
