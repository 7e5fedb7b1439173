"""The dependencies of a bill of materials as a tree of lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pratique.model.inventory import Reading

MAX_LINES = 100_000
"""Lines of a tree; each package is opened once, so that this is passed by documents
of as many edges only."""


def outline(
    reading: Reading, depth: int = 0, notes: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Lines of a tree: the subject, what it needs, and what that needs.

    A package is opened where it stands first; later it is marked ``(*)``.
    Components that nothing leads to follow at the end.

    Args:
        reading: Of the document.
        depth: How many levels to show; 0 is all.
        notes: What to show behind components, by their references.
    """
    names = {one.ref: str(one.package) for one in reading.components}
    for ref, note in (notes or {}).items():
        names[ref] += f" [{note}]"
    opened: set[str] = set()
    for number, line in enumerate(_lines(reading, names, opened, depth)):
        if number >= MAX_LINES:
            yield f"and more than {MAX_LINES:,} lines"
            return
        yield line


def _lines(reading: Reading, names: dict[str, str], opened: set[str], depth: int) -> Iterator[str]:
    subject = str(reading.subject) if reading.subject else "(no subject is stated)"
    roots = list(reading.roots)
    own = [ref for ref in roots if names.get(ref) == subject]
    if len(roots) == 1 and own:  # SPDX describes a package; it is its own root
        roots = [one for one in reading.edges.get(own[0], ()) if one != own[0]]
        opened.add(own[0])
    yield subject
    yield from _below(roots, reading, names, opened, depth)
    reached = set(opened) | set(roots)
    waiting = list(reached)
    while waiting:
        for target in reading.edges.get(waiting.pop(), ()):
            if target not in reached:
                reached.add(target)
                waiting.append(target)
    lone = [ref for ref in names if ref not in reached and names[ref] != subject]
    if lone:
        yield f"({len(lone):,} components that nothing leads to)"
        yield from _below(lone, reading, names, opened, depth)


def _below(
    refs: list[str], reading: Reading, names: dict[str, str], opened: set[str], depth: int
) -> Iterator[str]:
    waiting = [(ref, "", number == len(refs) - 1) for number, ref in enumerate(refs)][::-1]
    while waiting:
        ref, prefix, last = waiting.pop()
        targets = sorted(reading.edges.get(ref, ()), key=lambda one: names[one])
        again = ref in opened and bool(targets)
        yield f"{prefix}{'└── ' if last else '├── '}{names[ref]}{' (*)' if again else ''}"
        inner = prefix + ("    " if last else "│   ")
        if again or (depth and len(inner) // 4 >= depth):
            continue
        opened.add(ref)
        rows = [(one, inner, number == len(targets) - 1) for number, one in enumerate(targets)]
        waiting += rows[::-1]
