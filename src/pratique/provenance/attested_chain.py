"""Verification of a supply chain by a layout over attestations (ITE-10, ITE-11).

A statement counts for a step only if one of the functionaries that the step
names for its predicate type has signed it; so only such statements are what
``MATCH`` looks at in other steps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from pratique.formats.dsse import IN_TOTO_PAYLOAD, Envelope, pae, read_envelope
from pratique.formats.dsse.wire import decode_json
from pratique.formats.intoto.attested_layout import (
    AttestedLayout,
    AttestedStep,
    ExpectedPredicate,
    read_attested_layout,
)
from pratique.formats.intoto.predicates import Link, typed_predicate
from pratique.formats.intoto.rules import Artifacts, Item, RuleError, apply_rules, normal_names
from pratique.formats.intoto.statement import STATEMENT_TYPES, Statement, read_statement
from pratique.formats.slsa import PROVENANCE_TYPES, provenance_of
from pratique.model.errors import InputError, PratiqueError
from pratique.provenance.cel_rules import MissingClaimError, holds
from pratique.provenance.errors import VerificationError
from pratique.provenance.files import shown
from pratique.provenance.functionaries import Functionary, ed25519, verify_scheme
from pratique.provenance.keys import load_key
from pratique.provenance.supply_chain import MAX_LINK_BYTES, ChainResult, StepResult

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from pathlib import Path

    from pratique.formats.intoto import ResourceDescriptor

MAX_ATTESTATIONS = 10_000
"""Most files of attestations in a folder."""


class _Claim(msgspec.Struct, frozen=True):
    """A statement with the functionary that says it."""

    keyid: str
    functionary: str
    """Name of the key material."""

    statement: Statement
    item: Item


def verify_attested_chain(
    layout: bytes, folder: Path, now: datetime, parameters: Mapping[str, str] | None = None
) -> ChainResult:
    """Verify attestations in a folder against a layout that the caller trusts.

    Args:
        layout: The document; it is the caller's own policy, so it is not signed.
        folder: With the envelopes, ``STEP.KEYID8.json``.
        now: In UTC; the layout must not have expired.
        parameters: Values of ``{NAME}`` in the rules.

    Raises:
        VerificationError: A step is not attested as the layout demands.
        InputError: The layout cannot be read.
    """
    document = read_attested_layout(layout, dict(parameters or {}))
    if document.expires <= now:
        raise VerificationError(f"the layout expired at {document.expires:%Y-%m-%d %H:%M:%S} UTC")
    if not document.steps:
        raise VerificationError("the layout has no steps, so that it says nothing")
    keys = {keyid: _functionary(keyid, key) for keyid, key in document.functionaries.items()}
    notices: list[str] = []
    claims = {
        step.name: _claims(step, keys, _envelopes(step, folder, notices), notices)
        for step in document.steps
    }
    items = {name: _merged(found) for name, found in claims.items()}
    results = tuple(
        _verify_step(step, claims[step.name], items, notices) for step in document.steps
    )
    return _result(document, results, items, notices)


def _result(
    document: AttestedLayout,
    results: tuple[StepResult, ...],
    items: Mapping[str, Item],
    notices: list[str],
) -> ChainResult:
    first, last = (items[document.steps[at].name] for at in (0, -1))
    return ChainResult(
        steps=results,
        materials={name: dict(value) for name, value in first.materials.items()},
        products={name: dict(value) for name, value in last.products.items()},
        notices=tuple(dict.fromkeys(notices)),
    )


def _functionary(keyid: str, given: dict[str, Any]) -> Functionary:
    value = given.get("keyVal")
    public = value.get("public") if isinstance(value, dict) else None
    if not isinstance(public, str):
        raise InputError(f"functionary {keyid[:16]!r} has no public key")
    if given.get("keyID", keyid) != keyid:
        raise InputError(f"functionary {keyid[:16]!r} is under another key's id")
    if given.get("keyType") == "ed25519":
        return Functionary(ed25519(public), keyid)
    return Functionary(load_key(public.encode()), keyid)


def _envelopes(step: AttestedStep, folder: Path, notices: list[str]) -> list[tuple[str, Envelope]]:
    """Envelopes of a step's files; a file that cannot be read is said and does not count."""
    prefix = f"{step.name}."
    try:
        present = sorted(one.name for one in folder.iterdir())
    except OSError as error:
        raise InputError(f"{folder} cannot be read: {error.strerror}.") from None
    names = [
        name
        for name in present
        if name.startswith(prefix)
        and name.endswith(".json")
        and "." not in name.removeprefix(prefix).removesuffix(".json")
    ]
    if len(names) > MAX_ATTESTATIONS:
        raise InputError(f"{folder} has over {MAX_ATTESTATIONS:,} attestations of a step.")
    found = []
    for file_name in names:
        name = shown(file_name)
        try:
            with (folder / file_name).open("rb") as file:
                data = file.read(MAX_LINK_BYTES + 1)
            found.append((name, read_envelope(data)))
        except OSError as error:
            notices.append(f"{name} cannot be read: {error.strerror}")
        except InputError as error:
            notices.append(f"{name}: {error.message}")
    return found


