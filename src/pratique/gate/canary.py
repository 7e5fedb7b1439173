"""Whether installs really go through the gate, tried from the machine that makes them.

Each package manager's own configuration says which registry it asks.  There the
gate must answer a challenge with its signature, refuse what policy refuses, and
no other way out may be open.  Nothing is installed, and no package is fetched.
"""

from __future__ import annotations

import base64
import secrets
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.gate import credentials, planted
from pratique.gate.canary_config import elsewhere, managers
from pratique.gate.canary_routes import key_id
from pratique.gate.fetch import origin, shown
from pratique.model.errors import PratiqueError, UpstreamError, UsageError
from pratique.sources.registries import default

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from pratique.gate.canary_config import Config

SECONDS = 10.0
"""Longest to wait for one answer; a firewall that drops packets says nothing."""

MAX_ANSWER = 64 * 1024
SKEW = timedelta(minutes=5)
"""How far the clocks of two machines may differ; an old answer is no answer."""


class Outcome(StrEnum):
    """How one thing came out."""

    PASS = "pass"  # noqa: S105 - the opposite of a failure
    FAIL = "fail"
    UNKNOWN = "unknown"
    """It could not be tried: that is no success."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was tried."""

    manager: str
    check: str
    outcome: Outcome
    detail: str


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What the gate signs."""

    ecosystem: str
    challenge: str
    at: str
    refuses: bool
    policy: str = ""
    key: str
    signature: str


class Canary:
    """Tries things.

    Args:
        key: Id that the gate's key must have (``sha256:…``); empty for whichever answers.
        cafile: Certificates to trust besides the system's; may be empty.
    """

    def __init__(self, key: str = "", cafile: str = "") -> None:
        import ssl

        self._key = key
        context = ssl.create_default_context()
        if cafile:
            context.load_verify_locations(cafile)
        self._context = context

    def run(self, names: Iterable[str], project: Path | None) -> list[Row]:
        """Try everything for the package managers named, or for all that are here.

        Args:
            names: Of package managers; none for all.
            project: Folder whose lockfiles and configuration are looked at too.

        Raises:
            UsageError: One of them is not here.
        """
        here = managers()
        wanted = list(names) or list(here)
        for name in wanted:
            if name not in here:
                raise UsageError(f"{name} is not on this machine.")
        rows: list[Row] = []
        gates: set[tuple[str, int]] = set()
        for name in wanted:
            rows += self._manager(name, here[name], gates)
        if project is not None:
            rows += _project(project, gates)
        return rows

    def _manager(
        self, name: str, ask: Callable[[], Config], gates: set[tuple[str, int]]
    ) -> list[Row]:
        try:
            config = ask()
        except PratiqueError as error:
            return [_row(name, "configured", Outcome.UNKNOWN, error.message)]
        if config.upstream is None:
            return [_row(name, "configured", Outcome.FAIL, "no configuration names a registry")]
        rows = [self._answers(name, config), self._refuses(name, config)]
        if rows[0].outcome is Outcome.PASS:
            gates.add(origin(config.upstream.url))
        rows.append(
            _row(name, "nothing besides", Outcome.FAIL, "; ".join(config.passes))
            if config.passes
            else _row(name, "nothing besides", Outcome.PASS, "it names no other registry")
        )
        rows.append(self._closed(name, config))
        return rows

    def _answers(self, name: str, config: Config) -> Row:
        """Whether the gate itself answers where the package manager asks."""
        assert config.upstream is not None
        check, challenge = "asks the gate", secrets.token_urlsafe(24)
        where = f"{shown(config.upstream.url)} (from {config.upstream.origin})"
        try:
            status, body = self._ask(config, planted.ANSWERED, f"?challenge={challenge}")
        except UpstreamError as error:
            return _row(name, check, Outcome.UNKNOWN, error.message)
        if status == 401:
            return _row(name, check, Outcome.FAIL, f"{where} wants a token that is not configured")
        try:
            answer = msgspec.json.decode(body, type=Answer)
            self._check(answer, planted.WORDS[config.word], challenge)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return _row(name, check, Outcome.FAIL, f"{where} is not the gate (status {status})")
        except ValueError as error:
            return _row(name, check, Outcome.FAIL, f"{where}: {error}")
        by = "" if self._key else f"; its key is {key_id(base64.b64decode(answer.key))}"
        return _row(name, check, Outcome.PASS, f"{where}, policy {answer.policy[:60]}{by}")

    def _check(self, answer: Answer, ecosystem: str, challenge: str) -> None:
        """Verify an answer.

        Raises:
            ValueError: It is not the gate's to this question.
        """
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        if answer.challenge != challenge or answer.ecosystem != ecosystem:
            raise ValueError("its answer is to another question")
        raw = base64.b64decode(answer.key, validate=True)
        if self._key and key_id(raw) != self._key:
            raise ValueError(f"another gate answers: its key is {key_id(raw)}")
        said = planted.signed(ecosystem, challenge, answer.at, refused=answer.refuses)
        try:
            key = Ed25519PublicKey.from_public_bytes(raw)
            key.verify(base64.b64decode(answer.signature, validate=True), said)
        except InvalidSignature:
            raise ValueError("its signature is wrong") from None
        at = datetime.fromisoformat(answer.at)
        if at.tzinfo is None or abs(datetime.now(UTC) - at) > SKEW:
            raise ValueError(f"its answer is of {answer.at[:30]}, or a clock is wrong")

    def _refuses(self, name: str, config: Config) -> Row:
        """Whether policy refuses what it must."""
        check = "refuses the planted"
        try:
            status, body = self._ask(config, planted.REFUSED, "")
        except UpstreamError as error:
            return _row(name, check, Outcome.UNKNOWN, error.message)
        text = "".join(sign for sign in body.decode("utf-8", "replace") if sign.isprintable())
        if status == 403 and planted.REFUSED in text and "not admitted" in text:
            return _row(name, check, Outcome.PASS, "403, with the reason")
        return _row(name, check, Outcome.FAIL, f"status {status}: {text[:160]}")

    def _closed(self, name: str, config: Config) -> Row:
        """Whether the registry that the package manager has built in cannot be reached."""
        check = "no way past it"
        outside = default(config.word)
        assert config.upstream is not None
        if outside is None:
            return _row(name, check, Outcome.UNKNOWN, "its own default is not known here")
        if origin(outside.url) == origin(config.upstream.url):
            return _row(name, check, Outcome.FAIL, f"it asks {shown(outside.url)} itself")
        for way, env in (("directly", False), ("through the proxy of this machine", True)):
            try:
                self._get(f"{outside.url}/", {}, env=env)
            except UpstreamError:
                continue
            return _row(name, check, Outcome.FAIL, f"{shown(outside.url)} can be reached {way}")
        return _row(name, check, Outcome.PASS, f"{shown(outside.url)} cannot be reached")

    def _ask(self, config: Config, planted_name: str, query: str) -> tuple[int, bytes]:
        assert config.upstream is not None
        url = config.upstream.url
        secret = credentials.find(config.word, url)
        base = credentials.bare(url)
        headers = credentials.Credentials([secret] if secret else []).header(base)
        return self._get(f"{base}/{planted.place(config.word, planted_name)}{query}", headers)

    def _get(self, url: str, headers: dict[str, str], *, env: bool = True) -> tuple[int, bytes]:
        """Status and the beginning of an answer.

        Raises:
            UpstreamError: There is none.
        """
        import httpx

        try:
            with (
                httpx.Client(
                    timeout=SECONDS, verify=self._context, trust_env=env, follow_redirects=False
                ) as client,
                client.stream("GET", url, headers=headers) as answer,
            ):
                body = b""
                for block in answer.iter_bytes():
                    body += block
                    if len(body) > MAX_ANSWER:
                        break
                return answer.status_code, body[:MAX_ANSWER]
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            what = type(error).__name__
            raise UpstreamError(f"{shown(url)} does not answer ({what})") from None


def _row(manager: str, check: str, outcome: Outcome, detail: str) -> Row:
    return Row(manager=manager, check=check, outcome=outcome, detail=detail)


def _project(folder: Path, gates: set[tuple[str, int]]) -> list[Row]:
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder.")
    if not gates:
        return [_row("project", "names the gate", Outcome.UNKNOWN, "no gate was found")]
    rows = []
    for gate in sorted(gates):
        rows += [
            _row("project", file, Outcome.FAIL, detail)
            for file, detail in elsewhere(folder, gate)
            if not any(detail.endswith(f"names {host}") for host, _ in gates)
        ]
    kept = list(dict.fromkeys(rows))
    return kept or [_row("project", "names the gate", Outcome.PASS, "no file names another host")]


def table(rows: list[Row]) -> str:
    """The rows, as they are printed."""
    widths = [max(len(getattr(row, key)) for row in rows) for key in ("manager", "check")]
    return "\n".join(
        f"{row.outcome:<8} {row.manager:<{widths[0]}}  {row.check:<{widths[1]}}  {row.detail}"
        for row in rows
    )


def summary(rows: list[Row]) -> dict[str, Any]:
    """The rows, as a program reads them."""
    return {
        "enforced": all(row.outcome is Outcome.PASS for row in rows),
        "checks": [msgspec.to_builtins(row) for row in rows],
    }
