"""Which advisories affect a commit, by its history.

Records are found by the address of the repository, and by its history: a commit
in it that a record names tells a fork or a mirror.  What a range says is
decided in :mod:`pratique.advisories.commit_ranges`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from pratique.advisories.answers import Advisories, finished
from pratique.advisories.commit_ranges import judge_range
from pratique.advisories.layout import CommitRow, Detail, Entry, Flag
from pratique.advisories.matching import Asked, Hit, evaluate, is_listed
from pratique.advisories.repositories import alike_hash, alike_text, tag_hash
from pratique.formats.git import History
from pratique.formats.osv.affected import is_commit
from pratique.formats.osv.commits import State, judge_bare
from pratique.model.advisory import Advisory, Answer, Match, Unmatched
from pratique.model.ecosystems import GIT, normalise_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pratique.formats.git import Ancestry

MAX_NAMED = 3
"""Records named in the reason why an answer is incomplete."""

_detail = msgspec.msgpack.Decoder(Detail).decode


class Checkout(msgspec.Struct, frozen=True):
    """A commit that is asked about."""

    repository: str
    """Address or name of its repository; empty where that is not known."""

    commit: str
    tags: tuple[str, ...] = ()
    """Of the commit itself."""

    history: History | None = None
    title: str = ""
    """What the commit is called, for the reason; or empty."""

    why: str = ""
    """Why there is no history, or not all of it."""


class Known(msgspec.Struct, frozen=True):
    """What is known of a checkout."""

    answer: Answer
    repositories: tuple[str, ...] = ()
    """Those with advisories that it is a checkout of, by its address or its history."""


class Facts(msgspec.Struct, frozen=True):
    """Where the facts are looked up."""

    entries: Callable[[str], list[Entry]]
    """Of a repository, by its normalised name."""

    rows: Callable[[str], list[CommitRow]]
    """Of a commit."""

    advisories: Advisories
    named: Callable[[str], Advisory | None]
    """The advisory of an id."""


class _Found(msgspec.Struct):
    """What was found of one record."""

    state: State
    reason: str
    entry: Entry
    fixed: list[str] = []


def match_commit(facts: Facts, asked: Checkout) -> Known:
    """What advisories say of a checkout.

    A record whose ranges cannot be decided is told in ``unknown``: history that
    is not here is never taken for clean.

    Args:
        facts: Of the index.
        asked: The commit, with its history as far as it is here.

    Raises:
        GenerationError: The index is damaged.
        GitError: The repository is damaged.
    """
    own = normalise_name(GIT, asked.repository) if asked.repository else ""
    linked = _linked(facts, asked)
    listed = {
        name: facts.entries(name) for name in dict.fromkeys([*([own] if own else []), *linked])
    }
    listed = {name: entries for name, entries in listed.items() if entries}
    if not listed:
        return Known(Answer())
    details = [
        (name, entry, _detail(entry.detail))
        for name, entries in listed.items()
        for entry in entries
    ]
    ancestry = None
    if asked.history is not None:
        events = {
            value
            for _, _, detail in details
            for each in detail.commits
            for _, value in each
            if is_commit(value)
        }
        ancestry = asked.history.reach([asked.commit, *sorted(events)])
    found: dict[int, _Found] = {}
    for name, entry, detail in details:
        made = _judge(asked, ancestry, entry, detail, "" if name == own else name)
        before = found.get(entry.advisory)
        if before is None or made.state > before.state:
            made.fixed += before.fixed if before else []
            found[entry.advisory] = made
        else:
            before.fixed += made.fixed
    return Known(_answer(facts, asked, found), tuple(sorted(filter(None, listed))))


def alike(
    entries: list[Entry],
    asked: Asked,
    found: list[Hit],
    unsure: list[tuple[Entry, str]],
) -> tuple[list[Hit], list[tuple[Entry, str]]]:
    """Also the entries of a repository that list a tag of the same version as the one asked.

    Args:
        entries: Of the repository.
        asked: The tag.
        found: Entries that hold for the tag as written.
        unsure: Those that could not be evaluated.
    """
    other = Asked(alike_text(asked.text), asked.order, asked.semver)
    more, _ = evaluate(entries, other)
    known = {id(hit.entry) for hit in found}
    found = [*found, *(hit for hit in more if id(hit.entry) not in known)]
    return found, unsure


def _linked(facts: Facts, asked: Checkout) -> list[str]:
    """Repositories of which the history has a commit that a record names: forks and mirrors."""
    commits = asked.history or (asked.commit,)
    names: dict[str, None] = {}
    for commit in commits:
        for row in facts.rows(commit):
            names[normalise_name(GIT, row.repo)] = None
    return list(names)


def _judge(
    asked: Checkout, ancestry: Ancestry | None, entry: Entry, detail: Detail, other: str
) -> _Found:
    """What one entry is to the commit."""
    fixed = [value for value in detail.fixed if ancestry is None or not ancestry.contains(value)]
    for tag in asked.tags:
        if entry.versions and is_listed(entry.versions, tag_hash(tag)):
            return _Found(State.AFFECTED, f"tag {tag} is listed by {{id}}", entry, fixed)
    state, reason = State.CLEAR, ""
    for events in detail.commits:
        if ancestry is not None and asked.history is not None:
            each, why = judge_range(events, asked.commit, ancestry, asked.history.gap)
        else:
            each, why = judge_bare(events, asked.commit, asked.why)
        if each > state:
            state, reason = each, why
    if entry.flags & int(Flag.UNEVALUATED) and state is State.CLEAR:
        state, reason = State.UNKNOWN, "its affected versions cannot be read"
    if state is State.UNKNOWN:
        for tag in asked.tags:
            if entry.versions and is_listed(entry.versions, alike_hash(tag)):
                return _Found(State.AFFECTED, f"tag {tag} is listed by {{id}}", entry, fixed)
    if other and state is State.AFFECTED:
        reason += f" (its history is that of {other})"
    return _Found(state, reason, entry, fixed)


def _answer(facts: Facts, asked: Checkout, found: dict[int, _Found]) -> Answer:
    groups: dict[int, list[_Found]] = {}
    doubts: dict[str, list[str]] = {}
    for each in found.values():
        if each.state is State.AFFECTED:
            groups.setdefault(each.entry.group, []).append(each)
    for number, each in sorted(found.items()):
        if each.state is State.UNKNOWN and each.entry.group not in groups:
            doubts.setdefault(each.reason, []).append(facts.advisories.get(number, 0).id)
    made = [_match(facts, asked, each) for each in groups.values()]
    matches = finished(made, facts.named)
    unknown = Unmatched(reason=_told(doubts)) if doubts else None
    return Answer(matches=matches, unknown=unknown)


def _match(facts: Facts, asked: Checkout, found: Sequence[_Found]) -> Match:
    advisories = facts.advisories
    rows = [(advisories.get(each.entry.advisory, each.entry.rating), each) for each in found]
    rows.sort(key=lambda row: advisories.order(row[0]))
    first, why = rows[0]
    reason = why.reason.replace("{id}", first.id)
    if not reason.startswith(("tag ", "all ")):
        title = f" ({asked.title})" if asked.title else ""
        reason = f"commit {asked.commit[:12]}{title} {reason}"
    fixed = dict.fromkeys(value for _, each in rows for value in each.fixed)
    return Match(advisories=tuple(row[0] for row in rows), fixed=tuple(fixed), reason=reason)


def _told(doubts: dict[str, list[str]]) -> str:
    lines = []
    for reason, names in list(doubts.items())[:MAX_NAMED]:
        more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
        lines.append(f"{', '.join(names[:MAX_NAMED])}{more}: {reason}")
    return "; ".join(lines)
