"""PKCS#11 URIs that name a key (RFC 7512)."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

import msgspec

from pratique.model.errors import UsageError
from pratique.provenance.signing import PASSPHRASE_VARIABLE

SCHEME = "pkcs11:"

_PATH = frozenset({"token", "manufacturer", "serial", "model", "object", "id", "type"})
_REFUSED = {
    "pin-value": "a PIN in an argument can be read by every process of the machine",
    "module-name": "which file that is depends on the machine",
}


class KeyUri(msgspec.Struct, frozen=True, kw_only=True):
    """Which key of which token (RFC 7512 §2.3)."""

    token: str = ""
    """Label of the token."""

    serial: str = ""
    manufacturer: str = ""
    model: str = ""
    object: str = ""
    """Label of the key."""

    id: bytes = b""
    """Identifier of the key."""

    module_path: str = ""
    pin_source: str = ""
    """File with the PIN."""


def is_uri(text: object) -> bool:
    """Whether a key is named by a PKCS#11 URI."""
    return str(text).startswith(SCHEME)


def read_uri(text: str) -> KeyUri:
    """The parts of a PKCS#11 URI.

    Raises:
        UsageError: It is none, it has a PIN in it, or what it says is not understood here: then
            another key than the one that is meant might be taken (§2.3).
    """
    if not is_uri(text):
        raise UsageError(f"{text[:80]!r} is no PKCS#11 URI.", remedy="It begins with pkcs11:.")
    path, _, query = text.removeprefix(SCHEME).partition("?")
    given = _attributes(path, ";", text) | _attributes(query, "&", text)
    for name, why in _REFUSED.items():
        if name in given:
            raise UsageError(
                f"{name} is not taken: {why}.",
                remedy=f"Use pin-source=file:/path, --passphrase-file or {PASSPHRASE_VARIABLE}, "
                "and module-path=/path.",
            )
    unknown = set(given) - _PATH - {"module-path", "pin-source"}
    if unknown:
        raise UsageError(f"{min(unknown)[:40]!r} is no attribute that is understood here.")
    if given.get("type", b"private") != b"private":
        raise UsageError("a URI with another type than private names no key that signs.")
    if not given.get("object") and not given.get("id"):
        raise UsageError(
            "the PKCS#11 URI names no key.", remedy="Add object=LABEL or id=%01, and token=LABEL."
        )
    identifier = given.pop("id", b"")
    given.pop("type", None)
    texts = {name.replace("-", "_"): _text(value) for name, value in given.items()}
    return KeyUri(id=identifier, **texts)


def _attributes(part: str, separator: str, text: str) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for one in filter(None, part.split(separator)):
        name, equals, value = one.partition("=")
        if not equals or name in found:
            raise UsageError(f"{text[:80]!r} is no PKCS#11 URI: {one[:40]!r}.")
        found[name] = unquote_to_bytes(value)
    return found


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise UsageError("the PKCS#11 URI has an attribute that is not in UTF-8.") from None
