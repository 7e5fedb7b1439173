"""in-toto statements as claims: SLSA provenance, vulnerability scans, and others.

Statement v0.1 and v1 (in-toto attestation framework), bare, in a DSSE envelope
or in a Sigstore bundle.  A predicate that is not known here is kept as it is,
with a claim that says which artifacts it is about.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from pratique.formats.dsse import read_envelope
from pratique.formats.intoto import ResourceDescriptor, Statement, read_statement
from pratique.formats.sigstore import read_bundle
from pratique.formats.slsa import PROVENANCE_TYPES, provenance_of
from pratique.ingest import reviews
from pratique.ingest.detecting import there
from pratique.model.errors import InputError, UnsupportedError
from pratique.model.evidence import Verb
from pratique.model.nouns import Artifact, Builder, License
from pratique.model.purl import Package
from pratique.store import nouns
from pratique.store.documents import Claim

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pratique.formats.base import Notes
    from pratique.ingest.detecting import Peek
    from pratique.store.nouns import Noun

MAX_MATERIALS = 10_000
"""Most materials of a build that are kept; the largest published lists have some 3,000."""


def statement_bytes(data: bytes, found: Peek) -> bytes:
    """The statement inside an envelope or bundle; the document itself where it is bare.

    Raises:
        UnsupportedError: It is a signature over something else than a statement.
        InputError: The envelope or the bundle cannot be read.
    """
    if there(found.dsse_envelope) or there(found.verification_material):
        envelope = read_bundle(data).envelope
        if envelope is None:
            raise UnsupportedError("is a Sigstore bundle over bytes, not over a statement")
        return envelope.payload
    if there(found.payload):
        return read_envelope(data).payload
    return data


def statement_of(payload: bytes) -> Statement:
    """The statement of a payload, also where its members are named as in its protobuf.

    Raises:
        InputError: It is none.
    """
    try:
        return read_statement(payload)
    except InputError:
        value = _object(payload)
        if "type" not in value and "predicate_type" not in value:
            raise
        names = {"type": "_type", "predicate_type": "predicateType"}
        renamed = {names.get(key, key): part for key, part in value.items()}
        return read_statement(msgspec.json.encode(renamed))


def _object(payload: bytes) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(payload)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return {}
    return value if isinstance(value, dict) else {}


def claims_of(statement: Statement, notes: Notes) -> Iterator[Claim]:
    """What a statement claims of its subjects."""
    subjects: list[Noun] = []
    for number, one in enumerate(statement.subject):
        subjects += _nouns(one, f"subject[{number}]", notes)
    kind = statement.predicate_type
    if not subjects:
        notes.unknown(f"is an attestation of {kind[:120]!r} about nothing that can be named")
        return
    try:
        if kind in PROVENANCE_TYPES:
            yield from _provenance(statement, subjects, notes)
            return
        if kind.startswith((reviews.CREV, reviews.CERTIFY)):
            yield from reviews.claims(statement, subjects, notes)
            return
        for prefix, reader in _PREDICATES.items():
            if kind.startswith(prefix):
                yield from reader(statement.predicate or {}, subjects, notes)
                return
    except InputError as error:
        notes.unreadable(error.message)
    if kind not in PROVENANCE_TYPES:
        notes.notice(f"predicate {kind[:120]!r} is not known here; it is kept as it is")
    said = {"key": "attestation", "value": kind}
    for subject in subjects:
        yield Claim(verb=Verb.HAS_METADATA, subject=subject, said=said)


def _nouns(one: ResourceDescriptor, place: str, notes: Notes) -> list[Noun]:
    """The package and the artifacts that a resource descriptor names."""
    found: list[Noun] = []
    for text in (one.uri, one.name):
        if text and text.startswith("pkg:"):
            try:
                found.append(nouns.package(Package.parse(text)))
            except InputError as error:
                notes.unknown(f"{place}: {error.message}")
    for algorithm, digest in one.digests.items():
        try:
            found.append(nouns.artifact(Artifact.of(algorithm, digest)))
        except InputError as error:
            notes.unknown(f"{place}: {error.message}")
    if not found and (name := one.uri or one.name):
        found.append(nouns.product(name))
    return list(dict.fromkeys(found))


def _provenance(statement: Statement, subjects: Sequence[Noun], notes: Notes) -> Iterator[Claim]:
    """HasSLSA: which builder built the subjects, when, from what (SLSA provenance)."""
    build = provenance_of(statement)
    materials = [
        {"uri": one.uri or one.name or "", "digest": one.digests}
        for one in build.dependencies[:MAX_MATERIALS]
    ]
    if len(build.dependencies) > MAX_MATERIALS:
        notes.unknown(f"has over {MAX_MATERIALS:,} materials; the rest is left out")
    if not build.builder:
        notes.unknown("is provenance that names no builder")
    said = {
        "slsa version": build.version,
        "build type": build.build_type,
        "started": build.started,
        "finished": build.finished,
        "invocation": build.invocation,
        "config source": (build.config_source.uri or "") if build.config_source else "",
        "materials": msgspec.json.encode(materials, order="sorted").decode() if materials else "",
    }
    builder = nouns.builder(Builder(build.builder or "unknown"))
    for subject in subjects:
        yield Claim(verb=Verb.HAS_SLSA, subject=subject, object=builder, said=said)


def _vulns(predicate: dict[str, Any], subjects: Sequence[Noun], notes: Notes) -> Iterator[Claim]:
    """CertifyVuln (``https://in-toto.io/attestation/vulns``, v0.1 and v0.2).

    A scan without a result certifies ``novuln``: looked at and nothing known.
    """
    scanner, meta = _dict(predicate.get("scanner")), _dict(predicate.get("metadata"))
    database = _dict(scanner.get("db"))
    results = scanner.get("result") or []
    if not isinstance(results, list):
        raise InputError("vulns predicate: its result is no list")
    said = {
        "scanner": _text(scanner.get("uri")),
        "scanner version": _text(scanner.get("version")),
        "database": _text(database.get("uri")),
        "database version": _text(database.get("version")),
        "time scanned": _text(meta.get("scanFinishedOn") or meta.get("scanStartedOn")),
    }
    ids: list[str] = []
    for number, row in enumerate(results):
        name = _text(_dict(row).get("id") or _dict(row).get("vulnerability_id"))
        if name:
            ids.append(name)
        else:
            notes.unknown(f"vulns predicate: result[{number}] has no id")
    for subject in subjects:
        for name in ids or ([] if results else ["novuln"]):
            object = nouns.vulnerability(name)
            yield Claim(verb=Verb.CERTIFY_VULN, subject=subject, object=object, said=said)


def _clearly_defined(
    predicate: dict[str, Any], subjects: Sequence[Noun], _notes: Notes
) -> Iterator[Claim]:
    """CertifyLegal of ClearlyDefined's definition: declared, and discovered in the files."""
    definition = _dict(predicate.get("definition"))
    licensed, described = _dict(definition.get("licensed")), _dict(definition.get("described"))
    core = _dict(_dict(licensed.get("facets")).get("core"))
    expressions = _dict(core.get("discovered")).get("expressions")
    discovered = [_text(one) for one in expressions] if isinstance(expressions, list) else []
    parties = _dict(core.get("attribution")).get("parties")
    holders = [_text(one) for one in parties] if isinstance(parties, list) else []
    rows = [("declared", _text(licensed.get("declared")))]
    rows += [("discovered", text) for text in discovered]
    place = _dict(described.get("sourceLocation"))
    for subject in subjects:
        for origin, text in rows:
            if text:
                said = {"origin": f"ClearlyDefined {origin}", "attribution": "\n".join(holders)}
                object = nouns.license(License(text))
                yield Claim(verb=Verb.CERTIFY_LEGAL, subject=subject, object=object, said=said)
        if url := _text(place.get("url")):
            said = {"key": "source location", "value": url, "commit": _text(place.get("revision"))}
            yield Claim(verb=Verb.HAS_METADATA, subject=subject, said=said)


def _end_of_life(
    predicate: dict[str, Any], subjects: Sequence[Noun], _notes: Notes
) -> Iterator[Claim]:
    """HasMetadata ``endoflife``: every member of the predicate that is a plain value."""
    plain = {key: _text(value) for key, value in predicate.items()}
    said = {"key": "endoflife", **{key: text for key, text in plain.items() if text}}
    for subject in subjects:
        yield Claim(verb=Verb.HAS_METADATA, subject=subject, said=said)


def _references(
    predicate: dict[str, Any], subjects: Sequence[Noun], notes: Notes
) -> Iterator[Claim]:
    """HasMetadata ``reference``: documents about the subjects, elsewhere."""
    rows = predicate.get("references")
    attester = _text(_dict(predicate.get("attester")).get("id"))
    for number, row in enumerate(rows if isinstance(rows, list) else []):
        one = _dict(row)
        where = _text(one.get("downloadLocation") or one.get("uri") or one.get("name"))
        if not where:
            notes.unknown(f"reference predicate: references[{number}] names no place")
            continue
        digests = [f"{key}:{_text(value)}" for key, value in _dict(one.get("digest")).items()]
        said = {
            "key": "reference",
            "value": where,
            "media type": _text(one.get("mediaType")),
            "digest": " ".join(sorted(digests)),
            "attester": attester,
        }
        for subject in subjects:
            yield Claim(verb=Verb.HAS_METADATA, subject=subject, said=said)


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    """A plain value as text; empty for none and for what is not plain."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else ""


_PREDICATES: dict[str, Callable[[dict[str, Any], Sequence[Noun], Notes], Iterator[Claim]]] = {
    "https://in-toto.io/attestation/vulns": _vulns,
    "https://in-toto.io/attestation/clearlydefined": _clearly_defined,
    "https://in-toto.io/attestation/eol": _end_of_life,
    "https://in-toto.io/attestation/reference": _references,
}
