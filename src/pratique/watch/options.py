"""Options that the commands of continuous matching share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from pratique.model.errors import UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterable

    from pratique.watch.comparing import Terms
    from pratique.watch.routes import Configuration
    from pratique.watch.sending import Sent

VARIABLE = "PRATIQUE_NOTIFY"
"""Environment variable with the file that says who is told; ``--notify`` wins over it."""


def add_notify(parser: ArgumentParser) -> None:
    """Who is told."""
    parser.add_argument(
        "--notify",
        type=Path,
        metavar="FILE",
        help="who is told of what, in YAML (default: PRATIQUE_NOTIFY, or nobody)",
    )


def configured(options: Namespace, *, needed: bool = False) -> Configuration | None:
    """The configuration that the options name.

    Raises:
        ConfigurationError: It cannot be used.
        UsageError: There is none, and it is needed.
    """
    from pratique.watch.configuration import load

    named = options.notify or (Path(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else None)
    if named is None:
        if needed:
            raise UsageError("nothing says who is told.", remedy="Give --notify FILE.")
        return None
    return load(named, options.tenant)


def terms_of(options: Namespace) -> Terms:
    """By what to hold the record now."""
    from pratique.advisories import open_index
    from pratique.advisories.exploitation import open_exploitation
    from pratique.sources.clock import now
    from pratique.watch.comparing import Terms

    return Terms(open_index(options.advisories), open_exploitation(options.advisories), now())


def told(sent: Sent) -> Iterable[str]:
    """What came of sending, in lines."""
    if sent.messages:
        noun = "message" if sent.messages == 1 else "messages"
        yield f"{sent.messages} {noun} sent, of {sent.events} changes."
    if sent.waiting:
        yield f"{sent.waiting} wait to be tried again; see 'pratique notify status'."
    if sent.failed:
        yield f"{sent.failed} could not be told; see 'pratique notify retry'."
