"""Bytes to text, JSON, TOML and XML, within limits and with line numbers."""

from __future__ import annotations

import tomllib
from bisect import bisect_right
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.formats.base import MAX_DOCUMENT_BYTES
from pratique.model.errors import InputError, LimitError

if TYPE_CHECKING:
    from lxml import etree

_BOMS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)


def decode(data: bytes) -> str:
    """Text of a document: UTF-8, or what its byte-order mark says; ends of lines are LF.

    Raises:
        LimitError: It is larger than ``MAX_DOCUMENT_BYTES``.
        InputError: It is empty of text, holds NUL bytes, or is not in the encoding.
    """
    if len(data) > MAX_DOCUMENT_BYTES:
        raise LimitError(f"is {len(data):,} bytes, over the limit of {MAX_DOCUMENT_BYTES:,}")
    encoding = "utf-8"
    for mark, name in _BOMS:
        if data.startswith(mark):
            data, encoding = data[len(mark) :], name
            break
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(f"line {line}: is not {encoding.upper()} text") from None
    if "\0" in text:
        raise InputError("is binary, not text")
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


class Lines:
    """Line numbers of character offsets in a text.

    Args:
        text: The whole document.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._starts: list[int] | None = None

    def at(self, offset: int) -> int:
        """Line of a character offset, counted from 1; 0 for a negative offset."""
        if offset < 0:
            return 0
        if self._starts is None:
            starts, position = [0], self.text.find("\n")
            while position >= 0:
                starts.append(position + 1)
                position = self.text.find("\n", position + 1)
            self._starts = starts
        return bisect_right(self._starts, offset)

    def of(self, needle: str, start: int = 0) -> int:
        """Line where ``needle`` first occurs from an offset on; 0 where it does not."""
        return self.at(self.text.find(needle, start))


def parse_json(text: str) -> Any:
    """JSON value of a text; the last of duplicate keys wins, as in every peer.

    Raises:
        InputError: It is not JSON; the message names the line.
        LimitError: It is nested too deeply for the parser.
    """
    try:
        return msgspec.json.decode(text)
    except RecursionError:
        raise LimitError("is nested too deeply") from None
    except msgspec.DecodeError as error:
        raise InputError(_json_place(text, str(error))) from None


def _json_place(text: str, message: str) -> str:
    head, _, tail = message.rpartition("(byte ")
    digits = tail.rstrip(")")
    if not digits.isdigit():
        return f"is not valid JSON: {message[:200]}"
    line = text.encode()[: int(digits)].count(b"\n") + 1
    return f"line {line}: is not valid JSON: {head.strip()[:200]}"


def parse_toml(text: str) -> dict[str, Any]:
    """Table of a TOML 1.0 document.

    Raises:
        InputError: It is not TOML; the message names the line.
        LimitError: It is nested too deeply for the parser.
    """
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise LimitError("is nested too deeply") from None
    except (tomllib.TOMLDecodeError, ValueError) as error:
        raise InputError(f"is not valid TOML: {str(error)[:200]}") from None


def parse_xml(data: bytes) -> etree._Element:
    """Root element of an XML document, with ``sourceline``; entities and network are off.

    Raises:
        InputError: It is not well-formed, or declares a document type.
        LimitError: It exceeds libxml2's own limits of depth or size.
    """
    from lxml import etree

    if len(data) > MAX_DOCUMENT_BYTES:
        raise LimitError(f"is {len(data):,} bytes, over the limit of {MAX_DOCUMENT_BYTES:,}")
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        line = error.lineno or 1
        problem = str(error.msg).partition("\n")[0][:200]
        raise InputError(f"line {line}: is not well-formed XML: {problem}") from None
    except ValueError as error:
        raise InputError(f"is not well-formed XML: {str(error)[:200]}") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise InputError("declares a document type, which is not read")
    return root
