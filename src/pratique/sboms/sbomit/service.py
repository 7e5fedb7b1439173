"""Builds SBOMit documents and their bills, and verifies both (sections 7 and 8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from pratique.formats.dsse.wire import decode_json
from pratique.formats.intoto.layout import Layout, read_metadata
from pratique.formats.jsf import strict_json
from pratique.formats.json_patch import difference, equal, read_patch
from pratique.formats.sigstore import read_bundle
from pratique.model.attestation import Grade, worst
from pratique.model.errors import ExitCode, InputError, PratiqueError
from pratique.provenance.bundle import expect_signer, verify_bundle
from pratique.provenance.errors import UnsupportedEvidenceError, VerificationError
from pratique.sboms.errors import OverrideError
from pratique.sboms.sbomit.chain import (
    Proven,
    prove,
    read_envelope_value,
    signer_of,
    signers_of,
)
from pratique.sboms.sbomit.deriving import Derived, Origin, derive
from pratique.sboms.sbomit.document import SbomitDocument, Sit, effective, new_value
from pratique.sboms.sbomit.mutation import Mutated, Override, mutate, origins
from pratique.sboms.signing import is_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from pratique.provenance.functionaries import Functionary
    from pratique.provenance.subject import Subject

MAX_FILE_BYTES = 64 * 1024 * 1024
"""Largest link or attestation that is taken in."""

INSECURE = "--insecure-allow-in-toto-override"
"""The option under which a mutation may override what is attested (section 8.2.1)."""


class Finding(msgspec.Struct, frozen=True):
    """One thing that was checked."""

    what: str
    grade: Grade
    cause: str = ""


class BillSigner(msgspec.Struct, frozen=True):
    """A Sigstore identity that may sign bills besides the functionaries, by the reader's word."""

    root: Any
    """:class:`~pratique.provenance.trust.TrustRoot`."""

    identity: str
    issuer: str


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What verifying a document gave."""

    document: str
    findings: tuple[Finding, ...]
    overrides: tuple[Override, ...] = ()
    addendums: tuple[tuple[str, ...], ...] = ()
    notices: tuple[str, ...] = ()
    fields: dict[str, Origin] = {}
    """Origin of each leaf of the bill, by its path."""

    @property
    def grade(self) -> Grade:
        """The worst of all findings."""
        return worst(one.grade for one in self.findings)

    @property
    def exit_code(self) -> ExitCode:
        """0 verified, 1 something does not hold, 3 something is unknown."""
        return self.grade.exit_code


def build(
    layout: bytes,
    folder: Path,
    attestations: Iterable[Path],
    sits: tuple[Sit, ...],
    owners: Sequence[Functionary],
    now: datetime,
    parameters: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The value of a new document, once everything in it holds.

    Args:
        layout: Signed layout.
        folder: With links and sublayouts, as in-toto names them.
        attestations: Further statements of functionaries, each in an envelope.
        sits: The bills to be derived.
        owners: Each must have signed the layout.
        now: In UTC.
        parameters: Of the layout.

    Raises:
        VerificationError: The layout does not hold over the metadata.
        InputError: Something cannot be read.
    """
    content = read_metadata(layout, dict(parameters or {})).content
    if not isinstance(content, Layout):
        raise InputError("is an in-toto link, not a layout")
    metadata = dict(_links(content, folder, ""))
    for path in attestations:
        if path.name in metadata or path.name.endswith(".link"):
            raise InputError(
                f"attestation {path.name[:80]!r} has the name of a link or another one"
            )
        metadata[path.name] = _value(path)
    value = new_value(decode_json(layout, Any, "layout"), metadata, sits)
    document = effective(value)
    proven = prove(document, owners, now, parameters)
    for sit in document.sits:
        signers_of(proven.layout, sit.step, now)
        derive(document, proven, sit, now)
    return value


