"""Points in time as documents write them (RFC 3339, ISO 8601 extended format)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

_INSTANT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,20}))?)?"
    r"\s*([Zz]|[+-]\d\d:?\d\d)?\Z"
)


@lru_cache(maxsize=4096)
def parse_instant(text: str) -> datetime | None:
    """A date and time in UTC, to the microsecond; ``None`` where the text is none.

    Digits past the microsecond are cut off; a text without an offset is taken
    as UTC, and a leap second as the second before it (RFC 3339, section 5.6
    and appendix D).

    Args:
        text: As written; a date alone is not an instant.
    """
    found = _INSTANT.match(text.strip())
    if not found:
        return None
    year, month, day, hour, minute, second, fraction, offset = found.groups()
    zone: timezone = UTC
    if offset and offset not in "Zz":
        sign = -1 if offset[0] == "-" else 1
        hours, minutes = int(offset[1:3]), int(offset[-2:])
        if hours > 23 or minutes > 59:
            return None
        zone = timezone(sign * timedelta(hours=hours, minutes=minutes))
    try:
        local = datetime(
            int(year),
            int(month),
            int(day),
            int(hour),
            int(minute),
            min(int(second or 0), 59) if second == "60" else int(second or 0),
            int((fraction or "0")[:6].ljust(6, "0")),
            tzinfo=zone,
        )
        return local.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def has_offset(text: str) -> bool:
    """Whether a date and time says its offset from UTC, as RFC 3339 demands."""
    found = _INSTANT.match(text.strip())
    return bool(found and found.group(8))


def write_instant(moment: datetime) -> str:
    """RFC 3339 in UTC with a ``Z``; a fraction only where there is one."""
    text = moment.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00")
    return text.rstrip("0").rstrip(".") + "Z" if "." in text else text + "Z"
