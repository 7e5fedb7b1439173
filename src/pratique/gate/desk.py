"""A gate's office, from the command line: in its folder, or over HTTP with a token."""

from __future__ import annotations

import os
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from pratique.gate.log import Log, entries
from pratique.gate.office import Books, Office
from pratique.gate.tokens import PREFIX, Tokens
from pratique.model.decision import Verdict
from pratique.model.errors import UpstreamError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pratique.gate.approvals import Wish
    from pratique.gate.tokens import Role

TOKEN_VARIABLE = "PRATIQUE_GATE_TOKEN"  # noqa: S105 - the name of a variable
SECONDS = 30.0
MAX_ANSWER = 64 * 1024 * 1024
"""Largest answer; the longest queue has some 50 MB."""

VIA = "command line, in the folder"


class Desk(Protocol):
    """What can be asked of an office, here or elsewhere."""

    def approvals(self) -> dict[str, Any]:
        """What waits, and what was approved."""

    def quarantine(self) -> list[dict[str, Any]]:
        """What is in quarantine."""

    def approve(self, wish: Wish, approver: str) -> dict[str, Any]:
        """Let something in."""

    def reject(self, subject: str, rule: str, by: str, reason: str) -> None:
        """Say that it is not approved."""

    def revoke(self, id_: str, by: str, reason: str) -> None:
        """Take an approval back."""

    def tokens(self) -> list[dict[str, Any]]:
        """Every token there is or was."""

    def create_token(self, user: str, roles: Sequence[Role], **more: Any) -> dict[str, Any]:
        """Make a token; ``token`` is its text."""

    def revoke_token(self, id_: str) -> None:
        """Take a token back."""


class Here:
    """The office in a folder, beside a gate that runs or not.

    Args:
        data: The folder.
    """

    def __init__(self, data: Path) -> None:
        if not data.is_dir():
            raise UsageError(
                f"{data} is not a folder.", remedy="Give the --data of 'pratique gate serve'."
            )
        self._data = data

    def _books(self) -> Books:
        books = Books()
        if (self._data / "decisions.jsonl").exists():
            for entry in entries(self._data):
                books.see(entry)
        return books

    @contextmanager
    def _office(self) -> Iterator[Office]:
        books = Books()
        try:
            log = Log(self._data, _now(), books.see)
        except OSError as error:
            raise UsageError(f"{self._data}: cannot be written: {error.strerror}.") from None
        try:
            yield Office(log, books, self._data)
        except OSError as error:
            raise UsageError(f"{self._data}: cannot be written: {error.strerror}.") from None
        finally:
            log.close()

    def approvals(self) -> dict[str, Any]:
        """What waits, and what was approved."""
        books, now = self._books(), _now()
        return {
            "waiting": [msgspec.to_builtins(one) for one in books.waiting.pending(now)],
            "approvals": [
                {"holds": one.holds(now), **msgspec.to_builtins(one)}
                for one in books.approvals.every()
            ],
        }

    def quarantine(self) -> list[dict[str, Any]]:
        """What is in quarantine."""
        held = self._books().waiting.every(_now(), Verdict.QUARANTINE)
        return [msgspec.to_builtins(one) for one in held]

    def approve(self, wish: Wish, approver: str) -> dict[str, Any]:
        """Let something in."""
        with self._office() as office:
            made = office.approve(wish, approver, _now(), via=VIA)
        return msgspec.to_builtins(made)  # type: ignore[no-any-return]

    def reject(self, subject: str, rule: str, by: str, reason: str) -> None:
        """Say that it is not approved."""
        with self._office() as office:
            office.reject(subject, rule, by, reason, _now(), via=VIA)

    def revoke(self, id_: str, by: str, reason: str) -> None:
        """Take an approval back."""
        with self._office() as office:
            office.revoke(id_, by, reason, _now(), via=VIA)

    def tokens(self) -> list[dict[str, Any]]:
        """Every token there is or was."""
        return [one.told() for one in Tokens(self._data).every()]

    def create_token(self, user: str, roles: Sequence[Role], **more: Any) -> dict[str, Any]:
        """Make a token; ``token`` is its text."""
        with self._office() as office:
            made, text = office.create_token(user, _now(), roles=roles, via=VIA, **more)
        return {"token": text, **made.told()}

    def revoke_token(self, id_: str) -> None:
        """Take a token back."""
        with self._office() as office:
            office.revoke_token(id_, _now(), via=VIA)


