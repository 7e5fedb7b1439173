"""What can go wrong with a GraphQL request.

::

    PratiqueError
    └── RequestError            the request cannot be answered; its message is shown
        ├── NotFoundError       there is no such node for this tenant
        └── TooMuchError        it is over a limit
"""

from __future__ import annotations

from pratique.model.errors import PratiqueError


class RequestError(PratiqueError):
    """The request cannot be answered."""


class NotFoundError(RequestError):
    """There is no such node, or it is another tenant's: both read the same."""

    def __init__(self) -> None:
        super().__init__("there is no node of that id")


class TooMuchError(RequestError):
    """The request asks for more than is given at once."""
