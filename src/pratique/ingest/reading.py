"""One document's bytes to an entry of the record; touches neither store nor disk."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec

from pratique.formats import registry
from pratique.formats.base import Kind, Notes
from pratique.formats.osv import read_record
from pratique.formats.text import decode, parse_json
from pratique.ingest import bills, deps_dev, statements
from pratique.ingest.beside import beside
from pratique.ingest.detecting import Peek, Shape, created, peek, serial, shape
from pratique.model.errors import InputError, UnsupportedError
from pratique.model.inventory import Problem, Trouble
from pratique.store.documents import Bill, Claim, DocumentKind, Entry, Placement

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pratique.formats.base import Reader
    from pratique.ingest.models import Options, Source
    from pratique.model.vex import VexDocument

MAX_CLAIMS = 2_000_000
"""Most claims of one document; a vendor's largest CSAF document makes some 300,000."""


class NoDocumentError(UnsupportedError):
    """A file that was met in a folder is no document at all."""


class _Read(msgspec.Struct):
    """What the readers found in one document."""

    kind: DocumentKind
    format: str
    claims: list[Claim] = []
    bill: Bill | None = None


def digest_of(data: bytes) -> str:
    """Name of a document by its content."""
    return f"sha256:{sha256(data).hexdigest()}"


def read(source: Source, options: Options) -> Entry:
    """Read one document of any kind.

    Args:
        source: Its bytes, and what is beside it.
        options: Who brings it, and what it is of.

    Raises:
        NoDocumentError: It was met in a folder and is of no kind that documents are.
        InputError: It is of a known kind, but nothing of it can be read.
    """
    notes = Notes(source.path)
    found = peek(source.data)
    try:
        result = _read(source, found, shape(found), notes)
    except (InputError, RecursionError, MemoryError):
        raise
    except Exception as error:
        raise InputError(
            f"a reader failed on it ({type(error).__name__}); please report this with the file"
        ) from error
    problems = notes.done()
    if len(result.claims) > MAX_CLAIMS:
        raise InputError(f"makes over {MAX_CLAIMS:,} claims")
    return Entry(
        digest=source.digest or digest_of(source.data),
        raw=source.data,
        kind=result.kind,
        format=result.format,
        path=source.path,
        collector=options.collector,
        signer=options.verify(source.data, source.path) if options.verify else "",
        observed=options.clock(),
        created=created(found, source.data),
        claims=tuple(result.claims),
        bill=result.bill,
        placements=(_placement(result.bill, options),) if result.bill else (),
        problems=problems,
    )


def _read(source: Source, found: Peek | None, kind: Shape, notes: Notes) -> _Read:
    if kind is Shape.ATTESTATION and found is not None:
        return _attestation(source, found, notes)
    if kind is Shape.CSAF:
        return _vex(source.data, source.path, "csaf", notes)
    if kind is Shape.OPENVEX:
        return _vex(source.data, source.path, "openvex", notes)
    if kind is Shape.OSV:
        return _osv(source.data, notes)
    if kind is Shape.SCORECARD:
        claims = list(statements.scorecard_claims(source.data, notes))
        return _Read(DocumentKind.SCORECARD, "Scorecard JSON", claims)
    if kind is Shape.DEPS_DEV:
        claims = list(deps_dev.claims(source.data, notes))
        return _Read(DocumentKind.ATTESTATION, "deps.dev", claims)
    reader = registry.detect(source.inside, source.data)
    if reader is None or not _recognised(reader, source):
        return _opaque(source, kind, notes)
    return _inventory(source, reader, found, notes)


def _recognised(reader: Reader, source: Source) -> bool:
    """Whether the content is the reader's, or its name is and the format has no mark."""
    return not reader.sniff or registry.sniff_function(reader)(
        source.data[: registry.SNIFFED_BYTES]
    )


def _inventory(source: Source, reader: Reader, found: Peek | None, notes: Notes) -> _Read:
    """Graph and claims of whatever lists components."""
    if reader.kind is Kind.MANIFEST and (lock := _superseding(source, reader)):
        raise NoDocumentError(f"says nothing more than {lock} beside it; left out")
    reading = registry.read_function(reader)(source.data, source.inside, source.tree)
    for one in reading.problems:
        same = one.location.path == source.inside
        path = source.path if same else one.location.path
        where = msgspec.structs.replace(one.location, path=path)
        notes.extend([msgspec.structs.replace(one, location=where)])
    texts = [str(part.package) for part in reading.components]
    bill = bills.bill_of(reading, texts, source.path)
    said = {"format": reading.format, "uri": serial(found, source.data)}
    try:
        more = beside(source.data, reader.name, source.path, notes)
    except InputError as error:  # the bill itself was read
        more = None
        notes.unreadable(f"what it says of vulnerabilities cannot be read: {error.message}")
    if more is not None and set(bill.nodes) <= {bill.subject}:
        # It lists nothing: as the newest bill of a product it would hide the one that does.
        return _Read(DocumentKind.VEX, more.format, more.claims)
    claims = list(dict.fromkeys(map(_Hashed, bills.claims_of(reading, texts, bill.name, said))))
    every = [one.claim for one in claims] + (more.claims if more else [])
    return _Read(DocumentKind.SBOM, reading.format, every, bill)


