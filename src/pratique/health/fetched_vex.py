"""VEX documents that are named by address, fetched before a check begins."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pratique.formats.base import MAX_DOCUMENT_BYTES
from pratique.model.errors import LimitError, UsageError
from pratique.sources.transfer import StatusError, Transfer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

EVIDENCE = ".sigstore.json"
"""What is asked for beside a document as well: its signature."""


def is_address(text: str) -> bool:
    """Whether a document is named by an address."""
    return text.startswith(("https://", "http://"))


@contextmanager
def fetched(names: Sequence[str], *, offline: bool) -> Iterator[tuple[str, ...]]:
    """The names with every address replaced by a file, for as long as the block runs.

    Only what is named is asked for, and its Sigstore bundle beside it; nothing
    of what is checked is sent.

    Args:
        names: Files, folders, addresses.
        offline: Whether an address is an error.

    Yields:
        Files and folders.

    Raises:
        UsageError: An address is given offline, or has a login in it.
        UpstreamError: It does not answer, or not with the document.
        LimitError: The document is too large.
    """
    if not any(map(is_address, names)):
        yield tuple(names)
        return
    if offline:
        raise UsageError(
            "--vex names an address, and --offline forbids to ask it.",
            remedy="Fetch the document first, and name the file.",
        )
    with TemporaryDirectory(prefix="pratique-vex-") as place, Transfer() as transfer:
        yield tuple(
            str(_file(name, Path(place), transfer)) if is_address(name) else name for name in names
        )


def _file(url: str, place: Path, transfer: Transfer) -> Path:
    parts = urlsplit(url)
    if parts.username or parts.password:
        raise UsageError("an address of --vex has a login in it.", remedy="Leave it out.")
    name = parts.path.rpartition("/")[2][-80:] or "vex.json"
    folder = place / hashlib.sha256(url.encode()).hexdigest()[:16]
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_bytes(_content(url, transfer))
    try:
        evidence = _content(f"{url}{EVIDENCE}", transfer)
    except StatusError:
        return path
    path.with_name(name + EVIDENCE).write_bytes(evidence)
    return path


def _content(url: str, transfer: Transfer) -> bytes:
    found = bytearray()
    for block in transfer.stream(url):
        found += block
        if len(found) > MAX_DOCUMENT_BYTES:
            raise LimitError(f"{url} is over the limit of {MAX_DOCUMENT_BYTES:,} bytes.")
    return bytes(found)
