"""The file lists of machine-written lockfiles, taken out before the TOML parser sees them.

Nine tenths of a ``uv.lock`` or ``poetry.lock`` are addresses and hashes of
wheels, one a line in a form that never varies; of these only the hashes are
wanted.  Lists that match the form exactly are replaced by a short mark of as
many lines, which makes reading four times as fast; anything else stays for the
parser.  A list that matches is valid TOML, so that no error is overlooked.
"""

from __future__ import annotations

import re
from typing import Any

from pratique.model.nouns import Artifact

_MARK = "lifted files "
_STRING = r'"[^"\\\x00-\x1f\x7f]*"'
_HEX = '"sha256:[0-9a-f]{64}"'
_UV = (
    rf"\{{ (?:url|path|filename) = {_STRING}, hash = {_HEX}"
    rf"(?:, size = [1-9]\d*)?(?:, upload-time = {_STRING})? \}}"
)
_POETRY = rf"\{{(?:file|url) = {_STRING}, hash = {_HEX}\}}"
_TIME = (
    r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?Z"
)
_PYLOCK = (
    rf"\{{ url = {_STRING}(?:, upload-time = {_TIME})?"
    r'(?:, size = [1-9]\d*)?, hashes = \{ sha256 = "[0-9a-f]{64}" \} \}'
)
_LISTS = re.compile(
    rf"^(wheels|files) = \[\n(?:    (?:{_UV}|{_POETRY}|{_PYLOCK}),\n)+\]$"
    rf"|^(sdist) = (?:{_UV}|{_PYLOCK})$",
    re.MULTILINE,
)
_DIGEST = re.compile(r'(?:sha256:|sha256 = ")([0-9a-f]{64})"')


class Lifted:
    """A document without its file lists.

    Args:
        text: The whole document.
    """

    def __init__(self, text: str) -> None:
        self._lists: list[tuple[Artifact, ...]] = []
        # Within long strings a list is no list, and a mark of its own must stay unread.
        plain = '"""' not in text and "'''" not in text and _MARK not in text
        self.text = _LISTS.sub(self._lift, text) if plain else text
        """With as many lines as before."""

    def __getitem__(self, value: Any) -> tuple[Artifact, ...] | None:
        """Hashes of the list that a value stands for; ``None`` where it stands for none."""
        if isinstance(value, str) and value.startswith(_MARK):
            number = value[len(_MARK) :]
            if number.isdecimal() and len(number) < 10 and int(number) < len(self._lists):
                return self._lists[int(number)]
        return None

    def _lift(self, match: re.Match[str]) -> str:
        block = match[0]
        self._lists.append(tuple([Artifact("sha256", text) for text in _DIGEST.findall(block)]))
        mark = f'{match[1] or match[2]} = "{_MARK}{len(self._lists) - 1}"'
        return mark + "\n" * block.count("\n")
