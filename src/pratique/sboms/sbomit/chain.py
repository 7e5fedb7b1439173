"""What a document's metadata proves: the layout over its links, and signed attestations."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.formats.dsse import IN_TOTO_PAYLOAD, Envelope, envelope_of, pae
from pratique.formats.intoto import Statement, read_statement
from pratique.formats.intoto.layout import Layout, Link, read_metadata
from pratique.formats.jsf import strict_json
from pratique.model.errors import InputError, PratiqueError
from pratique.provenance.errors import VerificationError
from pratique.provenance.functionaries import Functionary, functionary_of, verify_scheme
from pratique.provenance.supply_chain import ChainResult, verify_chain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from pratique.formats.intoto.layout import Key

    from .document import SbomitDocument

Artifacts = dict[str, dict[str, str]]


class StepEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """What one step took and made, as its functionaries attest."""

    name: str
    signers: tuple[str, ...]
    materials: Artifacts
    products: Artifacts


class Attested(msgspec.Struct, frozen=True, kw_only=True):
    """A statement that a functionary of the layout signed, about an artifact of the chain."""

    name: str
    signer: str
    statement: Statement


class Proven(msgspec.Struct, frozen=True, kw_only=True):
    """What holds."""

    chain: ChainResult
    steps: tuple[StepEvidence, ...]
    attested: tuple[Attested, ...]
    layout: Layout
    notices: tuple[str, ...] = ()


def prove(
    document: SbomitDocument,
    owners: Sequence[Functionary],
    now: datetime,
    parameters: Mapping[str, str] | None = None,
) -> Proven:
    """Verify the layout of a document over its metadata (sections 5.2.1 and 8.2.1).

    Args:
        document: The document.
        owners: Each must have signed the layout.
        now: In UTC; the layout must not have expired.
        parameters: For ``{NAME}`` in the layout.

    Raises:
        VerificationError: Something does not hold, attestations included.
        UnsupportedEvidenceError: Something is of a kind that is not verified here.
        InputError: Something cannot be read.
    """
    layout = msgspec.json.encode(document.layout)
    with tempfile.TemporaryDirectory(prefix="pratique-sbomit-") as place:
        folder = Path(place)
        for name, value in document.links.items():
            path = folder / name
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(msgspec.json.encode(value))
            except OSError:
                raise InputError(f"metadata of the name {name[:80]!r} cannot be a file") from None
        chain = verify_chain(layout, owners, folder, now, parameters)
        content = read_metadata(layout, dict(parameters or {})).content
        if not isinstance(content, Layout):
            raise InputError("document has a link in place of its layout")
        steps = tuple(_steps(content, chain, folder, now))
    attested = tuple(_attested(document.attestations, content, steps, now))
    return Proven(
        chain=chain, steps=steps, attested=attested, layout=content, notices=chain.notices
    )


def _steps(
    layout: Layout, chain: ChainResult, folder: Path, now: datetime
) -> Iterable[StepEvidence]:
    """Materials and products of each step: all its links agree, so one of them is read."""
    for result in chain.steps:
        keyid = result.signers[0]
        data = (folder / f"{result.name}.{keyid[:8]}.link").read_bytes()
        content = read_metadata(data).content
        if isinstance(content, Link):
            materials, products = content.materials, content.products
        else:
            inner = _within(layout.keys[keyid], data, folder, result.name, now)
            materials, products = inner.materials, inner.products
        yield StepEvidence(
            name=result.name, signers=result.signers, materials=materials, products=products
        )


def _within(key: Key, data: bytes, folder: Path, step: str, now: datetime) -> ChainResult:
    """What a sublayout sums up to (in-toto 1.0, section 4.5)."""
    who = functionary_of(key, now)
    folders = [folder / f"{step}.{one}" for one in (key.keyid[:8], key.keyid)]
    inner = next((one for one in folders if one.is_dir()), folders[0])
    return verify_chain(data, (who,), inner, now)


def signers_of(layout: Layout, step: str, now: datetime) -> list[Functionary]:
    """Those who may sign for a step.

    Raises:
        InputError: The layout has no such step.
    """
    for one in layout.steps:
        if one.name == step:
            found = []
            for keyid in one.pubkeys:
                try:
                    found.append(functionary_of(layout.keys[keyid], now))
                except PratiqueError:  # expired or of a kind that is not verified: nobody
                    continue
            return found
    raise InputError(f"the layout has no step {step[:80]!r}")


def signer_of(envelope: Envelope, who: Iterable[Functionary]) -> str:
    """Key id of one who signed an envelope; empty where nobody of them did."""
    data = pae(envelope.payload_type, envelope.payload)
    for one in who:
        for signature in envelope.signatures:
            try:
                if not one.pgp:
                    verify_scheme(one.key, signature.sig, data)
                    return one.keyid or one.id
            except VerificationError:
                continue
    return ""


def read_envelope_value(value: Any, what: str) -> tuple[Envelope, Statement]:
    """The envelope of a value, and its statement.

    Raises:
        InputError: It is none, or has a member twice.
    """
    if not isinstance(value, dict):
        raise InputError(f"{what} is no envelope")
    try:
        envelope = envelope_of(value.get("dsseEnvelope", value))
        strict_json(envelope.payload)
        statement = read_statement(envelope.payload)
    except InputError as error:
        raise type(error)(f"{what}: {error.message}") from None
    if envelope.payload_type != IN_TOTO_PAYLOAD:
        raise InputError(f"{what} holds no in-toto statement")
    return envelope, statement


def _attested(
    given: Mapping[str, Any], layout: Layout, steps: tuple[StepEvidence, ...], now: datetime
) -> Iterable[Attested]:
    """Statements that count: of a functionary, about a material or product of a step.

    Raises:
        VerificationError: One is of nobody of the layout, or about something else.
    """
    names = dict.fromkeys(step.name for step in layout.steps)
    who = [one for name in names for one in signers_of(layout, name, now)]
    digests = {
        (algorithm, value.lower())
        for step in steps
        for artifacts in (step.materials, step.products)
        for sums in artifacts.values()
        for algorithm, value in sums.items()
        if algorithm in {"sha256", "sha384", "sha512"}
    }
    for name, value in sorted(given.items()):
        envelope, statement = read_envelope_value(value, name)
        signer = signer_of(envelope, who)
        if not signer:
            raise VerificationError(
                f"{name} is signed by nobody whom the layout names",
                remedy="Leave it out, or have a functionary of the layout sign it.",
            )
        about = {(k, v.lower()) for one in statement.subject for k, v in one.digests.items()}
        if not about & digests:
            raise VerificationError(f"{name} is about no artifact of the supply chain")
        yield Attested(name=name, signer=signer, statement=statement)
