"""The schema's versions, by Alembic; a store that has people's evidence is never rebuilt."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pratique.store.errors import StoreError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from pratique.store.engine import Store

HEAD = "0005"
"""Version of the schema that this program reads and writes."""

KNOWN = ("0001", "0002", "0003", "0004", "0005")
"""All versions, oldest first."""

_LOCK = 4_746_118
"""Number of PostgreSQL's advisory lock that keeps two programs from migrating at once."""


def ensure(store: Store) -> None:
    """Bring a store to :data:`HEAD`; Alembic is imported only where there is something to do.

    Raises:
        StoreError: The store is of a newer program.
    """
    with store.reading() as connection:
        found = version(connection)
    if found == HEAD:
        return
    if found and found not in KNOWN:
        raise StoreError(
            f"the record has schema {found}, which is newer than this program.",
            remedy="Update pratique.",
        )
    upgrade(store)


def version(connection: Connection) -> str:
    """Version of the schema of a store; empty where it has none."""
    from sqlalchemy import inspect, text

    if not inspect(connection).has_table("alembic_version"):
        return ""
    return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or "")


def upgrade(store: Store, to: str = HEAD) -> None:
    """Bring a store to a later version, with all that it holds, in one transaction."""
    _run(store, "upgrade", to)


def downgrade(store: Store, to: str) -> None:
    """Bring a store to an earlier version; what that has no place for is lost."""
    _run(store, "downgrade", to)


def _run(store: Store, command: str, to: str) -> None:
    from alembic import command as commands
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")

    def change(connection: Connection) -> None:
        from sqlalchemy import text

        if store.dialect == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        config.attributes["connection"] = connection
        run: Any = getattr(commands, command)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            run(config, to)

    store.write(change)
    store.forget()
