"""What the commands of triage share: options, the moment, and who decides."""

from __future__ import annotations

import getpass
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from pratique.model.errors import UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from datetime import datetime


def now() -> datetime:
    """The moment that expiries are held by."""
    from pratique.sources.clock import now as clock

    return clock()


def user() -> str:
    """Who decides where nobody is named.

    Raises:
        UsageError: The user has no name on this machine.
    """
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        raise UsageError("the user has no name here.", remedy="Say who it is with --by.") from None


def until(text: str, moment: datetime) -> datetime | None:
    """Until when a judgement holds; ``None`` where the text is empty: for always.

    Args:
        text: ``2027-01-31`` (the end of that day), a full instant, or ``90d``.
        moment: From which days count.

    Raises:
        UsageError: It is none of these.
    """
    from pratique.formats.instants import parse_instant

    if not text:
        return None
    if text.endswith("d") and text[:-1].isdigit() and len(text) < 6:
        return moment + timedelta(days=int(text[:-1]))
    found = parse_instant(f"{text}T23:59:59Z" if len(text) == len("2027-01-31") else text)
    if found is None:
        raise UsageError(f"{text!r} is no date.", remedy="Write 2027-01-31, or 90d.")
    return found.astimezone(UTC)


def add_by(parser: ArgumentParser, help: str) -> None:
    """Add ``--by``."""
    parser.add_argument("--by", default="", metavar="WHO", help=help)


def add_products(parser: ArgumentParser, *, required: bool = False) -> None:
    """Add ``--product``: names of the record's products, or patterns."""
    which = (
        "product of the record, or a pattern" if required else "of these products alone; patterns"
    )
    parser.add_argument(
        "--product",
        "-p",
        action="append",
        default=None if required else [],
        required=required,
        metavar="NAME",
        help=f"{which}: names, or patterns with * and ?; repeatable",
    )
