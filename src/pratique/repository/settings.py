"""What a repository was set up with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pratique.formats.json_writing import indented_json
from pratique.repository.errors import UNREADABLE, RepositoryError
from pratique.repository.layout import write_files

if TYPE_CHECKING:
    from pratique.repository.layout import Layout

ROLES = ("root", "targets", "snapshot", "timestamp", "bins")

DEFAULT_DAYS = {"root": 365, "targets": 365, "snapshot": 7, "timestamp": 1, "bins": 90}
"""Days until metadata expires: a year where people must meet to sign; a day for the
timestamp, which bounds how long a freeze goes unseen; bins are named by a fresh snapshot
and can live longer, which saves re-signing them all every day (the churn of TAP 21)."""

MAX_DAYS = 3650

MIN_BINS, DEFAULT_BINS, MAX_BINS = 2, 1024, 16384
"""Numbers of hash bins; powers of two, as RSTUF allows them."""


class Settings(msgspec.Struct, frozen=True):
    """The content of ``repository.json``; keys and thresholds are in the root metadata."""

    days: dict[str, int]
    """Lifetime in days, by role."""

    online_keys: tuple[str, ...]
    """Files of the online private keys, relative to the repository or absolute."""

    bins: int = DEFAULT_BINS
    """Hash bins; 0 where artifacts are delegated by their paths."""

    content: bool = True
    """Whether the content of artifacts is here; where it is held elsewhere, the metadata
    alone are published (as RSTUF does)."""

    format: int = 1


def read_settings(layout: Layout) -> Settings:
    """The settings of a repository.

    Raises:
        RepositoryError: There is none, or its settings cannot be read.
    """
    try:
        settings = msgspec.json.decode(layout.settings.read_bytes(), type=Settings)
        check_days(settings.days)
        if settings.bins:
            check_bins(settings.bins)
    except (FileNotFoundError, NotADirectoryError):
        raise RepositoryError(
            f"{layout.folder} is no signed repository.",
            remedy="Make one with 'pratique repository init'.",
        ) from None
    except (OSError, *UNREADABLE) as error:
        raise RepositoryError(f"{layout.settings} cannot be read: {error}.") from None
    if settings.format != 1:
        raise RepositoryError(f"{layout.settings} has format {settings.format}; known is 1.")
    return settings


def write_settings(layout: Layout, settings: Settings) -> None:
    """Write the settings in one step."""
    text = indented_json(settings)
    write_files(layout.folder, {layout.settings.name: text})


def check_days(days: dict[str, int]) -> None:
    """Refuse lifetimes that make no sense.

    Raises:
        RepositoryError: A role is missing or unknown, or a number is out of range.
    """
    if set(days) != set(ROLES):
        raise RepositoryError(f"Lifetimes are of the roles {', '.join(ROLES)}.")
    for role, number in days.items():
        if not 1 <= number <= MAX_DAYS:
            raise RepositoryError(f"{role} may live 1 to {MAX_DAYS} days, not {number}.")


def check_bins(bins: int) -> None:
    """Refuse a number of bins that is no power of two in range.

    Raises:
        RepositoryError: It is not.
    """
    if not MIN_BINS <= bins <= MAX_BINS or bins & (bins - 1):
        raise RepositoryError(f"Bins are a power of two, {MIN_BINS} to {MAX_BINS}, not {bins}.")
