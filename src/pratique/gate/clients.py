"""Who asks: an address and a program, and the token's user and team where there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pratique.gate.text import one_line
from pratique.model.decision import Circumstances

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from pratique.gate.tokens import Token

IDENTITY = "pratique.token"
"""Key of a request's scope under which the token is, once it was checked."""


class Client(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks for something, safe to be written anywhere."""

    name: str = "-"
    """Address and program."""

    user: str = ""
    """Who the token was made for; empty where none was shown."""

    token: str = ""
    """Its id."""

    team: str = ""
    environment: str = ""

    @property
    def where(self) -> Circumstances:
        """What policy may look at."""
        return Circumstances(team=self.team, environment=self.environment)

    @property
    def fields(self) -> Mapping[str, str]:
        """What the record says of it; nothing that is empty."""
        told = {
            "client": self.name,
            "user": self.user,
            "token": self.token,
            "team": self.team,
            "environment": self.environment,
        }
        return {key: text for key, text in told.items() if text}


def client_of(request: Request) -> Client:
    """Who asks."""
    host = request.client.host if request.client else "-"
    name = one_line(f"{host} {request.headers.get('user-agent', '')}")[:160]
    token: Token | None = request.scope.get(IDENTITY)
    if token is None:
        return Client(name=name)
    return Client(
        name=name,
        user=token.user,
        token=token.id,
        team=token.team,
        environment=token.environment,
    )