class _Hashed:
    """A claim that can be told from others: its text is hashed, as its dictionary cannot be."""

    __slots__ = ("_key", "claim")

    def __init__(self, claim: Claim) -> None:
        self.claim = claim
        self._key = (claim.verb, claim.subject, claim.object, tuple(claim.said.items()))

    def __hash__(self) -> int:
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Hashed) and self._key == other._key


def _superseding(source: Source, reader: Reader) -> str:
    """Name of a lockfile beside a manifest that says all that the manifest does."""
    folder = source.inside.rpartition("/")[0]
    for name in source.tree.names(folder):
        if any(reader.name in other.supersedes for other in registry.by_name(name)):
            return name
    return ""


def _vex(data: bytes, path: str, format: str, notes: Notes) -> _Read:
    from pratique.formats import vex

    document: VexDocument = vex.read(data, path, format=format)
    notes.extend(document.problems)
    return _Read(DocumentKind.VEX, document.format, list(statements.vex_claims(document)))


def _osv(data: bytes, notes: Notes) -> _Read:
    record, defects = read_record(data)
    if not record.id:
        raise InputError("is an OSV record without an id")
    for defect in defects:
        text = f"{defect.where}: {defect.kind}" + (f" {defect.message}" if defect.message else "")
        notes.notice(text)
    return _Read(DocumentKind.ADVISORY, "OSV", list(statements.osv_claims(record)))


def _attestation(source: Source, found: Peek, notes: Notes) -> _Read:
    """A statement; one whose predicate is a whole document is read as that too."""
    from pratique.formats.openvex.labels import PREDICATE_TYPES
    from pratique.ingest import attestations

    try:
        payload = attestations.statement_bytes(source.data, found)
    except UnsupportedError as error:
        notes.notice(f"{error.message}; it is kept as it is")
        return _Read(DocumentKind.ATTESTATION, "signature")
    statement = attestations.statement_of(payload)
    format = f"in-toto {statement.predicate_type}"
    if payload is not source.data:
        notes.notice("is signed; nobody has verified the signature here")
    if statement.predicate_type in PREDICATE_TYPES:
        result = _vex(source.data, source.path, "attestation", notes)
        return _Read(DocumentKind.ATTESTATION, format, result.claims)
    reader = registry.detect("-", source.data)
    if reader is not None and reader.kind is Kind.SBOM:
        result = _inventory(source, reader, found, notes)
        result.format = f"{result.format} in in-toto"
        return result
    claims = list(attestations.claims_of(statement, notes))
    return _Read(DocumentKind.ATTESTATION, format, claims)


def _opaque(source: Source, kind: Shape, notes: Notes) -> _Read:
    """A document that is not known: kept, with a notice; a folder's other files are none."""
    if not source.data.strip():
        raise InputError("is empty")
    name = source.inside.lower()
    if not source.given and not name.endswith((".json", ".jsonl")):
        raise NoDocumentError("is no document that is known here; left out")
    if kind is Shape.OTHER and name.endswith((".json", ".jsonl")):
        parse_json(decode(source.data))  # says where it is broken
    if alike := registry.by_name(source.inside):
        notes.unknown(f"is named like a {alike[0].name} document but is none; kept as it is")
    else:
        notes.notice("is of no kind that is known here; it is kept as it is")
    return _Read(DocumentKind.OPAQUE, "unknown")


def _placement(bill: Bill, options: Options) -> Placement:
    given = options.placement
    if given is None:
        return Placement(product=bill.name, version=bill.version)
    changes = {
        "product": given.product or bill.name,
        "version": given.version or bill.version,
    }
    return msgspec.structs.replace(given, **changes)


def unreadable(path: str, error: InputError, line: int = 0) -> Problem:
    """The problem that a document which cannot be read is."""
    from pratique.model.inventory import Location

    return Problem(Location(path, line), Trouble.UNREADABLE, error.message)


def problems_of(entries: Iterable[Entry]) -> list[Problem]:
    """All problems of some documents."""
    return [problem for entry in entries for problem in entry.problems]
