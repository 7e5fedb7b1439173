"""Sending one message over one channel."""

from __future__ import annotations

import fcntl
import hmac
import os
from email.message import EmailMessage
from email.utils import format_datetime
from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec

from pratique.formats.instants import parse_instant
from pratique.model.errors import UpstreamError
from pratique.watch import wording
from pratique.watch.models import Event
from pratique.watch.routes import Secret, check_url

if TYPE_CHECKING:
    from datetime import datetime

    from pratique.watch.routes import Channel

SCHEMA = "pratique/notification/1"
SIGNATURE = "X-Pratique-Signature"
TIMESTAMP = "X-Pratique-Timestamp"
KEY = "Idempotency-Key"

TAIL_BYTES = 64 * 1024 * 1024
"""How far back a file is searched for events that a killed sender may have written."""

MAX_SLACK = 38_000
"""Characters of a message; Slack cuts off after 40,000."""

_encode = msgspec.json.Encoder(order="deterministic").encode


class Message(msgspec.Struct, frozen=True):
    """What is sent at once."""

    key: str
    """The same whenever it is sent again."""

    tenant: str
    events: tuple[Event, ...]
    digest: bool = False
    again: bool = False
    """Whether it may have been sent before."""


def deliver(channel: Channel, message: Message, now: datetime) -> None:
    """Send a message.

    Args:
        channel: Over which.
        message: It.
        now: The moment, for signatures.

    Raises:
        ConfigurationError: A secret is not there.
        UpstreamError: It was not taken.
    """
    match channel.type:
        case "webhook":
            _webhook(channel, message, now)
        case "slack":
            _slack(channel, message)
        case "email":
            _mail(channel, message)
        case _:
            _file(channel, message)


def body_of(message: Message) -> bytes:
    """The JSON of a message; the same bytes whenever it is sent again."""
    return _encode(
        {
            "schema": SCHEMA,
            "key": message.key,
            "tenant": message.tenant,
            "digest": message.digest,
            "events": [_value(event) for event in message.events],
        }
    )


def _value(event: Event) -> dict[str, object]:
    value: dict[str, object] = msgspec.to_builtins(event)
    return value | {"headline": wording.headline(event), "advice": wording.advice(event)}


def _webhook(channel: Channel, message: Message, now: datetime) -> None:
    from pratique.sources.webhook import post

    body = body_of(message)
    headers = {"Content-Type": "application/json", KEY: message.key}
    if channel.secret is not None:
        moment = str(int(now.timestamp()))
        headers[TIMESTAMP] = moment
        headers[SIGNATURE] = f"sha256={signature(channel.secret.read(), moment, body)}"
    post(_address(channel), body, headers)


def signature(secret: str, moment: str, body: bytes) -> str:
    """HMAC-SHA256 over the timestamp, a dot and the body, in hexadecimal digits.

    Args:
        secret: That both sides know.
        moment: The header's seconds since 1970; an old one is a repetition.
        body: As it is sent.
    """
    return hmac.new(secret.encode(), moment.encode() + b"." + body, sha256).hexdigest()


def _address(channel: Channel) -> str:
    if isinstance(channel.url, Secret):
        url = channel.url.read()
        check_url(url)
        return url
    return channel.url


def _slack(channel: Channel, message: Message) -> None:
    from pratique.sources.webhook import post

    text = wording.as_slack(message.events)
    if len(text) > MAX_SLACK:
        text = text[:MAX_SLACK].rpartition("\n")[0]
        text += "\n… and more: pratique events list"
    value = {"text": f"{wording.subject(message.events)}\n\n{text}"}
    headers = {"Content-Type": "application/json", KEY: message.key}
    post(_address(channel), _encode(value), headers)


def _mail(channel: Channel, message: Message) -> None:
    from pratique.sources.mail import send

    mail = EmailMessage()
    mail["Subject"] = f"Pratique: {wording.subject(message.events)}"
    mail["From"] = channel.sender
    mail["To"] = ", ".join(channel.recipients)
    # Of the event, not of now: a message that is sent again is the same message.
    moment = parse_instant(message.events[-1].at)
    if moment is not None:
        mail["Date"] = format_datetime(moment)
    mail["Message-ID"] = f"<{message.key}@{channel.sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834, section 5
    mail.set_content(wording.as_text(message.events))
    mail.add_alternative(wording.as_html(message.events), subtype="html")
    login = None
    if channel.user is not None and channel.password is not None:
        login = (channel.user.read(), channel.password.read())
    send(
        mail,
        channel.host,
        channel.port,
        security=channel.security,
        ca=channel.ca,
        login=login,
    )


def _file(channel: Channel, message: Message) -> None:
    """Append a line for each event; after a crash those that are there are left out."""
    try:
        handle = os.open(channel.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            size = file.seek(0, os.SEEK_END)
            start = max(0, size - TAIL_BYTES)
            tail = b""
            if size and (message.again or not _ends_a_line(file, size)):
                file.seek(start)
                tail = file.read()
                torn = len(tail) - (tail.rfind(b"\n") + 1)
                if torn:  # a sender was killed while it wrote: its events come again
                    file.truncate(size - torn)
            file.seek(0, os.SEEK_END)
            for event in message.events:
                if not message.again or f'"id":"{event.id}"'.encode() not in tail:
                    file.write(_encode(_value(event)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise UpstreamError(f"{channel.path} cannot be written: {error.strerror}.") from None


def _ends_a_line(file: object, size: int) -> bool:
    file.seek(size - 1)  # type: ignore[attr-defined]
    return bool(file.read(1) == b"\n")  # type: ignore[attr-defined]
