"""Where the record is."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

from pratique.model.errors import UsageError

VARIABLE = "PRATIQUE_STORE"
"""Environment variable with the URL of the record; ``--store`` wins over it."""

DATA_VARIABLE = "PRATIQUE_DATA"
"""Environment variable that names another data folder."""

FILE = "record.sqlite"

_DRIVERS = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}


def data_folder() -> Path:
    """Folder of the record: ``PRATIQUE_DATA``, or the user's data folder."""
    named = os.environ.get(DATA_VARIABLE)
    if named:
        return Path(named)
    from platformdirs import user_data_path

    return user_data_path("pratique")


def store_url(given: str = "") -> str:
    """URL of the record, as SQLAlchemy takes it.

    Args:
        given: ``sqlite:///path``, ``postgresql://…``, or empty for
            ``PRATIQUE_STORE`` and then the user's own file.

    Raises:
        UsageError: It is neither.
    """
    url = given or os.environ.get(VARIABLE, "")
    if not url:
        return f"sqlite:///{quote(str(data_folder() / FILE))}"
    scheme, mark, rest = url.partition("://")
    if not mark or scheme.partition("+")[0] not in {"sqlite", *_DRIVERS}:
        raise UsageError(
            f"{without_password(url)!r} is no address of a record.",
            remedy="Give sqlite:///path/to/file or postgresql://user@host/database.",
        )
    if scheme == "sqlite" and not rest.strip("/"):
        raise UsageError("sqlite:// names no file.", remedy="Give sqlite:///path/to/file.")
    return f"{_DRIVERS.get(scheme, scheme)}://{rest}"


def without_password(url: str) -> str:
    """A URL as a message may show it."""
    scheme, mark, rest = url.partition("://")
    who, at, where = rest.rpartition("@")
    user = who.partition(":")[0]
    shown = where.partition("?")[0]
    return f"{scheme}{mark}{user}{at}{shown}"[:200]
