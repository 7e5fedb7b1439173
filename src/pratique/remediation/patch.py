"""Changed files as a patch that ``git apply`` and ``patch -p1`` take."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

NO_END = "\\ No newline at end of file\n"


def unified(changes: Mapping[str, tuple[bytes, bytes]]) -> str:
    """A unified diff of files, by path.

    Args:
        changes: Path to content before and after; empty content is an absent file.
    """
    return "".join(_file(path, *changes[path]) for path in sorted(changes))


def _file(path: str, before: bytes, after: bytes) -> str:
    lines = difflib.unified_diff(
        _lines(before),
        _lines(after),
        f"a/{path}" if before else "/dev/null",
        f"b/{path}" if after else "/dev/null",
    )
    head = f"diff --git a/{path} b/{path}\n"
    if not before:
        head += "new file mode 100644\n"
    elif not after:
        head += "deleted file mode 100644\n"
    return head + "".join(line if line.endswith("\n") else f"{line}\n{NO_END}" for line in lines)


def _lines(data: bytes) -> list[str]:
    """Lines ended by a line feed alone, as a patch counts them."""
    parts = data.decode("utf-8", "replace").split("\n")
    return [f"{part}\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])
