"""Whether an error is about a path that the user typed.

A path that was typed and cannot be read is a mistake of the call (exit code 2), whichever command
and option it is of; evidence that was found and cannot be read is incomplete evidence (3).
"""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

UNREADABLE = {
    errno.ENOENT, errno.EISDIR, errno.ENOTDIR, errno.EACCES, errno.EPERM, errno.ELOOP,
    errno.ENAMETOOLONG,
}  # fmt: skip
"""Errors that a wrong name has: absent, of another kind, not to be read. A failing disk is none."""


def is_typed(error: BaseException, words: Sequence[str]) -> bool:
    """Whether what cannot be read was named on the command line.

    Args:
        error: What a command raised.
        words: What the user typed after the program's name.
    """
    named = {os.path.abspath(one) for one in _values(words)}  # noqa: PTH100 - no link is followed
    return any(_is_of(place, named) for place in _places(error))


def _values(words: Sequence[str]) -> Iterator[str]:
    """Words that may be a path: an argument, ``--key PATH``, ``--key=PATH``, ``-kPATH``."""
    for word in words:
        if not word.startswith("-"):
            yield word
        elif not word.startswith("--"):
            yield word[2:]
        name, equals, value = word.partition("=")
        if equals and name:
            yield value


def _places(error: BaseException) -> Iterator[str]:
    """Paths of the operating system's errors that an error came of."""
    current: BaseException | None = error
    while current is not None:
        if isinstance(current, OSError) and current.errno in UNREADABLE:
            name = current.filename
            if isinstance(name, str | os.PathLike):
                yield os.path.abspath(os.fspath(name))  # noqa: PTH100 - no link is followed
        current = current.__cause__ or current.__context__


def _is_of(place: str, named: set[str]) -> bool:
    """Whether it is what was typed, or would be in a folder that was typed and is none."""
    if place in named:
        return True
    above = os.path.dirname(place)  # noqa: PTH120 - texts
    while above != os.path.dirname(above):  # noqa: PTH120 - texts
        if above in named and not os.path.isdir(above):  # noqa: PTH112 - texts
            return True
        above = os.path.dirname(above)  # noqa: PTH120 - texts
    return False
