"""What the gate answers instead of a package.

::

    GateError                    status
    ├── NotHereError             404   there is no such package, version or file
    ├── RequestError             400   the gate does not do what is asked (or 401, 413)
    ├── RefusedError             403   policy does not admit it
    ├── AccessError              401   no token, 403 not for this, 429 too many wrong ones
    ├── BusyError                503   too much at once
    │   └── FullError            503   no room, and nothing that may go
    ├── BrokenError              502   upstream answers what it should not
    └── AwayError                504   upstream does not answer
        └── OutageError          504   it did not a moment ago, and is not asked
"""

from __future__ import annotations

from pratique.model.errors import PratiqueError


class GateError(PratiqueError):
    """An answer that is not a package; the message is one line for the client's user."""

    status: int = 500


class NotHereError(GateError):
    """There is no such package, version or file."""

    status = 404


class RequestError(GateError):
    """The gate does not do what is asked.

    Args:
        message: One line for the client's user.
        status: Of HTTP.
    """

    def __init__(self, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class RefusedError(GateError):
    """Policy does not admit it.

    Args:
        message: One line for the client's user.
        package: Package URL of what is refused, where it is a version.
        rules: Those that hold it back.
    """

    status = 403

    def __init__(self, message: str, *, package: str = "", rules: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.package = package
        self.rules = rules


class AccessError(GateError):
    """Who asks may not.

    Args:
        message: One line for the client's user.
        status: Of HTTP.
    """

    def __init__(self, message: str, *, status: int = 401) -> None:
        super().__init__(message)
        self.status = status


class BusyError(GateError):
    """Too much is asked for at once."""

    status = 503


class FullError(BusyError):
    """There is no room for an artifact, and nothing that may go for it."""


class BrokenError(GateError):
    """Upstream answers what it should not: wrong digest, too much, an address not allowed."""

    status = 502


class AwayError(GateError):
    """Upstream does not answer."""

    status = 504


class OutageError(AwayError):
    """Upstream did not answer a moment ago, and is not asked again yet."""
