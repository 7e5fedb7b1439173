"""What the text of one claim says about the licence."""

from __future__ import annotations

from functools import lru_cache

from pratique.licenses import names
from pratique.licenses.expression import NotAnExpressionError, read_expression
from pratique.licenses.models import Reading

MAX_CLAIM = 1000
"""Characters of a claim that are read as a name or an expression.

Longer ones are whole licence texts.  The parser of expressions descends
by recursion: some 3,000 characters of nested parentheses exhaust the stack.
"""

CACHE = 4096
"""Texts whose reading is remembered; a component's licence is one of few."""

SHOWN = 80
"""Characters of a claim's text that are repeated in a message."""


@lru_cache(maxsize=CACHE)
def read_claim(text: str) -> Reading:
    """Read the text of one claim: never raises, whatever the text is."""
    text = text.strip()
    lines = text.splitlines()
    if len(lines) > 1:
        return _read_text(lines)
    if len(text) > MAX_CLAIM:
        return Reading(refusal=f"is a text of {len(text)} characters, not a name", vague=True)
    if "::" in text:
        return _read_classifier(text)
    return _read_name(text)


def shown(text: str) -> str:
    """A claim's text as a message repeats it: one line, quoted, cut short."""
    line = " ".join(text.split())
    return repr(line if len(line) <= SHOWN else line[: SHOWN - 1] + "…")


def _read_text(lines: list[str]) -> Reading:
    """Read several lines: a licence's text names it on its first line, if at all."""
    first = next((line.strip() for line in lines if line.strip()), "")
    reading = _read_name(first) if len(first) <= SHOWN else Reading()
    if reading.expression:
        note = f"the licence is named by the first line of its text, {shown(first)}"
        return Reading(
            expression=reading.expression, licenses=reading.licenses, notes=(*reading.notes, note)
        )
    return Reading(refusal=f"is a text of {len(lines)} lines, not a name", vague=True)


def _read_classifier(text: str) -> Reading:
    """Read a Trove classifier: ``License :: OSI Approved :: MIT License``."""
    first, *_, last = (part.strip() for part in text.split("::"))
    if first.casefold() != "license":
        return Reading(refusal="is not a licence classifier", vague=True)
    return _read_name(last)


def _read_name(text: str) -> Reading:
    """Read an expression, a name or an address."""
    key = names.key_of(text)
    for candidate in (key, names.bare_key_of(text)):
        if candidate in names.VAGUE:
            return Reading(refusal="does not say which licence", vague=True)
        if candidate in names.REFUSALS:
            return Reading(refusal=names.REFUSALS[candidate])
    if key.startswith("see license in "):
        return Reading(refusal="refers to a file that was not read", vague=True)
    if address := names.address_key(text):
        return _read_address(address)
    try:
        expression, ids = read_expression(text)
    except NotAnExpressionError as error:
        for candidate in (key, names.bare_key_of(text)):
            if candidate in names.FAMILIES:
                return _family(names.FAMILIES[candidate])
        return Reading(refusal=f"is not understood: {error}")
    return Reading(expression=expression, licenses=ids, notes=_notes(text, expression, ids))


def _read_address(address: str) -> Reading:
    """Read the key of an address."""
    found = names.ADDRESSES.get(address)
    for folder in names.ID_FOLDERS:
        if found is None and address.startswith(folder):
            found = address.removeprefix(folder)
    if found is not None:
        try:
            expression, ids = read_expression(found)
        except NotAnExpressionError:
            pass
        else:
            return Reading(
                expression=expression, licenses=ids, notes=("the licence is named by an address",)
            )
    if address in names.ADDRESS_FAMILIES:
        return _family(names.ADDRESS_FAMILIES[address])
    return Reading(refusal="is an address whose licence is not known")


def _family(beginnings: tuple[str, ...]) -> Reading:
    which = " or ".join(f"{beginning}…" for beginning in beginnings if beginning)
    refusal = f"does not say which licence of {which}" if which else "does not say which licences"
    return Reading(family=beginnings, refusal=refusal)


def _notes(text: str, expression: str, ids: frozenset[str]) -> tuple[str, ...]:
    """What was read into a text that is not the expression as it stands."""
    notes = []
    if text != expression:
        notes.append(f"{shown(text)} was read as {expression}")
    notes += [
        f"{id} is known only to the document that names it" for id in sorted(ids) if "Ref-" in id
    ]
    return tuple(notes)
