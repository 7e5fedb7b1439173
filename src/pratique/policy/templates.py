"""Reasons: text with the names of facts in braces, and nothing else."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

from pratique.model.facts import Unknown
from pratique.policy.variables import VARIABLES, Between

if TYPE_CHECKING:
    from pratique.model.facts import Facts

MAX_TEMPLATE = 500
"""Characters of a reason as written: it is one line in a terminal or a client's error."""

MAX_VALUE = 200
"""Characters that one value may fill: a name may be hostile, a list long."""

MAX_LISTED = 5
"""Values of a list that are written out."""

_PART = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")


class TemplateError(Exception):
    """A template is refused; the column is counted from 1 within it."""

    def __init__(self, message: str, column: int, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.column = column
        self.remedy = remedy


class Template:
    """A reason as compiled from its text.

    Args:
        text: With names of facts in braces; ``{{`` and ``}}`` are braces.

    Raises:
        TemplateError: A brace is not closed, or there is no such fact.
    """

    __slots__ = ("_parts", "_whole", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        if len(text) > MAX_TEMPLATE:
            message = f"has {len(text):,} characters, over the limit of {MAX_TEMPLATE}"
            raise TemplateError(message, 1, "Say it in one line.")
        self._parts: list[tuple[bool, str]] = []
        position = 0
        for found in _PART.finditer(text):
            self._parts.append((False, text[position : found.start()]))
            position = found.end()
            name, sign = found.group(1), found.group()
            if sign in {"{{", "}}"}:
                self._parts.append((False, sign[0]))
            elif name is None:
                remedy = "Close it, or write '{{' or '}}' for the sign itself."
                raise TemplateError("has a brace that stands alone", found.start() + 1, remedy)
            elif name not in VARIABLES:
                close = get_close_matches(name, VARIABLES, n=1)
                hint = f"Did you mean {{{close[0]}}}? " if close else ""
                raise TemplateError(
                    f"there is no fact {name[:80]!r}",
                    found.start() + 1,
                    f"{hint}Only names of facts stand in braces.",
                )
            else:
                self._parts.append((True, name))
        self._parts.append((False, text[position:]))
        plain = not any(fact for fact, _ in self._parts)
        self._whole = "".join(text for _, text in self._parts) if plain else None

    @property
    def facts(self) -> frozenset[str]:
        """Names of the facts it shows."""
        return frozenset(name for fact, name in self._parts if fact)

    def fill(self, facts: Facts) -> str:
        """The reason for one component."""
        if self._whole is not None:
            return self._whole
        return "".join(
            _shown(VARIABLES[text].get(facts)) if fact else text for fact, text in self._parts
        )


def _shown(value: object) -> str:
    if isinstance(value, str):
        return _safe(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return f"{round(value, 2):g}" if abs(value) < 1e6 else f"{value:.3g}"
    if isinstance(value, list):
        text = ", ".join(_safe(str(one)) for one in value[:MAX_LISTED]) or "none"
        more = len(value) - MAX_LISTED
        return f"{text} and {more} more" if more > 0 else text
    if isinstance(value, Between):
        return f"{_shown(value.low)} or worse ({_safe(value.reason)})"
    if isinstance(value, Unknown):
        return f"unknown ({_safe(value.reason)})"
    return _safe(str(value))


def _safe(text: str) -> str:
    """One line without control characters, of limited length."""
    if len(text) > MAX_VALUE:
        text = text[: MAX_VALUE - 1] + "…"
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in text)
