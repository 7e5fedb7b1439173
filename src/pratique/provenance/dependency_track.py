"""The Dependency track of SLSA 1.2, which is a draft: how far a list of components reaches it.

Level 1: there is an inventory of all dependencies.  Level 2: the vulnerabilities that
are known in them were triaged before the release; shown by an attestation of a scan
of the very list, signed by whoever is expected, in which each result is decided on, by
its own status or by an attested OpenVEX statement.  Levels 3 and 4 are about where
dependencies are consumed from, which no list shows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pratique.formats.dsse import read_envelope
from pratique.formats.intoto.predicates import Vulnerabilities, typed_predicate
from pratique.formats.openvex.labels import PREDICATE_TYPES
from pratique.formats.sigstore import read_bundle
from pratique.model.attestation import Grade, VerifiedEvidence
from pratique.model.errors import InputError
from pratique.provenance.bundle import statement_of
from pratique.provenance.kinds import Kind, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pratique.formats.intoto import Statement
    from pratique.provenance.locked import Locked
    from pratique.provenance.request import Request

INVENTORIED = "SLSA_DEPENDENCY_LEVEL_1"
TRIAGED = "SLSA_DEPENDENCY_LEVEL_2"
SCANS = "https://in-toto.io/attestation/vulns/"

_UNDECIDED = frozenset({"", "open", "under_investigation"})
"""Statuses of a result of a scan that nobody has decided on."""


def dependency_track(
    listed: Iterable[Locked],
    problems: Iterable[str],
    evidence: Iterable[VerifiedEvidence],
    documents: Mapping[str, bytes],
    request: Request,
) -> tuple[tuple[str, ...], str]:
    """Levels that are reached, and why no higher one is.

    Args:
        listed: The components.
        problems: What of the list could not be read.
        evidence: About the list itself, graded.
        documents: Bytes of the evidence, by their digest (``sha256:…``).
        request: Who is expected.
    """
    components = tuple(listed)
    if first := next(iter(problems), ""):
        return (), f"the inventory is not complete: {first}"
    if not components:
        return (), "the inventory lists no component"
    loose = [one for one in components if not one.package.version and not one.elsewhere]
    if loose:
        return (), f"the inventory names no version of {loose[0].package} ({len(loose)} are so)"
    why = _untriaged(evidence, documents, request)
    if why:
        return (INVENTORIED,), why
    return (TRIAGED,), "where dependencies are consumed from (level 3) is not shown by a list"


def _untriaged(
    evidence: Iterable[VerifiedEvidence], documents: Mapping[str, bytes], request: Request
) -> str:
    """Why vulnerabilities are not shown to be triaged; empty where they are."""
    statements = [
        statement
        for one in evidence
        if one.grade is Grade.VERIFIED and one.digest in documents
        for statement in _statements(documents[one.digest])
        if not request.knows_signer or request.expects(one.identity, one.issuer)
    ]
    scans = [one for one in statements if one.predicate_type.startswith(SCANS)]
    if not scans:
        who = " by who is expected" if request.knows_signer else ""
        return f"no verified attestation of a scan for vulnerabilities{who} lies beside the list"
    if not request.knows_signer:
        return "anybody can attest a scan: say who should with --key, or --identity and --issuer"
    try:
        decided = _decided(statements)
        for scan in scans:
            typed = typed_predicate(scan)
            if not isinstance(typed, Vulnerabilities):
                return "the attestation of the scan cannot be read"
            for result in typed.scanner.result:
                said = {k: v for note in result.annotations for k, v in note.items()}
                if str(said.get("status", "")) in _UNDECIDED and result.id.upper() not in decided:
                    return f"nobody has decided on {result.id[:60]}"
    except InputError as error:
        return f"an attestation cannot be read: {error.message}"
    return ""


def _decided(statements: Iterable[Statement]) -> set[str]:
    """Vulnerabilities that attested OpenVEX documents have decided on, by all their names."""
    import msgspec

    from pratique.formats import vex
    from pratique.model.vex import Status

    found: set[str] = set()
    for one in statements:
        if one.predicate_type not in PREDICATE_TYPES or one.predicate is None:
            continue
        document = vex.read(msgspec.json.encode(one.predicate), "attestation", format="openvex")
        for each in document.statements:
            if each.status is not Status.UNDER_INVESTIGATION:
                found.update(name.upper() for name in (each.vulnerability, *each.aliases))
    return found


def _statements(data: bytes) -> list[Statement]:
    """Statement of a document that was verified."""
    envelope: Any = None
    try:
        kind = kind_of(data)
        if kind is Kind.BUNDLE:
            envelope = read_bundle(data).envelope
        elif kind is Kind.ENVELOPE:
            envelope = read_envelope(data)
        return [statement_of(envelope)] if envelope is not None else []
    except InputError:
        return []