def _claims(
    step: AttestedStep,
    keys: Mapping[str, Functionary],
    envelopes: Iterable[tuple[str, Envelope]],
    notices: list[str],
) -> list[_Claim]:
    """Statements that somebody signed who may, for the predicate type that they have."""
    found: list[_Claim] = []
    for name, envelope in envelopes:
        signers = [who for who in keys.values() if _signed(envelope, who)]
        if not signers:
            notices.append(f"{name} is not signed by a functionary")
            continue
        try:
            statement = _statement(envelope)
            item = _item(statement)
        except PratiqueError as error:
            notices.append(f"{name}: {error.message}")
            continue
        allowed = {
            keyid
            for one in step.predicates
            if one.predicate_type == statement.predicate_type
            for keyid in one.functionaries
        }
        counted = [who for who in signers if who.keyid in allowed]
        if not counted:
            notices.append(f"{name} is signed by nobody who may state {statement.predicate_type}")
        found += [_Claim(who.keyid, who.id, statement, item) for who in counted]
    return found


def _signed(envelope: Envelope, who: Functionary) -> bool:
    data = pae(envelope.payload_type, envelope.payload)
    for one in envelope.signatures:
        try:
            verify_scheme(who.key, one.sig, data)
        except VerificationError:
            continue
        return True
    return False


def _statement(envelope: Envelope) -> Statement:
    """Statement of an envelope; ``type`` stands for ``_type``, as protobuf's JSON allows it."""
    if envelope.payload_type != IN_TOTO_PAYLOAD:
        raise InputError("envelope holds no in-toto statement")
    value = decode_json(envelope.payload, Any, "in-toto statement")
    if isinstance(value, dict) and "_type" not in value and value.get("type") in STATEMENT_TYPES:
        value["_type"] = value.pop("type")
        return read_statement(msgspec.json.encode(value))
    return read_statement(envelope.payload)


def _item(statement: Statement) -> Item:
    """What a statement says was used and made; its subjects were used where it does not say."""
    subjects = _artifacts(statement.subject)
    if statement.predicate_type in PROVENANCE_TYPES:
        return Item(_artifacts(provenance_of(statement).dependencies), subjects)
    predicate = typed_predicate(statement)
    if isinstance(predicate, Link):
        return Item(_artifacts(predicate.materials), subjects)
    return Item(subjects, {})


def _artifacts(descriptors: Iterable[ResourceDescriptor]) -> Artifacts:
    """Digests by name, or by address where there is no name."""
    found: dict[str, dict[str, str]] = {}
    for one in descriptors:
        name = one.name or one.uri
        if not name:
            raise InputError("statement has an artifact without a name")
        if found.setdefault(name, one.digests) != one.digests:
            raise InputError(f"artifact {name[:80]!r} is named twice with other digests")
    return normal_names(found)


def _merged(claims: Iterable[_Claim]) -> Item:
    """What the claims of a step say together; what they do not agree on is left out."""
    sides: tuple[dict[str, Mapping[str, str]], ...] = ({}, {})
    disputed: tuple[set[str], ...] = (set(), set())
    for claim in claims:
        for side, said, wrong in zip(
            sides, (claim.item.materials, claim.item.products), disputed, strict=True
        ):
            for name, digests in said.items():
                if dict(side.setdefault(name, digests)) != dict(digests):
                    wrong.add(name)
    materials, products = (
        {name: value for name, value in side.items() if name not in wrong}
        for side, wrong in zip(sides, disputed, strict=True)
    )
    return Item(materials, products)


def _verify_step(
    step: AttestedStep, claims: list[_Claim], items: Mapping[str, Item], notices: list[str]
) -> StepResult:
    signers: dict[str, None] = {}
    threshold = 0
    for expected in step.predicates:
        accepted: dict[str, str] = {}
        causes = []
        for claim in claims:
            if claim.statement.predicate_type != expected.predicate_type:
                continue
            if claim.keyid not in expected.functionaries:
                continue
            try:
                _check(step, expected, claim, items, notices)
            except VerificationError as error:
                causes.append(error.message)
                continue
            accepted.setdefault(claim.functionary, claim.keyid)
        if len(accepted) < expected.threshold:
            why = f": {'; '.join(causes)}" if causes else ""
            raise VerificationError(
                f"step {step.name} needs {expected.threshold} attestations of "
                f"{expected.predicate_type} and has {len(accepted)}{why}"
            )
        threshold = max(threshold, expected.threshold)
        signers |= dict.fromkeys(accepted.values())
    return StepResult(name=step.name, signers=tuple(signers), threshold=threshold)


def _check(
    step: AttestedStep,
    expected: ExpectedPredicate,
    claim: _Claim,
    items: Mapping[str, Item],
    notices: list[str],
) -> None:
    for rules, products in ((step.materials, False), (step.products, True)):
        try:
            apply_rules(rules, claim.item, items, products=products)
        except RuleError as error:
            raise VerificationError(
                f"its {'products' if products else 'materials'} break the rule {error}"
            ) from None
    for one in expected.expected_attributes:
        try:
            met = holds(one.rule, claim.statement)
        except MissingClaimError:
            met = one.allow_if_no_claim
        except InputError as error:
            raise VerificationError(error.message) from None
        if met:
            continue
        if not one.warn:
            raise VerificationError(f"it breaks the rule {one.rule}")
        notices.append(f"step {step.name}: it breaks the rule {one.rule}")
