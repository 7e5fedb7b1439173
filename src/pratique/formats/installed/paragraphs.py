"""Paragraphs of ``Field: value`` lines (deb-control(5), dpkg 1.22), with line numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator


class Paragraph(NamedTuple):
    """The fields of one package."""

    fields: dict[str, str]
    """By lower-case name; the first where a field is repeated.  Lines of a long
    value are joined by a newline."""

    line: int
    """First line, counted from 1."""

    stray: int
    """First line that belongs to no field; 0 where there is none."""


def paragraphs(text: str, wanted: frozenset[str]) -> Iterator[Paragraph]:
    """The paragraphs of a document, in order.

    Args:
        text: Of the whole file, with LF at the end of lines.
        wanted: Lower-case names of the fields to keep; others are passed over.
    """
    fields: dict[str, list[str]] = {}
    first = stray = 0
    name = ""
    for number, line in enumerate(text.split("\n"), 1):
        if not line or line.isspace():
            if first:
                yield _paragraph(fields, first, stray)
            fields, first, stray, name = {}, 0, 0, ""
            continue
        first = first or number
        if line[0] in " \t":
            if name in fields:
                fields[name].append(line.strip())
            continue
        head, colon, value = line.partition(":")
        if not colon:
            stray = stray or number
            name = ""
            continue
        name = head.strip().lower()
        if name in wanted and name not in fields:
            fields[name] = [value.strip()]
        else:
            name = ""
    if first:
        yield _paragraph(fields, first, stray)


def _paragraph(fields: dict[str, list[str]], line: int, stray: int) -> Paragraph:
    return Paragraph({name: "\n".join(lines) for name, lines in fields.items()}, line, stray)
