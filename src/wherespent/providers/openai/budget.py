"""How often an account may be asked, and from when on: one budget for all of its clients."""

import time

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

_SHORTEST_WAIT_SECONDS = 0.05


class Budget:
    """At most `requests_per_minute` (0: no limit), and none before what `Retry-After` asked.

    `not_before` is a moment of the clients' monotonic clock.
    """

    def __init__(self, requests_per_minute: int) -> None:
        self._limit = RateLimitItemPerMinute(requests_per_minute) if requests_per_minute else None
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self.not_before = 0.0

    def block_until(self, moment: float) -> None:
        """What one client was asked to wait never shortens what another was."""
        self.not_before = max(self.not_before, moment)

    def take(self) -> float:
        """Take one request: 0 where it was there, else the seconds after which to try again."""
        if self._limit is None or self._limiter.hit(self._limit, "requests"):
            return 0
        reset = self._limiter.get_window_stats(self._limit, "requests").reset_time
        return max(_SHORTEST_WAIT_SECONDS, reset - time.time())
