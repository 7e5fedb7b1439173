"""The text form of protocol buffers, read by the table of CycloneDX messages.

Source: Text Format Language Specification of protocol buffers.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pratique.formats.sbom.cyclonedx.messages import (
    DOUBLE,
    FLOAT,
    INTEGER,
    MAX_MESSAGES,
    MAX_NESTING,
    MESSAGES,
    TEXT,
    TRUTH,
    Enumeration,
    Field,
)
from pratique.formats.sbom.tally import Tally
from pratique.formats.text import Lines
from pratique.model.errors import InputError, LimitError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pratique.formats.base import Notes

_TOKEN = re.compile(
    r"""(?:[ \t\n\v\f]++|\#[^\n]*+)*+
    (?:(?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
    |(?P<word>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<number>-?[ \t]*[0-9.][A-Za-z0-9_.+]*(?:(?<=[eE])-[0-9]+)?|-[ \t]*[A-Za-z]+)
    |(?P<mark>[{}<>\[\]:;,])
    |(?P<end>\Z))""",
    re.VERBOSE,
)
_SPACES = re.compile(r"\s*")
_EXTENSION = re.compile(r"\[[A-Za-z0-9_./ -]+\]")
"""The name of an extension, or the address of the type of an ``Any``."""

_ESCAPE = re.compile(
    rb"\\(?:([0-7]{1,3})|[xX]([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))"
)
_SIMPLE = {
    b"n": b"\n",
    b"r": b"\r",
    b"t": b"\t",
    b"a": b"\a",
    b"b": b"\b",
    b"f": b"\f",
    b"v": b"\v",
}
_CLOSING = {"{": "}", "<": ">"}


def parse_text_form(
    text: str,
    notes: Notes,
    table: Mapping[str, dict[int, Field]] = MESSAGES,
    left: list[tuple[int, str, str]] | None = None,
) -> dict[str, Any]:
    """The ``Bom`` message that a text describes, with the keys of the JSON form.

    Args:
        text: Its fields.
        notes: Receives one *unreadable* for each value of the wrong kind.
        table: Fields of the messages that are read.
        left: Receives line, text and reason of each field that is in no table.

    Raises:
        InputError: It is not in the text form; the message names the line.
        LimitError: It is nested too deeply, or has too many messages.
    """
    parser = _Parser(text, notes, table, left)
    message = parser.message("Bom", "", 1)
    parser.close()
    return message


class _Parser:
    """Reads tokens; keeps the fields that the table knows and skips all others."""

    def __init__(
        self,
        text: str,
        notes: Notes,
        table: Mapping[str, dict[int, Field]],
        left: list[tuple[int, str, str]] | None,
    ) -> None:
        self._text = text
        self._table = table
        self._left = left
        self._fields: dict[str, dict[str, Field]] = {}
        self._lines = Lines(text)
        self._tally = Tally(notes.unreadable, "values that could not be read")
        self._messages = 0
        self._at = 0
        self._kind = ""
        self._token = ""
        self._start = 0
        self._next()

    def close(self) -> None:
        """Say how many values were left out."""
        self._tally.close()

    def message(self, name: str, closing: str, depth: int) -> dict[str, Any]:
        """Fields up to a closing mark, or to the end of the text.

        Args:
            name: Of the message; empty for one that is not read.
            closing: ``}``, ``>`` or nothing.
            depth: Of the message, from 1.
        """
        self._messages += 1
        if depth > MAX_NESTING:
            raise LimitError(f"{self._place()}is nested over {MAX_NESTING} deep")
        if self._messages > MAX_MESSAGES:
            raise LimitError(f"has more messages than the limit of {MAX_MESSAGES:,}")
        fields = self._by_name(name)
        found: dict[str, Any] = {}
        while not (self._is(closing) if closing else self._kind == "end"):
            line = self._lines.at(self._start) if self._left is not None else 0
            stated = self._name()
            field = fields.get(stated)
            if field is None and name and self._left is not None:
                self._left.append(
                    (line, "", f"field {stated or 'in brackets'} of {name} is not known")
                )
            colon = self._skip(":")
            if self._is("["):
                self._list(found, field, depth)
            else:
                self._value(found, field, depth, colon)
            self._skip(",", ";")
        return found

    def _name(self) -> str:
        """The name of the next field; nothing for an extension's."""
        extension = _EXTENSION.match(self._text, self._start) if self._is("[") else None
        if extension:
            self._at = extension.end()
        elif self._kind != "word":
            raise self._wrong("a field's name")
        name = "" if extension else self._token
        self._next()
        return name

    def _list(self, found: dict[str, Any], field: Field | None, depth: int) -> None:
        self._next()
        while not self._is("]"):
            self._value(found, field, depth, True)
            if not self._skip(","):
                break
        if not self._is("]"):
            raise self._wrong("]")
        self._next()

    def _value(self, found: dict[str, Any], field: Field | None, depth: int, colon: bool) -> None:
        """One value into its field."""
        line = self._lines.at(self._start) if field else 0
        value: Any
        if self._is(*_CLOSING):
            closing = _CLOSING[self._token]
            self._next()
            kind = field.kind if field and field.kind in self._table else ""
            value = self.message(str(kind), closing, depth + 1)
            self._next()
            if not kind:
                value = None
        elif self._kind in {"string", "word", "number"} and colon:
            value = self._scalar(field)
        else:
            raise self._wrong("a value")
        if field is None:
            return
        if value is None:
            self._tally.add(f"{field.name} is of the wrong kind; it is left out", line)
        elif field.repeated:
            found.setdefault(field.key, []).append(value)
        elif isinstance(value, dict):
            found.setdefault(field.key, {}).update(value)
        else:
            found[field.key] = value

    def _scalar(self, field: Field | None) -> Any:
        """A text, number, truth value or name; ``None`` where the field wants another kind."""
        kind, token = self._kind, self._token
        self._next()
        if kind != "string":
            if field is None:
                return None
            if not isinstance(field.kind, Enumeration):
                return _plain(token, field.kind)
            if kind == "number" and token.isdecimal() and len(token) < 10:
                return field.kind.by_number(int(token))
            return field.kind.by_name(token)
        parts = [token]
        while self._kind == "string":  # adjacent strings are one
            parts.append(self._token)
            self._next()
        if field is None or field.kind != TEXT:
            return None
        raw = b"".join(_ESCAPE.sub(_unescaped, part[1:-1].encode()) for part in parts)
        return raw.decode("utf-8", "replace")

    def _by_name(self, message: str) -> dict[str, Field]:
        if message not in self._fields:
            table = self._table.get(message, {})
            self._fields[message] = {field.name: field for field in table.values()}
        return self._fields[message]

    def _is(self, *marks: str) -> bool:
        return self._kind == "mark" and self._token in marks

    def _skip(self, *marks: str) -> bool:
        if not self._is(*marks):
            return False
        self._next()
        return True

    def _next(self) -> None:
        found = _TOKEN.match(self._text, self._at)
        if not found:
            spaces = _SPACES.match(self._text, self._at)
            self._start = spaces.end() if spaces else self._at
            raise InputError(f"{self._place()}is not the text form of a protocol buffer")
        self._kind = str(found.lastgroup)
        self._token = found[self._kind]
        self._start = found.start(self._kind)
        self._at = found.end()

    def _wrong(self, wanted: str) -> InputError:
        return InputError(
            f"{self._place()}is not the text form of a protocol buffer: {wanted} was expected"
        )

    def _place(self) -> str:
        return f"line {self._lines.at(self._start)}: "


def _plain(token: str, kind: str) -> Any:
    """A number or truth value; ``None`` where it is none of the kind."""
    token = token.replace(" ", "")
    if kind == TRUTH:
        return {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}.get(
            token.lower()
        )
    if kind == INTEGER and re.fullmatch(r"-?[0-9]{1,19}", token):
        return int(token)
    if kind in {FLOAT, DOUBLE} and re.fullmatch(
        r"-?[0-9]{0,20}\.?[0-9]{0,20}(?:[eE][+-]?[0-9]{1,3})?f?", token
    ):
        try:
            return float(token.rstrip("f"))
        except ValueError:
            return None
    return None


def _unescaped(found: re.Match[bytes]) -> bytes:
    octal, hexadecimal, short, long, simple = found.groups()
    if octal:
        return bytes([int(octal, 8) & 0xFF])
    if hexadecimal:
        return bytes([int(hexadecimal, 16)])
    if short or long:
        number = int(short or long, 16)
        return chr(number).encode("utf-8", "replace") if number < 0x110000 else b"?"
    return _SIMPLE.get(simple, simple)
