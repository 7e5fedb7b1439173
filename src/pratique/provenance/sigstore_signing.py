"""Signing with a Sigstore identity: a certificate of minutes instead of a key.

The services are those of one instance: the public one, a private one that
``pratique trust`` keeps, or one of a ``ClientTrustConfig``.  What they give is
verified by our own verifier, against that instance's trusted root, before
anybody gets it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec

from pratique.model.errors import EvidenceError, InputError, PratiqueError, UsageError
from pratique.provenance.trust import TrustRoot, data_file, trust_root
from pratique.provenance.trust_store import PREFIX, PUBLIC, shipped_origin, stored
from pratique.sources.sigstore_services import (
    CLIENT,
    ambient_token,
    browser_token,
    check_config,
    sign_statement,
)

TOKEN_VARIABLE = "SIGSTORE_ID_TOKEN"  # noqa: S105 - a name, no secret
"""Environment variable with an identity token, as other signers of Sigstore take it."""

MAX_TOKEN_BYTES = 64 * 1024
"""Longest identity token; they have some kilobytes."""

MAX_CONFIG_BYTES = 8 * 1024 * 1024
"""Largest trust configuration; they have some kilobytes."""

_CONFIG_TYPE = "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json"


class SigstoreSigner:
    """Signs statements as whom an identity token names.

    Args:
        config: ``ClientTrustConfig`` in JSON.
        token_file: File with the token; None for the environment, then the surroundings.
        browser: Ask in a browser who signs, instead of the surroundings.
        client: Audience of the token.

    Raises:
        EvidenceError: The configuration cannot be used.
        UsageError: The library is absent.
    """

    def __init__(
        self,
        config: str,
        *,
        token_file: Path | None = None,
        browser: bool = False,
        client: str = CLIENT,
    ) -> None:
        check_config(config)
        self._config, self._client = config, client
        self._file, self._browser = token_file, browser
        self._root = _root_of(config)
        self.id = ""
        if token_file is not None:
            _read_token(token_file)  # before anything else is done

    def bundle(self, statement: bytes) -> bytes:
        """A verified bundle 0.3 with a statement, as one line of JSON.

        Raises:
            UpstreamError: A service did not answer, or refused.
            UsageError: There is no identity.
            EvidenceError: What the services gave does not verify.
        """
        made = sign_statement(self._config, statement, self._token(), self._client)
        self.id = _verified(made, statement, self._root)
        return made.rstrip() + b"\n"

    def _token(self) -> str:
        if self._file is not None:
            return _read_token(self._file)
        if self._browser:
            return browser_token(self._config, self._client)
        token = os.environ.get(TOKEN_VARIABLE, "").strip() or ambient_token(self._client)
        if not token:
            raise UsageError(
                "nothing says who signs.",
                remedy=f"Give --identity-token-file, {TOKEN_VARIABLE} or --browser.",
            )
        return token


def _verified(bundle: bytes, statement: bytes, root: TrustRoot) -> str:
    """Who signed; the bundle is verified as ``pratique verify`` does it."""
    from pratique.formats.sigstore import read_bundle
    from pratique.provenance.bundle import verify_bundle

    try:
        found = verify_bundle(read_bundle(bundle), root)
    except PratiqueError as error:
        raise EvidenceError(
            f"what the Sigstore instance gave does not verify, and is not written: "
            f"{error.message}.",
            remedy="Renew the trusted root of the instance, or ask who runs it.",
        ) from None
    if found.envelope is None or found.envelope.payload != statement:
        raise EvidenceError("the Sigstore instance signed something else; it is not written.")
    return found.identity


def _root_of(config: str) -> TrustRoot:
    document: dict[str, msgspec.Raw] = msgspec.json.decode(config, type=dict[str, msgspec.Raw])
    raw = document.get("trustedRoot", document.get("trusted_root"))
    if raw is None:
        raise EvidenceError("the trust configuration has no trusted root.")
    return trust_root(bytes(raw))


def config_of(given: str) -> str:
    """Trust configuration of a file, of ``instance:NAME``, or of the public instance.

    Args:
        given: As the option has it; empty for the public instance.

    Raises:
        InputError: The file cannot be read.
        EvidenceError: What is stored is damaged, or has no signing configuration.
        UsageError: No such instance is stored.
    """
    if given and not given.startswith(PREFIX):
        return _read(Path(given), MAX_CONFIG_BYTES, "trust configuration").decode(
            "utf-8", "replace"
        )
    instance = given.removeprefix(PREFIX) or PUBLIC
    found = stored(instance)
    if instance == PUBLIC and (
        found is None or found.versions.targets < shipped_origin().targets_version
    ):
        return _joined(data_file("trusted_root.json"), data_file("signing_config.v0.2.json"))
    if found is None:
        raise UsageError(
            f"no instance {instance!r} is known here.",
            remedy="Bring it with 'pratique trust update', or give a file.",
        )
    if not found.signing_config:
        raise EvidenceError(
            f"the repository of the instance {instance!r} lists no signing configuration.",
            remedy="Give a ClientTrustConfig with --trust-config.",
        )
    return _joined(found.trusted_root.encode(), found.signing_config.encode())


def _joined(root: bytes, signing: bytes) -> str:
    value: dict[str, Any] = {
        "mediaType": _CONFIG_TYPE,
        "trustedRoot": msgspec.Raw(root),
        "signingConfig": msgspec.Raw(signing),
    }
    return msgspec.json.encode(value).decode()


def _read_token(path: Path) -> str:
    text = _read(path, MAX_TOKEN_BYTES, "identity token").decode("ascii", "replace").strip()
    if not text:
        raise UsageError(f"{path} holds no identity token.")
    return text


def _read(path: Path, most: int, what: str) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except OSError as error:
        raise InputError(f"{what} {path} cannot be read: {error.strerror}.") from None
    if len(data) > most:
        raise InputError(f"{what} {path} is over the limit of {most:,} bytes.")
    return bytes(data)
