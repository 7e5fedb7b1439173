"""The present, or what ``SOURCE_DATE_EPOCH`` says it is.

Source: Reproducible Builds, *SOURCE_DATE_EPOCH specification*.  A date in RFC
3339 is taken too.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime

from pratique.formats.instants import parse_instant
from pratique.model.errors import UsageError

VARIABLE = "SOURCE_DATE_EPOCH"


def now() -> datetime:
    """The moment that everything made in this run is dated by, UTC.

    Raises:
        UsageError: The variable holds neither seconds nor a date.
    """
    text = os.environ.get(VARIABLE, "")
    if not text:
        return datetime.now(UTC)
    try:
        return datetime.fromtimestamp(int(text), UTC)
    except (ValueError, OverflowError, OSError):
        moment = parse_instant(text)
    if moment is None:
        raise UsageError(
            f"{VARIABLE}={text!r} is neither seconds nor a date.",
            remedy="Set it to seconds since 1970, or unset it.",
        )
    return moment
