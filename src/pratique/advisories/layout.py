"""What the files of a generation hold, and how their keys are made.

See the room's docstring for the folder; every number in the files is
little-endian, and every structure is MessagePack of the structs below.
"""

from __future__ import annotations

from datetime import datetime
from enum import IntFlag
from hashlib import blake2b

import msgspec

from pratique.formats.osv.severity import Rating
from pratique.model.bill import AdvisorySource

FORMAT = 3
"""Of the files.  A generation with another number is refused.  To be raised
whenever a file is laid out otherwise or another one is asked for: what is not
in an older generation must not be taken for what does not exist.

1 had no repositories among the packages and no sources of records, 2 was 1
with layers."""

LAYERED_FORMAT = 4
"""Of a generation with layers; a program that does not know them must refuse it."""

ORDERING_FORMAT = 1
"""Of the version keys.  To be raised whenever any ordering changes its keys:
keys of two formats must never be compared."""

MANIFEST = "manifest.json"
PACKAGES = "packages"
RECORDS = "records"
NAMES = "names"
COMMITS = "commits"
DICTIONARY = "dictionary"
DOCUMENTS = "documents"
DOCUMENTS_DICTIONARY = "documents.dictionary"
FINDINGS = "findings.zst"


class Flag(IntFlag):
    """What an entry says besides its bounds."""

    ALL = 1
    """Every version is affected: ``introduced`` 0 and nothing that ends it."""

    SEMVER = 2
    """The bounds are keys of SemVer, where the ecosystem's own ordering is another."""

    UNEVALUATED = 4
    """It has ranges or versions that could not be read, or cannot be ordered."""

    COMMITS_ONLY = 8
    """It names commits and no versions: nothing can be said about a version."""

    NO_ORDERING = 16
    """It has ranges, and its ecosystem has no ordering."""


class Entry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What one record says about one package in one ordering."""

    advisory: int
    """Number of the record."""

    group: int
    """Number of the first record of its alias group; its own where it has none."""

    rating: int
    """Which of the record's ratings holds for this package."""

    flags: int
    bounds: list[bytes]
    """Ascending keys at which affected versions begin, end, begin …; the last
    end is absent where it is open.  A key is inside where an odd number of
    bounds is less or equal."""

    versions: bytes
    """Ascending :func:`version_hash` numbers, eight bytes each, of listed
    versions that are not inside the bounds."""

    detail: msgspec.Raw
    """A :class:`Detail`, decoded only for hits."""


class Detail(msgspec.Struct, frozen=True, array_like=True):
    """What is told about an entry that matched."""

    texts: list[tuple[str, str, str]] = []
    """For each pair of bounds: ``introduced`` as written, the kind of event that
    ends it (or empty), and that event as written."""

    fixed: list[str] = []
    """Versions of ``fixed`` events as written, lowest first."""

    commits: list[list[tuple[str, str]]] = []
    """Of a repository: kind and commit of the events of each range, in their order."""


class PackageBlob(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Everything the index says about one package."""

    ecosystem: str
    name: str
    """Normalised."""

    entries: list[Entry]
    also: list[str] = []
    """Ecosystems with a suffix in which the package has entries of its own."""


class CommitRow(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What one record says about one commit."""

    commit: str
    advisory: int
    group: int
    event: str
    """``introduced``, ``last_affected``, ``fixed`` or ``limit``."""

    ecosystem: str = ""
    name: str = ""
    repo: str = ""
    """As written."""


class StoredRecord(msgspec.Struct, frozen=True, array_like=True):
    """One record as the index keeps it."""

    id: str
    aliases: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    upstream: tuple[str, ...] = ()
    summary: str = ""
    published: datetime | None = None
    modified: datetime | None = None
    withdrawn: datetime | None = None
    references: tuple[str, ...] = ()
    ratings: tuple[Rating, ...] = ()
    """Of the record first, then of packages that are rated otherwise."""

    malicious: bool = False

    sources: tuple[int, ...] = ()
    """Places in the manifest's list of the sources that it is from."""


class FileInfo(msgspec.Struct, frozen=True):
    """Size and digest of a file of the generation."""

    size: int
    sha256: str


class Layer(msgspec.Struct, frozen=True):
    """Changes over the base of a generation and over the layers before it.

    Its files are those of a base, with its name before theirs.  A key that it
    has replaces the key below; an empty blob says that nothing is left of it.
    """

    name: str
    start: int
    """Number of its first record: they go on from those below."""

    records: int


class Watermark(msgspec.Struct, frozen=True, kw_only=True):
    """Up to where one ecosystem has been taken from where it is published."""

    url: str
    """Of the export, or the folder."""

    checked: datetime
    """When it was last seen to be complete."""

    full: datetime
    """When all of its records were last taken at once."""

    modified: datetime | None = None
    """Latest time in its list of changes as taken; ``None`` where there was no list."""

    etag: str = ""
    """What the server said of the zip when it was taken."""

    last_modified: str = ""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a generation is; written last, so that a folder without it is incomplete."""

    format: int
    ordering_format: int
    fingerprint: str
    """Of the version orderings, see :func:`pratique.advisories.orders.fingerprint`."""

    generation: str
    created: datetime
    as_of: datetime
    records: int
    packages: int
    ecosystems: tuple[str, ...]
    """With their suffixes, sorted."""

    partial: tuple[str, ...]
    """Base names of ecosystems of whose advisories the sources are only a part:
    the absence of a match says less there."""

    sources: tuple[AdvisorySource, ...]
    defects: dict[str, int]
    """Defects of the records read, by kind."""

    files: dict[str, FileInfo]

    layers: tuple[Layer, ...] = ()
    """Lowest first."""

    watermarks: dict[str, Watermark] = {}
    """By the name of the source, which is its ecosystem's."""

    ecosystem_as_of: dict[str, datetime] = {}
    """Up to when the advisories of an ecosystem (base name) are complete, where that is known."""

    local: dict[str, tuple[str, ...]] = {}
    """Sources that hold an organisation's own records, with the ids of these."""


def package_hash(ecosystem: str, name: str) -> int:
    """Key of a package: 64 bits over the ecosystem and the normalised name."""
    data = f"{ecosystem}\0{name}".encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(data, digest_size=8).digest(), "little")


def text_hash(text: str) -> int:
    """Key of an id or a commit: 64 bits over its text."""
    data = text.encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(data, digest_size=8).digest(), "little")


def version_hash(key: bytes | None, text: str) -> int:
    """64 bits over a version: its key, or its text where it cannot be ordered."""
    data = b"t" + text.encode("utf-8", "surrogatepass") if key is None else b"k" + key
    return int.from_bytes(blake2b(data, digest_size=8).digest(), "little")
