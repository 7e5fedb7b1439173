"""DuckDB, shut in: it reads and writes the files of one folder and calls nobody."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pratique.model.errors import EvidenceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import TypeAlias

    from duckdb import DuckDBPyConnection

    Connection: TypeAlias = DuckDBPyConnection

MEMORY = "1GB"
"""Most memory of a question; what needs more is put on disk beside the snapshot."""

THREADS = 2
"""Enough for files of some megabytes."""


@contextmanager
def opened(folder: Path) -> Iterator[Connection]:
    """A connection that may touch one folder, and nothing else of this machine.

    Args:
        folder: Absolute.

    Raises:
        EvidenceError: DuckDB is not installed, or it failed.
    """
    try:
        import duckdb
    except ImportError:
        raise EvidenceError(
            "snapshots need DuckDB, which is not installed.",
            remedy="Install pratique with its extra 'analytics'.",
        ) from None
    connection = duckdb.connect()
    try:
        for setting in (
            "autoinstall_known_extensions = false",
            "autoload_known_extensions = false",
            "allow_community_extensions = false",
            f"memory_limit = '{MEMORY}'",
            f"threads = {THREADS}",
            f"temp_directory = {_text(folder)}",
            f"allowed_directories = [{_text(folder)}]",
            "enable_external_access = false",
            "lock_configuration = true",
        ):
            connection.execute(f"SET {setting}")
        yield connection
    except duckdb.Error as error:
        text = str(error).strip().splitlines()[0][:300]
        raise EvidenceError(f"the snapshot could not be written or asked: {text}") from error
    finally:
        connection.close()


def write(connection: Connection, path: Path, columns: Mapping[str, tuple[str, Any]]) -> None:
    """Write columns to a Parquet file, compressed by zstd.

    Args:
        connection: See :func:`opened`.
        path: Of the file.
        columns: Type and values (an array of numpy) of each.
    """
    connection.register("columns_to_write", {name: part for name, (_, part) in columns.items()})
    names = ", ".join(f"{name}::{kind} AS {name}" for name, (kind, _) in columns.items())
    connection.execute(
        f"COPY (SELECT {names} FROM columns_to_write) TO {_text(path)} "  # noqa: S608 - our own names
        "(FORMAT parquet, COMPRESSION zstd)"
    )
    connection.unregister("columns_to_write")


def tables(connection: Connection, folder: Path, names: Sequence[str]) -> None:
    """Make the Parquet files of a folder views by their names."""
    for name in names:
        path = folder / f"{name}.parquet"
        connection.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet({_text(path)})")  # noqa: S608 - our own names


def _text(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