def _links(layout: Layout, folder: Path, prefix: str) -> Iterable[tuple[str, Any]]:
    """The links of a layout's steps in a folder, with those of sublayouts."""
    for step in layout.steps:
        for keyid in step.pubkeys:
            name = f"{step.name}.{keyid[:8]}.link"
            path = folder / name
            if not path.is_file():
                continue
            value = _value(path)
            yield f"{prefix}{name}", value
            inner = read_metadata(msgspec.json.encode(value)).content
            for below in (keyid[:8], keyid) if isinstance(inner, Layout) else ():
                place = folder / f"{step.name}.{below}"
                if isinstance(inner, Layout) and place.is_dir():
                    yield from _links(inner, place, f"{prefix}{place.name}/")
                    break


def _value(path: Path) -> Any:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from None
    if len(data) > MAX_FILE_BYTES:
        raise InputError(f"{path} is over the limit of {MAX_FILE_BYTES:,} bytes.")
    try:
        return strict_json(data.strip())
    except InputError as error:
        raise type(error)(f"{path} {error.message}.") from None


def bill(
    document: SbomitDocument, proven: Proven, sit: Sit, now: datetime, *, insecure: bool = False
) -> tuple[Derived, Mutated]:
    """A bill, derived and mutated.

    Raises:
        OverrideError: The mutation overrides what is attested, and ``insecure`` is not given.
        InputError: The mutation cannot be applied.
    """
    derived = derive(document, proven, sit, now)
    mutated = mutate(derived, read_patch(sit.mutation))
    if mutated.overrides and not insecure:
        first = mutated.overrides[0]
        raise OverrideError(
            f"the mutation of {sit.name} overrides what is attested in {len(mutated.overrides)} "
            f"places, as at {first.path or 'a mark of origin'} ({first.what}).",
            remedy=f"Correct the mutation, or take the risk with {INSECURE}.",
        )
    return derived, mutated


def mutation_of(derived: Derived, edited: Any) -> list[dict[str, Any]]:
    """The mutation that makes an edited bill of a derived one (section 7.1.1).

    Raises:
        InputError: The edited bill is no object.
    """
    if not isinstance(edited, dict):
        raise InputError("is no bill of materials: it is no object")
    return difference(derived.value, edited)


def verify(
    document: SbomitDocument,
    owners: Sequence[Functionary],
    now: datetime,
    *,
    name: str,
    artifacts: Sequence[Subject] = (),
    sits: Mapping[str, tuple[bytes, Sequence[bytes]]] | None = None,
    sit_step: str = "",
    insecure: bool = False,
    parameters: Mapping[str, str] | None = None,
    fields: bool = False,
    signer: BillSigner | None = None,
) -> Verdict:
    """Verify a document, and bills that were made of it.

    Args:
        document: After its addendums.
        owners: Whose signatures the layout must have.
        now: In UTC.
        name: Of the document, for the verdict.
        artifacts: Files that must be products of the last step.
        sits: Bills by name, each with its attestations.
        sit_step: Step whose functionaries may sign bills; empty for the last one, whose
            functionaries answer for the product itself.
        insecure: Whether mutations may override what is attested.
        parameters: Of the layout.
        fields: Whether to say of each field of the one bill where it comes from.
        signer: Who may sign bills besides the functionaries.
    """
    found: list[Finding] = []
    try:
        proven = prove(document, owners, now, parameters)
    except (VerificationError, InputError, UnsupportedEvidenceError) as error:
        return Verdict(
            document=name,
            findings=(_failed("layout and metadata", error),),
            addendums=document.addendums,
        )
    found.append(Finding("layout and metadata", Grade.VERIFIED))
    found += [
        Finding(f"inspection {one}", Grade.UNSUPPORTED, "is a command, which is never run")
        for one in proven.chain.inspections
    ]
    found += [_artifact(one, proven) for one in artifacts]
    step = sit_step or proven.layout.steps[-1].name
    overrides: list[Override] = []
    notices = list(proven.notices)
    told: dict[str, Origin] = {}
    for sit in document.sits:
        try:
            derived = derive(document, proven, sit, now)
            mutated = mutate(derived, read_patch(sit.mutation))
        except (InputError, PratiqueError) as error:
            found.append(_failed(f"mutation of {sit.name}", error))
            continue
        notices += derived.notices
        overrides += mutated.overrides
        found.append(_mutation(sit, mutated, insecure=insecure))
        if fields and len(document.sits) == 1:
            told = origins(derived, mutated)
        if sits and sit.name in sits:
            data, envelopes = sits[sit.name]
            found += _bill(sit, mutated, data, envelopes, proven, step, now, signer)
    unknown = set(sits or ()) - {sit.name for sit in document.sits}
    found += [
        Finding(f"bill {one}", Grade.FAILED, "is none that the document derives")
        for one in sorted(unknown)
    ]
    return Verdict(
        document=name,
        findings=tuple(found),
        overrides=tuple(overrides),
        addendums=document.addendums,
        notices=tuple(dict.fromkeys(notices)),
        fields=told,
    )


