"""Text from anywhere as GitHub-flavoured Markdown that shows just that text.

Nothing of it becomes markup, HTML, a table cell's end, a link, a mention of a
person (``@name``) or a reference to an issue (``#1``).
"""

from __future__ import annotations

import re

from pratique.report.text import printable

_MARKUP = re.compile(
    r"[\\`*_\[\]{}()!~^$|<>&@#]|://|(?<=www)\.|^\s*(?:[-+=]|\d+[.)])",
    re.IGNORECASE,
)
_IN_CODE = re.compile(r"[\\`*_\[\]{}!~^$|<>&@#]|:(?=//)|(?<=www)\.", re.IGNORECASE)
_ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
_BREAK = "&#8203;"
"""A zero-width space: keeps ``@`` and ``#`` from reaching what follows them."""


def inline(text: str) -> str:
    """The text for a paragraph, a list item or a table cell."""
    return _MARKUP.sub(_escape, printable(text))


def code(text: str) -> str:
    """The text in a code element, in which nothing is linked or notified.

    An element and not backquotes: these cannot hold a ``|`` in a table.
    """
    return f"<code>{_IN_CODE.sub(_numeric, printable(text))}</code>"


def _numeric(match: re.Match[str]) -> str:
    return _ENTITIES.get(match.group(), f"&#{ord(match.group())};")


def _escape(match: re.Match[str]) -> str:
    found = match.group()
    if found in _ENTITIES:
        return _ENTITIES[found]
    if found in ("@", "#"):
        return f"\\{found}{_BREAK}"
    if found == "://":
        return "&#58;//"
    if found == ".":
        return "&#46;"
    return found[:-1] + f"\\{found[-1]}"
