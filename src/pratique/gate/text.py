"""Texts of others, made safe to be put into a line."""

from __future__ import annotations


def printable(text: str) -> str:
    """A text for a terminal: a space for all that would begin a line or a control sequence."""
    return "".join(sign if sign.isprintable() else " " for sign in text)


def one_line(text: str) -> str:
    """A text without anything that could begin a line or a control sequence."""
    return " ".join(printable(text).split())[:500]
