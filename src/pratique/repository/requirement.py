"""What the commands of this room need beyond the program's own dependencies."""

from __future__ import annotations

from functools import wraps
from importlib.util import find_spec
from typing import TYPE_CHECKING

from pratique.model.errors import UsageError

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable


def with_tuf(run: Callable[[Namespace], int]) -> Callable[[Namespace], int]:
    """Run a command only where python-tuf is installed.

    Raises:
        UsageError: It is not; raised by what is returned.
    """

    @wraps(run)
    def checked(options: Namespace) -> int:
        if find_spec("tuf") is None or find_spec("securesystemslib") is None:
            raise UsageError("Signed repositories need python-tuf.", remedy="Install 'tuf>=6'.")
        return run(options)

    return checked
