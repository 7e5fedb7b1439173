"""Verification of a supply chain by its in-toto layout (in-toto 1.0, section 5.2).

The order is the specification's: the layout's own signatures, its expiry, the
links' signatures and thresholds, sublayouts, agreement of the links of a step,
artifact rules, inspections.  These are commands for the consumer's machine: they are
run only where that is asked for, in a sandbox (:mod:`pratique.provenance.inspections`),
and else a layout that has some is verified only as far as its steps go.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import msgspec

from pratique.formats.intoto.layout import Inspection, Layout, Link, Metadata, Step, read_metadata
from pratique.formats.intoto.rules import Item, RuleError, apply_rules
from pratique.model.errors import InputError, PratiqueError
from pratique.provenance.errors import UnsupportedEvidenceError, VerificationError
from pratique.provenance.functionaries import Functionary, functionary_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MAX_SUBLAYOUTS = 8
"""Deepest nesting of sublayouts; each is one functionary that delegates to others."""

MAX_LINK_BYTES = 64 * 1024 * 1024
"""Largest link that is read."""


class StepResult(msgspec.Struct, frozen=True, kw_only=True):
    """One step whose links hold."""

    name: str
    signers: tuple[str, ...]
    """Key ids of those whose links count."""

    threshold: int


class ChainResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a layout and its links prove; made by :func:`verify_chain` alone."""

    steps: tuple[StepResult, ...]
    products: dict[str, dict[str, str]]
    """Of the last step."""

    materials: dict[str, dict[str, str]]
    """Of the first step."""

    inspections: tuple[str, ...] = ()
    """Not run, and so not verified."""

    inspected: tuple[str, ...] = ()
    """Run, and their rules hold."""

    notices: tuple[str, ...] = ()
    """What is worth saying: commands that are not the expected ones, links that do not count."""


class _Chain(msgspec.Struct, frozen=True):
    folder: Path
    now: datetime
    depth: int
    notices: list[str]
    inspect: Path | None = None
    """Folder with the final product, where inspections are to be run."""


def verify_chain(
    layout: bytes,
    owners: Sequence[Functionary],
    folder: Path,
    now: datetime,
    parameters: Mapping[str, str] | None = None,
    inspect: Path | None = None,
) -> ChainResult:
    """Verify a layout against the links in a folder.

    Args:
        layout: The document.
        owners: Each must have signed the layout; at least one.
        folder: With the links, ``STEP.KEYID8.link``.
        now: In UTC; the layout must not have expired.
        parameters: For ``{NAME}`` in the layout's rules and commands.
        inspect: Folder with the final product, to run the layout's inspections over a copy
            of it; None runs none.

    Raises:
        VerificationError: Something does not hold.
        UnsupportedEvidenceError: Something is of a kind that is not verified here.
        InputError: Something cannot be read.
    """
    metadata = read_metadata(layout, dict(parameters or {}))
    return _verify(metadata, owners, _Chain(folder, now, 0, [], inspect))


def _verify(metadata: Metadata, owners: Sequence[Functionary], chain: _Chain) -> ChainResult:
    layout = metadata.content
    if not isinstance(layout, Layout):
        raise InputError("document is an in-toto link, not a layout")
    if not owners:
        raise VerificationError("no key is given that the layout must be signed with")
    for owner in owners:
        if not owner.signed(metadata):
            raise VerificationError(f"the layout is not signed with the key {owner.id[:16]}")
    if layout.expires <= chain.now:
        raise VerificationError(
            f"the layout expired at {layout.expires:%Y-%m-%d %H:%M:%S} UTC",
            remedy="Ask the project for its present layout.",
        )
    if not layout.steps:
        raise VerificationError("the layout has no steps, so that it says nothing")
    results, items, notices = [], {}, chain.notices
    for step in layout.steps:
        links = _links_of(step, layout, chain)
        items[step.name] = _agreed(step, links)
        for keyid, link in links.items():
            if step.command and link.command and link.command != step.command:
                notices.append(f"step {step.name}: {keyid[:8]} ran another command than expected")
        result = StepResult(name=step.name, signers=tuple(links), threshold=step.threshold)
        results.append(result)
    for step in layout.steps:
        _apply(f"step {step.name}", step, items)
    inspected = _inspected(layout.inspections, items, chain)
    return ChainResult(
        steps=tuple(results),
        materials={k: dict(v) for k, v in items[layout.steps[0].name].materials.items()},
        products={k: dict(v) for k, v in items[layout.steps[-1].name].products.items()},
        inspections=tuple(one.name for one in layout.inspections if one.name not in inspected),
        inspected=inspected,
        notices=tuple(notices),
    )


