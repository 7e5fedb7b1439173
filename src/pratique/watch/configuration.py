"""The file that says who is told of what: channels, and routes to them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pratique.formats.text import decode
from pratique.formats.yaml_text import parse_yaml_texts
from pratique.model.errors import InputError
from pratique.model.severity import Severity
from pratique.watch.errors import ConfigurationError
from pratique.watch.models import Kind
from pratique.watch.routes import (
    Channel,
    Configuration,
    Route,
    Secret,
    check_url,
    is_loopback,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MAX_BYTES = 1024 * 1024
"""Largest file of configuration; a thousand routes have some 100 kB."""

TYPES = ("webhook", "email", "slack", "file")
SECURITY = ("starttls", "tls", "none")

_FIELDS = {
    "webhook": {"url": True, "secret": False},
    "slack": {"url": True},
    "email": {
        "host": True, "port": False, "security": False, "ca": False, "from": True, "to": True,
        "user": False, "password": False,
    },
    "file": {"path": True},
}  # fmt: skip
"""Settings of each type of channel, and whether it needs them."""

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def load(path: Path, tenant: str) -> Configuration:
    """Read a file of configuration.

    Args:
        path: Of a YAML file.
        tenant: Whose events are to be told.

    Raises:
        ConfigurationError: It cannot be used; the message says where.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}.") from None
    if len(data) > MAX_BYTES:
        raise ConfigurationError(f"{path} is over {MAX_BYTES:,} bytes.")
    try:
        found = parse_yaml_texts(decode(data))
    except InputError as error:
        raise ConfigurationError(f"{path}: {error.message}.") from None
    reader = _Reader(path)
    made = reader.configuration(found)
    if made.tenant and made.tenant != tenant:
        raise reader.wrong("tenant", f"is for {made.tenant!r}, and {tenant!r} was asked for")
    return made


