"""Writes the details of a defect to a file, so that they can be reported."""

from __future__ import annotations

import platform
import tempfile
import traceback

from pratique import __version__


def write_report(error: Exception) -> str:
    """Write the traceback of a defect to a new temporary file.

    Args:
        error: What was raised.

    Returns:
        The file's path, or an empty text where none could be written.
    """
    lines = (
        f"pratique {__version__}, Python {platform.python_version()}, {platform.system()}\n\n",
        *traceback.format_exception(error),
    )
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="pratique-defect-", suffix=".txt", delete=False, encoding="utf-8"
        ) as file:
            file.writelines(lines)
    except OSError:
        return ""
    return file.name
