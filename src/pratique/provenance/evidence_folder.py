"""Evidence of a folder, found by the digests of what it is about.

Nothing is believed here: a document is only put where its statement says that it
belongs, and is verified when it is asked for.
"""

from __future__ import annotations

import os
from base64 import b64decode
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.formats.dsse.wire import decode_json
from pratique.model.errors import InputError, UsageError
from pratique.provenance.beside import MAX_EVIDENCE_BYTES, SUFFIXES, read_evidence, shown
from pratique.provenance.kinds import documents

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_FILES = 100_000
"""Most files of a folder that are looked at; a lockfile has some thousand components."""

MAX_SUBJECTS = 100_000
"""Most subjects of one statement; a release of many files has some hundred."""


class Found(msgspec.Struct, frozen=True):
    """A document of the folder."""

    path: str
    data: bytes


class EvidenceFolder:
    """The documents of a folder, by hexadecimal digest.

    Args:
        root: The folder; folders in it are looked into, links are not followed.

    Raises:
        UsageError: It is no folder.
    """

    def __init__(self, root: Path) -> None:
        if not root.is_dir():
            raise UsageError(f"there is no folder {root}.", remedy="Name a folder of evidence.")
        self.root = root
        self.problems: list[str] = []
        """Files that are named like evidence and cannot be read."""

        self._about: dict[str, list[Found]] = {}
        for path in self._files():
            self._take(path)

    def about(self, *digests: str) -> tuple[Found, ...]:
        """Documents about any of some digests, each once."""
        found = {id(one): one for digest in digests for one in self._about.get(digest, ())}
        return tuple(found.values())

    def _files(self) -> Iterator[Path]:
        seen = 0
        for folder, folders, names in os.walk(self.root):
            folders.sort()
            for name in sorted(names):
                seen += 1
                if seen > MAX_FILES:
                    self.problems.append(f"{self.root} has over {MAX_FILES:,} files")
                    return
                path = self.root.__class__(folder, name)
                if name.endswith((*SUFFIXES, ".json", ".jsonl")) and path.is_file():
                    yield path

    def _take(self, path: Path) -> None:
        try:
            data = read_evidence(path)
            parts = documents(data)
        except InputError as error:
            self.problems.append(f"{shown(path)} {error.message}")
            return
        for number, part in enumerate(parts, 1):
            name = shown(path.relative_to(self.root))
            one = Found(f"{name}#{number}" if len(parts) > 1 else name, part)
            try:
                value = decode_json(part, Any, "document")
            except InputError:
                self.problems.append(f"{shown(path)} is not JSON")
                return
            for digest in dict.fromkeys(_digests(value)):
                self._about.setdefault(digest, []).append(one)


def _digests(value: Any) -> Iterator[str]:
    """Digests that the statements of a document name, as they claim."""
    for statement in statements(value):
        try:
            given = msgspec.json.decode(statement)
            subjects = given["subject"][:MAX_SUBJECTS]
            for one in subjects:
                yield from (str(each).lower() for each in one["digest"].values())
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, KeyError, TypeError):
            continue
        except AttributeError:
            continue
    message = _get(value, "messageSignature", "messageDigest", "digest")
    if isinstance(message, str):
        yield _decoded(message).hex()


def statements(value: Any) -> Iterator[bytes]:
    """Payloads of a document that may be statements; nothing of it is verified."""
    envelopes = [value, _get(value, "dsseEnvelope")]
    rows = _get(value, "attestations")
    envelopes += [_get(one, "bundle", "dsseEnvelope") for one in _rows(rows)]
    for envelope in envelopes:
        payload = _get(envelope, "payload")
        if isinstance(payload, str):
            yield _decoded(payload)
    bundles = _rows(_get(value, "attestation_bundles"))
    rows = [one for bundle in bundles for one in _rows(_get(bundle, "attestations"))]
    for one in (value, *rows):
        statement = _get(one, "envelope", "statement")
        if isinstance(statement, str):
            yield _decoded(statement)


def _get(value: Any, *names: str) -> Any:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _rows(value: Any) -> list[Any]:
    return value[:1000] if isinstance(value, list) else []


def _decoded(text: str) -> bytes:
    if len(text) > MAX_EVIDENCE_BYTES:
        return b""
    try:
        return b64decode(text)
    except ValueError:
        return b""
