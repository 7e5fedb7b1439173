"""What the gate answers instead of a package.

::

    GateError                    status
    ├── NotHereError             404   there is no such package, version or file
    ├── RefusedError             403   policy does not admit it
    ├── BusyError                503   too much at once
    ├── BrokenError              502   upstream answers what it should not
    └── AwayError                504   upstream does not answer
"""

from __future__ import annotations

from typing import ClassVar

from pratique.model.errors import PratiqueError


class GateError(PratiqueError):
    """An answer that is not a package; the message is one line for the client's user."""

    status: ClassVar[int] = 500


class NotHereError(GateError):
    """There is no such package, version or file."""

    status = 404


class RefusedError(GateError):
    """Policy does not admit it."""

    status = 403


class BusyError(GateError):
    """Too much is asked for at once."""

    status = 503


class BrokenError(GateError):
    """Upstream answers what it should not: wrong digest, too much, an address not allowed."""

    status = 502


class AwayError(GateError):
    """Upstream does not answer."""

    status = 504