def _failed(what: str, error: PratiqueError) -> Finding:
    unsupported = isinstance(error, UnsupportedEvidenceError)
    return Finding(what, Grade.UNSUPPORTED if unsupported else Grade.FAILED, error.message)


def _artifact(one: Subject, proven: Proven) -> Finding:
    made = [digests.get("sha256", "").lower() for digests in proven.chain.products.values()]
    if one.digests.get("sha256") in made:
        return Finding(f"artifact {one.name}", Grade.VERIFIED)
    return Finding(f"artifact {one.name}", Grade.FAILED, "is no product of the last step")


def _mutation(sit: Sit, mutated: Mutated, *, insecure: bool) -> Finding:
    what = f"mutation of {sit.name}"
    number = len(mutated.overrides)
    if not number:
        return Finding(what, Grade.VERIFIED)
    cause = f"overrides what is attested in {number} places"
    if insecure:
        return Finding(what, Grade.VERIFIED, f"{cause}, which {INSECURE} allows")
    return Finding(what, Grade.FAILED, cause)


def _bill(
    sit: Sit,
    mutated: Mutated,
    data: bytes,
    envelopes: Sequence[bytes],
    proven: Proven,
    step: str,
    now: datetime,
    signer: BillSigner | None,
) -> Iterable[Finding]:
    """A bill: that it is what the document derives, and who signed it (section 8.1)."""
    try:
        same = equal(strict_json(data), mutated.value)
    except InputError as error:
        yield _failed(f"bill {sit.name}", error)
        return
    if same:
        yield Finding(f"bill {sit.name}", Grade.VERIFIED)
    else:
        yield Finding(f"bill {sit.name}", Grade.FAILED, "is not what the document derives")
    what = f"signature of {sit.name}"
    if not envelopes:
        yield Finding(what, Grade.NONE, "no attestation of the bill was found")
        return
    try:
        who = signers_of(proven.layout, step, now)
    except InputError as error:
        yield _failed(what, error)
        return
    causes = []
    for one in envelopes:
        cause = _signature(one, data, who, proven, step, signer)
        if not cause:
            yield Finding(what, Grade.VERIFIED)
            return
        causes.append(cause)
    yield Finding(what, Grade.FAILED, "; ".join(dict.fromkeys(causes)))


def _signature(
    one: bytes,
    data: bytes,
    who: list[Functionary],
    proven: Proven,
    step: str,
    signer: BillSigner | None,
) -> str:
    """Why an attestation does not hold for a bill; empty where it does."""
    try:
        envelope, statement = read_envelope_value(strict_json(one), "attestation")
        payload = strict_json(envelope.payload)
    except InputError as error:
        return error.message
    if not signer_of(envelope, who):
        if signer is None:
            return f"it is signed by nobody who may sign for the step {step}"
        try:
            verified = verify_bundle(read_bundle(one), signer.root)
            expect_signer(verified, signer.identity, signer.issuer)
        except PratiqueError as error:
            return error.message
    if not is_of(statement.predicate_type, payload.get("predicate"), data):
        return "it is about another bill of materials"
    made = {digests.get("sha256", "").lower() for digests in proven.chain.products.values()} - {""}
    about = {descriptor.digests.get("sha256", "").lower() for descriptor in statement.subject}
    return "" if about & made else "it is about no product of the last step"
