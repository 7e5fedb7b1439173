"""Enveloped signatures of an object, and what each of them is made over (JSF 0.82).

A signature object is a single signature, or has several side by side
(``signers``) or one over another (``chain``).  What is signed is the canonical
form of the whole object, with the signature in its place but without its value.
"""

from __future__ import annotations

import binascii
import json
from typing import Any

import msgspec

from pratique.formats.jsf.canonical import canonical_json
from pratique.model.errors import InputError, LimitError

MAX_SIGNERS = 100
"""Most signatures of one object that are looked at."""

MEMBER = "signature"
"""Name of the member of CycloneDX objects that a signature is in."""


class Signer(msgspec.Struct, frozen=True, kw_only=True):
    """One signature of an object."""

    algorithm: str
    value: bytes
    signed: bytes
    """What it must be over."""

    key_id: str = ""
    public_key: dict[str, Any] | None = None
    """The JSON Web Key beside it: a hint, and no reason to trust it."""

    certificates: int = 0
    excluded: tuple[str, ...] = ()
    """Members of the object that it is not over."""


def strict_json(data: bytes) -> Any:
    """A JSON value in which no object has a member twice.

    Readers differ in which of two they take, so that one signature would hold
    for two readings.

    Raises:
        InputError: It is not JSON, not UTF-8, or has a member twice.
        LimitError: It is nested too deeply.
    """

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            raise InputError(f"has the member {twice[:80]!r} twice in one object")
        return found

    def constant(text: str) -> Any:
        raise InputError(f"holds {text}, which is no JSON")

    try:
        return json.loads(data.decode("utf-8-sig"), object_pairs_hook=once, parse_constant=constant)
    except RecursionError:
        raise LimitError("is nested too deeply") from None
    except UnicodeDecodeError:
        raise InputError("is not UTF-8") from None
    except ValueError as error:
        raise InputError(f"is not JSON: {str(error)[:120]}") from None


def to_sign(value: dict[str, Any], header: dict[str, Any]) -> bytes:
    """What a new single signature is made over.

    Args:
        value: The object; a signature that it has is replaced.
        header: ``algorithm``, ``publicKey`` and the like, without a value.
    """
    return canonical_json(value | {MEMBER: header})


def read_signers(value: dict[str, Any]) -> tuple[Signer, ...]:
    """The signatures of an object; none where it has none.

    Raises:
        InputError: The signature object is none of the standard.
        LimitError: It has over :data:`MAX_SIGNERS` signatures.
    """
    signature = value.get(MEMBER)
    if signature is None and MEMBER not in value:
        return ()
    if not isinstance(signature, dict):
        raise InputError("has a signature that is no object")
    kinds = [name for name in ("value", "signers", "chain") if name in signature]
    if len(kinds) != 1:
        raise InputError("has a signature with no value, or with several kinds of it")
    kind = kinds[0]
    if kind == "value":
        return (_signer(value, signature, lambda bare: bare),)
    items = signature[kind]
    if not isinstance(items, list) or not items or set(signature) != {kind}:
        raise InputError(f"has a signature whose {kind} are none")
    if len(items) > MAX_SIGNERS:
        raise LimitError(f"has over {MAX_SIGNERS} signatures")
    if kind == "signers":  # each as if it were alone
        return tuple(_signer(value, one, lambda bare: {"signers": [bare]}) for one in items)
    return tuple(
        _signer(value, one, lambda bare, at=at: {"chain": [*items[:at], bare]})
        for at, one in enumerate(items)
    )


def _signer(value: dict[str, Any], one: Any, placed: Any) -> Signer:
    if not isinstance(one, dict):
        raise InputError("has a signature that is no object")
    algorithm, text = one.get("algorithm"), one.get("value")
    if not isinstance(algorithm, str) or not isinstance(text, str):
        raise InputError("has a signature without algorithm or value")
    excluded = one.get("excludes", [])
    if not isinstance(excluded, list) or not all(isinstance(name, str) for name in excluded):
        raise InputError("has a signature that excludes what is no name")
    if MEMBER in excluded:
        raise InputError("has a signature that excludes itself")
    bare = {name: inner for name, inner in one.items() if name != "value"}
    whole = {name: inner for name, inner in value.items() if name not in excluded}
    key, path = one.get("publicKey"), one.get("certificatePath")
    key_id = one.get("keyId")
    return Signer(
        algorithm=algorithm,
        value=_base64url(text),
        signed=canonical_json(whole | {MEMBER: placed(bare)}),
        key_id=key_id if isinstance(key_id, str) else "",
        public_key=key if isinstance(key, dict) else None,
        certificates=len(path) if isinstance(path, list) else 0,
        excluded=tuple(excluded),
    )


def _base64url(text: str) -> bytes:
    """Bytes of base64url without padding (RFC 7515, section 2)."""
    try:
        plain = text.encode("ascii")
        if b"+" in plain or b"/" in plain or b"=" in plain:
            raise InputError("has a signature that is not base64url")
        padded = plain.replace(b"-", b"+").replace(b"_", b"/") + b"=" * (-len(plain) % 4)
        return binascii.a2b_base64(padded, strict_mode=True)
    except ValueError:
        raise InputError("has a signature that is not base64url") from None
