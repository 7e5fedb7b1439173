"""Texts of others, made safe to be put into a line."""

from __future__ import annotations


def one_line(text: str) -> str:
    """A text without anything that could begin a line or a control sequence."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:500]
