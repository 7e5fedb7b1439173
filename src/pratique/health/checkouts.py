"""Git checkouts of an inventory, asked about by their commits."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from pratique.advisories.commits import Checkout, Known
from pratique.formats.git import GitError
from pratique.inventory.checkouts import NO_ADDRESS, OWN, State, state_of
from pratique.model.advisory import Answer, Unmatched
from pratique.model.ecosystems import GIT
from pratique.model.inventory import Component, Inventory, Problem, Trouble

if TYPE_CHECKING:
    from pratique.advisories import Index


def ask_checkouts(inventory: Inventory, index: Index) -> tuple[Inventory, dict[str, Answer]]:
    """Answers for the checkouts and submodules of an inventory, by component reference.

    The checkout that is looked at is mostly the user's own work, of which no
    advisory speaks: it stays in the inventory only where one does, so that a
    project is never called healthy for that alone.

    Args:
        inventory: Of a folder.
        index: The advisories.

    Returns:
        The inventory, perhaps without that checkout, and the answers.

    Raises:
        GenerationError: The index is damaged.
    """
    answers: dict[str, Answer] = {}
    for part in inventory.components:
        if part.ecosystem != GIT or not part.ref.endswith(OWN):
            continue
        state = state_of(Path(inventory.subject), part)
        known = _known(part, state, index)
        if part.ref == OWN and not known.repositories:
            inventory = _without(inventory, part, state, known)
        else:
            answers[part.ref] = _answer(part, known)
    return inventory, answers


def _known(part: Component, state: State, index: Index) -> Known:
    address = "" if part.package.namespace == NO_ADDRESS else part.package.full_name
    asked = Checkout(
        address, part.package.version, state.tags, state.history, state.title, state.why
    )
    try:
        return index.match_commit(asked)
    except GitError as error:
        why = f"its history cannot be read: {error.message}"
        return index.match_commit(msgspec.structs.replace(asked, history=None, why=why))


def _answer(part: Component, known: Known) -> Answer:
    if part.package.namespace != NO_ADDRESS or known.repositories or known.answer.unknown:
        return known.answer
    reason = "the address of its repository is not known, and no advisory names its commits"
    return Answer(unknown=Unmatched(reason=reason))


def _without(inventory: Inventory, part: Component, state: State, known: Known) -> Inventory:
    if known.answer.unknown:
        why = known.answer.unknown.reason
    elif part.package.namespace == NO_ADDRESS:
        why = "no address of its repository is known, and no advisory names its commits"
    else:
        why = f"no advisory names {part.package.full_name} or its commits"
        if state.why:
            why += f" as far as they are here ({state.why})"
    place = part.locations[0]
    note = Problem(place, Trouble.NOTICE, f"git checkout at {part.package.version[:12]}: {why}")
    return msgspec.structs.replace(
        inventory,
        components=tuple(one for one in inventory.components if one.ref != part.ref),
        roots=tuple(ref for ref in inventory.roots if ref != part.ref),
        problems=tuple(sorted({*inventory.problems, note})),
    )
