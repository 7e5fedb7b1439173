"""The grammar of SPDX licence expressions (SPDX 3.0.1, annex B), without the lists."""

from __future__ import annotations

import re

MAX_TOKENS = 1000
"""Words and brackets of an expression that is read; the longest in use have a few dozen."""

_TOKEN = re.compile(r"\s*([()]|[^\s()]+)")
_ID = re.compile(r"[A-Za-z0-9.-]+\Z")
_REFERENCE = re.compile(
    r"(?:DocumentRef-[A-Za-z0-9.-]+:)?(?:LicenseRef|AdditionRef)-[A-Za-z0-9.-]+\Z"
)
_OPERATORS = {"and", "or", "with"}


def identifiers(text: str) -> list[str] | None:
    """Licences and exceptions of an expression, or ``None`` where it is none.

    References to other documents are none: in a CSAF document there is nothing
    that they could refer to.
    """
    tokens = _TOKEN.findall(text)
    if not tokens or len(tokens) > MAX_TOKENS or _TOKEN.sub("", text).strip():
        return None
    found: list[str] = []
    depth = 0
    wanted = "operand"
    for one in tokens:
        word = one.lower()
        if one == "(":
            if wanted != "operand":
                return None
            depth += 1
        elif one == ")":
            if wanted != "operator" or depth == 0:
                return None
            depth -= 1
        elif word in _OPERATORS:
            if wanted != "operator" or one not in {word, word.upper()}:
                return None
            wanted = "exception" if word == "with" else "operand"
        else:
            if wanted == "operator" or not _is_id(one, exception=wanted == "exception"):
                return None
            found.append(one)
            wanted = "operator"
    return found if wanted == "operator" and depth == 0 else None


def _is_id(token: str, *, exception: bool) -> bool:
    lower = token.lower()
    if lower.startswith(("licenseref-", "additionref-", "documentref-")) and not token.startswith(
        ("LicenseRef-", "AdditionRef-", "DocumentRef-")
    ):
        return False
    if token.startswith(("LicenseRef-", "AdditionRef-", "DocumentRef-")):
        if token.startswith("DocumentRef-") or not _REFERENCE.match(token):
            return False
        return token.startswith("AdditionRef-") == exception
    return bool(_ID.match(token if exception else token.removesuffix("+")))
