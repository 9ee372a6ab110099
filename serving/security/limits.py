"""How often somebody may call.

Each process counts for itself, in memory: nothing is shared, and nothing is asked of the store. The library
`limits` was measured and left out: its memory storage starts a thread to clear up after a call, which at the
pace of an LMS takes several times as long as a limit may cost.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address

from starlette.types import Scope

from serving.problems import TOO_MANY_REQUESTS, Problem

_MOST_KNOWN = 10_000
_MINUTE = 60.0


class Rate:
    """At most `calls` at once and `calls` in `seconds` on the whole, for each of many callers.

    The generic cell rate algorithm (ITU-T I.371, annex A, virtual scheduling): of each caller only the time
    is kept at which all that was used will have been made good, so a call costs a look into a table.

    Parameters
    ----------
    calls : int
        0 for no limit.
    seconds : float
    clock : callable
        Seconds that only grow.

    Examples
    --------
    >>> now = 0.0
    >>> rate = Rate(2, 1.0, lambda: now)
    >>> rate.take("a"), rate.take("a"), rate.take("a"), rate.take("b")
    (0.0, 0.0, 0.5, 0.0)
    >>> now = 0.5
    >>> rate.take("a"), rate.take("a")
    (0.0, 0.5)
    """

    def __init__(self, calls: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._each = seconds / calls if calls else 0.0
        self._tolerated = seconds - self._each
        self._clock = clock
        self._made_good: dict[str, float] = {}

    def take(self, who: str) -> float:
        """Count a call; return 0, or, where it is one too many, the seconds until one is allowed."""
        if not self._each:
            return 0.0
        now = self._clock()
        due = self._made_good.get(who, now)
        if due < now:
            due = now
        wait = due - now - self._tolerated
        # Less than a microsecond is what rounding leaves.
        if wait > 1e-6:
            return wait
        if len(self._made_good) >= _MOST_KNOWN and who not in self._made_good:
            self._clear_up(now)
        self._made_good[who] = due + self._each
        return 0.0

    def give_back(self, who: str) -> None:
        """Take back a call that was counted."""
        if who in self._made_good:
            self._made_good[who] -= self._each

    def _clear_up(self, now: float) -> None:
        # From too many addresses at once, everybody starts anew: memory has to end somewhere.
        still = {who: due for who, due in self._made_good.items() if due > now}
        self._made_good = still if len(still) < _MOST_KNOWN // 2 else {}


class Limits:
    """Answers 429 to who calls too often. To be used on the event loop only.

    Parameters
    ----------
    calls_per_second : int
        Of one key; 0 for no limit.
    wrong_keys_per_minute : int
        Of one client address; 0 for no limit. Calls without a key count apart, and as much.
    """

    def __init__(self, calls_per_second: int, wrong_keys_per_minute: int) -> None:
        self._calls = Rate(calls_per_second, 1.0)
        self._wrong_keys = Rate(wrong_keys_per_minute, _MINUTE)
        self._no_keys = Rate(wrong_keys_per_minute, _MINUTE)
        self._refusals = Rate(1, _MINUTE)

    def call_with(self, key_id: str) -> None:
        """Count a call with a good key; raises `Problem` when it is one too many."""
        if wait := self._calls.take(key_id):
            raise _too_many("this API key calls more often than SERVING_RATE_LIMIT allows", wait)

    def call_without_key(self, scope: Scope) -> None:
        """Count a call that presents no key; raises `Problem` when it is one too many."""
        if wait := self._no_keys.take(client_of(scope)):
            raise _too_many("too many calls without an API key came from this address", wait)

    def look_up_key(self, scope: Scope) -> None:
        """Count a key that may be wrong, before it is looked up; raises `Problem` when it is one too many."""
        if wait := self._wrong_keys.take(client_of(scope)):
            raise _too_many("too many wrong API keys came from this address", wait)

    def give_back_key(self, scope: Scope) -> None:
        """Take the last one back: that key was not wrong, or could not be looked up."""
        self._wrong_keys.give_back(client_of(scope))

    def worth_noting(self, key_id: str, action: str) -> bool:
        """Whether nothing was noted of this key and action for a minute."""
        return not self._refusals.take(f"{key_id} {action}")


def client_of(scope: Scope) -> str:
    """Return the client's address; of IPv6 the network, since whoever has one address has the others too.

    >>> client_of({"client": ("2001:db8::7", 5)}), client_of({"client": ("192.0.2.1", 5)}), client_of({})
    ('2001:db8::/64', '192.0.2.1', 'unknown')
    """
    client = scope.get("client")
    host = client[0] if client else "unknown"
    if ":" not in host:
        return str(host)
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return str(host)
    if not isinstance(address, IPv6Address):
        return str(host)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return f"{IPv6Address(int(address) >> 64 << 64)}/64"


def _too_many(what: str, wait: float) -> Problem:
    seconds = max(1, math.ceil(wait))
    return Problem(
        TOO_MANY_REQUESTS, f"{what}; try again in {seconds} s", headers={"Retry-After": str(seconds)}
    )
