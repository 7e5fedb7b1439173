"""Two clocks: a jump of the machine's lifts no quarantine and prolongs no waiver.

The time since the start of the process is also counted by a clock that cannot
be set.  Where the two differ, ages are measured by the earlier and expiries by
the later.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Clock:
    """Tells the time.

    Args:
        wall: Seconds since 1970, may jump.
        steady: Seconds since anything, never jumps.
    """

    def __init__(
        self, wall: Callable[[], float] = time.time, steady: Callable[[], float] = time.monotonic
    ) -> None:
        self._wall = wall
        self.steady = steady
        self._offset = wall() - steady()

    def earlier(self) -> datetime:
        """The time to measure ages by."""
        return _instant(min(self._wall(), self.steady() + self._offset))

    def later(self) -> datetime:
        """The time to measure expiries by."""
        return _instant(max(self._wall(), self.steady() + self._offset))


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