def _inspected(
    inspections: Sequence[Inspection], items: dict[str, Item], chain: _Chain
) -> tuple[str, ...]:
    """Names of the inspections that were run, and whose rules hold; none where none is to be run.

    Raises:
        VerificationError: One failed, or its rules are broken.
        UnsupportedEvidenceError: There is no sandbox.
    """
    if chain.inspect is None or not inspections:
        return ()
    from pratique.provenance.inspections import run_inspections

    with TemporaryDirectory(prefix="pratique-inspection-") as work:
        items |= run_inspections(inspections, chain.inspect, Path(work))
    for one in inspections:
        _apply(f"inspection {one.name}", one, items)
    return tuple(one.name for one in inspections)


def _apply(what: str, step: Step | Inspection, items: Mapping[str, Item]) -> None:
    for rules, products in ((step.materials, False), (step.products, True)):
        try:
            apply_rules(rules, items[step.name], items, products=products)
        except RuleError as error:
            which = "products" if products else "materials"
            raise VerificationError(
                f"{what}: its {which} break the rule {error}",
                remedy="Do not use what came of it; find out who made or changed these files.",
            ) from None


def _links_of(step: Step, layout: Layout, chain: _Chain) -> dict[str, Link]:
    """Links of a step that count, by key id: signed by different functionaries who may.

    Raises:
        VerificationError: They are fewer than the threshold.
    """
    found: dict[str, Link] = {}
    counted: set[str] = set()
    causes: list[str] = []
    unsupported = False
    for keyid in step.pubkeys:
        try:
            who = functionary_of(layout.keys[keyid], chain.now)
            link = _link_of(step, who, chain)
        except PratiqueError as error:
            unsupported = unsupported or isinstance(error, UnsupportedEvidenceError)
            causes.append(f"{keyid[:8]}: {error.message}")
            continue
        if link is None:
            causes.append(f"{keyid[:8]}: no link")
        elif who.id not in counted:  # one key under two ids is one functionary
            counted.add(who.id)
            found[keyid] = link
    if len(counted) < step.threshold:
        kind = UnsupportedEvidenceError if unsupported else VerificationError
        raise kind(
            f"step {step.name} needs {step.threshold} signed links and has {len(counted)} "
            f"({'; '.join(causes) or 'nobody may sign it'})"
        )
    chain.notices.extend(f"step {step.name}: {cause} does not count" for cause in causes)
    return found


def _link_of(step: Step, who: Functionary, chain: _Chain) -> Link | None:
    name = f"{step.name}.{who.keyid[:8]}"
    path = chain.folder / f"{name}.link"
    if not path.is_file():
        return None
    metadata = read_metadata(_read(path))
    if not who.signed(metadata):
        raise VerificationError("the link is not signed with this key")
    if isinstance(metadata.content, Layout):
        return _sublayout(step, metadata, who, chain)
    if metadata.content.name != step.name:
        raise VerificationError(f"the link is of the step {metadata.content.name[:80]!r}")
    return metadata.content


def _sublayout(step: Step, metadata: Metadata, who: Functionary, chain: _Chain) -> Link:
    """What a functionary's own layout sums up to (section 4.5)."""
    if chain.depth >= MAX_SUBLAYOUTS:
        raise VerificationError(f"sublayouts are nested over {MAX_SUBLAYOUTS} deep")
    # the specification has the whole key id; in-toto's own tools have eight digits
    folders = [chain.folder / f"{step.name}.{keyid}" for keyid in (who.keyid[:8], who.keyid)]
    folder = next((one for one in folders if one.is_dir()), folders[0])
    inner = _Chain(folder, chain.now, chain.depth + 1, [])
    result = _verify(metadata, (who,), inner)
    if result.inspections:
        raise UnsupportedEvidenceError("its sublayout has inspections, which are not run")
    chain.notices.extend(f"step {step.name}, sublayout: {one}" for one in result.notices)
    return Link(name=step.name, command=(), materials=result.materials, products=result.products)


def _agreed(step: Step, links: Mapping[str, Link]) -> Item:
    """Materials and products that all links of a step agree on.

    Raises:
        VerificationError: They do not.
    """
    first, *others = links.values()
    for other in others:
        if (other.materials, other.products) != (first.materials, first.products):
            raise VerificationError(f"the links of step {step.name} do not agree on its artifacts")
    return Item(first.materials, first.products)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_LINK_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from None
    if len(data) > MAX_LINK_BYTES:
        raise InputError(f"{path} is over the limit of {MAX_LINK_BYTES:,} bytes.")
    return data