class There:
    """The office of a gate elsewhere; who decides is who the token is of.

    Args:
        url: Address of the gate.
        token: Text of a token.
    """

    def __init__(self, url: str, token: str) -> None:
        if not url.startswith(("https://", "http://")):
            raise UsageError(f"{url[:80]!r} is not the address of a gate.")
        if not token.startswith(PREFIX) or not token.isascii():
            raise UsageError(
                "there is no token for the gate.",
                remedy=f"Put it into {TOKEN_VARIABLE}, or name a file with --token-file.",
            )
        self._url = url.rstrip("/")
        self._token = token

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        import httpx

        content = msgspec.json.encode(body) if body is not None else None
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        try:
            with httpx.Client(timeout=SECONDS, follow_redirects=False) as client:
                answer = client.request(
                    method, f"{self._url}/admin/{path}", content=content, headers=headers
                )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise UpstreamError(f"{self._url} does not answer ({type(error).__name__}).") from None
        try:
            told = msgspec.json.decode(answer.content[:MAX_ANSWER])
        except msgspec.DecodeError:
            told = {}
        if answer.status_code >= 500:
            raise UpstreamError(f"{self._url}: {_error(told, answer.status_code)}")
        if answer.status_code >= 300:
            raise UsageError(f"{self._url}: {_error(told, answer.status_code)}")
        return told

    def approvals(self) -> dict[str, Any]:
        """What waits, and what was approved."""
        return self._ask("GET", "approvals")  # type: ignore[no-any-return]

    def quarantine(self) -> list[dict[str, Any]]:
        """What is in quarantine."""
        return self._ask("GET", "quarantine")["quarantine"]  # type: ignore[no-any-return]

    def approve(self, wish: Wish, approver: str) -> dict[str, Any]:  # noqa: ARG002 - the token says
        """Let something in."""
        return self._ask("POST", "approvals", msgspec.to_builtins(wish))  # type: ignore[no-any-return]

    def reject(self, subject: str, rule: str, by: str, reason: str) -> None:  # noqa: ARG002
        """Say that it is not approved."""
        body = {"subject": subject, "rule": rule, "reason": reason}
        self._ask("POST", "approvals/reject", body)

    def revoke(self, id_: str, by: str, reason: str) -> None:  # noqa: ARG002
        """Take an approval back."""
        self._ask("POST", f"approvals/{_word(id_)}/revoke", {"reason": reason})

    def tokens(self) -> list[dict[str, Any]]:
        """Every token there is or was."""
        return self._ask("GET", "tokens")["tokens"]  # type: ignore[no-any-return]

    def create_token(self, user: str, roles: Sequence[Role], **more: Any) -> dict[str, Any]:
        """Make a token; ``token`` is its text."""
        body = {"user": user, "roles": list(roles), **more}
        return self._ask("POST", "tokens", body)  # type: ignore[no-any-return]

    def revoke_token(self, id_: str) -> None:
        """Take a token back."""
        self._ask("POST", f"tokens/{_word(id_)}/revoke", {})


def token_of(file: Path | None) -> str:
    """The token to show, of a file or of the environment; empty where there is none.

    Raises:
        UsageError: The file cannot be read.
    """
    if file is None:
        return os.environ.get(TOKEN_VARIABLE, "").strip()
    try:
        return file.read_text(encoding="utf-8")[:1000].strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file}: cannot be read: {error}.") from None


def _word(text: str) -> str:
    if not text.isascii() or not text.replace("-", "").isalnum():
        raise UsageError(f"{text[:40]!r} is not an id.")
    return text


def _error(told: Any, status: int) -> str:
    said = told.get("error") if isinstance(told, dict) else None
    return str(said)[:1000] if said else f"it answers with status {status}."


def _now() -> datetime:
    return datetime.now(UTC)