class _Reader:
    """Reads one file's values; every error says at which of them."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def wrong(self, where: str, what: str) -> ConfigurationError:
        return ConfigurationError(
            f"{self._path}: {where} {what}.", remedy="'pratique notify test --help' has an example."
        )

    def configuration(self, value: Any) -> Configuration:
        top = self._mapping(value, "the file", {"tenant", "channels", "routes"})
        channels = top.get("channels")
        if not isinstance(channels, dict) or not channels:
            raise self.wrong("channels", "is to be a mapping of names to channels")
        made = {str(name): self._channel(str(name), one) for name, one in channels.items()}
        routes = top.get("routes")
        if not isinstance(routes, list) or not routes:
            raise self.wrong("routes", "is to be a list, or nobody is told anything")
        return Configuration(
            tenant=self._text(top.get("tenant", ""), "tenant"),
            channels=made,
            routes=tuple(self._route(n, one, made) for n, one in enumerate(routes, 1)),
        )

    def _mapping(self, value: Any, where: str, known: set[str]) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise self.wrong(where, "is to be a mapping")
        unknown = {str(key) for key in value} - known
        if unknown:
            names = ", ".join(sorted(known))
            raise self.wrong(where, f"has {min(unknown)[:60]!r}, which is none of {names}")
        return value

    def _text(self, value: Any, where: str) -> str:
        if not isinstance(value, str):
            raise self.wrong(where, "is to be a text")
        return value

    def _texts(self, value: Any, where: str) -> tuple[str, ...]:
        rows = value if isinstance(value, list) else [value]
        return tuple(self._text(row, where) for row in rows)

    def _secret(self, value: Any, where: str) -> Secret:
        if isinstance(value, str):
            raise self.wrong(
                where, "is a secret: write {env: NAME} or {file: PATH}, not the secret itself"
            )
        found = self._mapping(value, where, {"env", "file"})
        if len(found) != 1:
            raise self.wrong(where, "is to have either env or file")
        [(source, name)] = found.items()
        name = self._text(name, where)
        path = str(self._path.parent / name) if source == "file" else name
        return Secret(source, path)

    def _channel(self, name: str, value: Any) -> Channel:
        where = f"channel {name[:60]}"
        kind = value.get("type") if isinstance(value, dict) else None
        if kind not in TYPES:
            raise self.wrong(where, f"needs a type of {', '.join(TYPES)}")
        fields = _FIELDS[kind]
        found = self._mapping(value, where, {"type", *fields})
        for field, needed in fields.items():
            if needed and not found.get(field):
                raise self.wrong(where, f"needs {field!r}")
        made: dict[str, Any] = {"name": name, "type": kind}
        for field in ("secret", "user", "password"):
            if field in found:
                made[field] = self._secret(found[field], f"{where}: {field}")
        if "url" in found:
            made["url"] = self._url(found["url"], f"{where}: url", kind)
        if kind == "file":
            made["path"] = str(self._path.parent / self._text(found["path"], where))
        if kind == "email":
            made |= self._mail(found, where)
        return Channel(**made)

    def _url(self, value: Any, where: str, kind: str) -> str | Secret:
        if kind == "slack" or not isinstance(value, str):
            return self._secret(value, where)  # who has a Slack address may post there
        try:
            check_url(value)
        except ConfigurationError as error:
            raise self.wrong(where, error.message) from None
        return value

    def _mail(self, found: Mapping[str, Any], where: str) -> dict[str, Any]:
        security = found.get("security", "starttls")
        if security not in SECURITY:
            raise self.wrong(f"{where}: security", f"is none of {', '.join(SECURITY)}")
        host = self._text(found["host"], f"{where}: host")
        if security == "none" and not is_loopback(host):
            raise self.wrong(f"{where}: security", "is none, which only this machine may have")
        if ("user" in found) != ("password" in found):
            raise self.wrong(where, "has one of user and password, and needs both or neither")
        port = found.get("port", "465" if security == "tls" else "587")
        if not isinstance(port, str) or not port.isdecimal() or not 0 < int(port[:9]) < 65_536:
            raise self.wrong(f"{where}: port", "is no port")
        addresses = (self._text(found["from"], where), *self._texts(found["to"], where))
        for one in addresses:
            if "@" not in one or any(c in one for c in "\r\n\0<>, "):
                raise self.wrong(where, f"has {one[:60]!r}, which is no address of mail")
        ca = found.get("ca", "")
        return {
            "host": host,
            "port": int(port),
            "security": security,
            "ca": str(self._path.parent / self._text(ca, where)) if ca else "",
            "sender": addresses[0],
            "recipients": addresses[1:],
        }

    def _route(self, number: int, value: Any, channels: Mapping[str, Channel]) -> Route:
        where = f"route {number}"
        known = {"to", "teams", "products", "severity", "kinds", "settled", "digest"}
        found = self._mapping(value, where, known)
        to = self._text(found.get("to", ""), f"{where}: to")
        if to not in channels:
            raise self.wrong(f"{where}: to", f"names {to[:60]!r}, which is no channel here")
        kinds = self._texts(found.get("kinds", []), f"{where}: kinds")
        if wrong := set(kinds) - {kind.value for kind in Kind}:
            names = ", ".join(kind.value for kind in Kind)
            raise self.wrong(
                f"{where}: kinds", f"has {min(wrong)[:60]!r}, which is none of {names}"
            )
        try:
            severity = Severity(self._text(found.get("severity", "none"), f"{where}: severity"))
        except ValueError:
            names = ", ".join(Severity)
            raise self.wrong(f"{where}: severity", f"is none of {names}") from None
        settled = found.get("settled", "false")
        if settled not in {"true", "false"}:
            raise self.wrong(f"{where}: settled", "is to be true or false")
        return Route(
            to=to,
            teams=self._texts(found.get("teams", []), f"{where}: teams"),
            products=self._texts(found.get("products", []), f"{where}: products"),
            severity=severity,
            kinds=kinds,
            settled=settled == "true",
            every=self._every(found.get("digest", ""), f"{where}: digest"),
        )

    def _every(self, value: Any, where: str) -> timedelta | None:
        text = self._text(value, where)
        if not text:
            return None
        number, unit = text[:-1], text[-1]
        if unit not in _UNITS or not number.isdecimal() or not 0 < int(number[:9]) <= 10_000:
            raise self.wrong(where, "is to be a time such as 30m, 12h or 1d")
        return timedelta(**{_UNITS[unit]: int(number)})
