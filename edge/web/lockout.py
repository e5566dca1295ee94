"""Slows down whoever guesses tokens."""

from __future__ import annotations

import ipaddress
from collections import deque
from typing import Final

MAX_FAILURES: Final = 5
MAX_FAILURES_OF_ALL: Final = 50
WINDOW_S: Final = 60.0


class Lockout:
    """Remembers failures for a minute. Times are monotonic seconds; one thread only."""

    def __init__(self) -> None:
        """Begin without failures."""
        self._failures: deque[tuple[float, str]] = deque()

    def wait_s(self, address: str, now_s: float) -> float:
        """Return for how long nothing from an address is looked at, in seconds; 0.0 when it may try.

        Too many failures of all addresses together stop everybody: a guesser may have many.
        """
        while self._failures and now_s - self._failures[0][0] >= WINDOW_S:
            self._failures.popleft()
        home = find_home(address)
        its_own = [at_s for at_s, each in self._failures if each == home]
        oldest_s = [
            *(its_own[-MAX_FAILURES:][:1] if len(its_own) >= MAX_FAILURES else []),
            *([self._failures[0][0]] if len(self._failures) >= MAX_FAILURES_OF_ALL else []),
        ]
        return max((at_s + WINDOW_S - now_s for at_s in oldest_s), default=0.0)

    def fail(self, address: str, now_s: float) -> None:
        """Take in a wrong token; only after `wait_s` gave 0.0, which bounds what is remembered."""
        self._failures.append((now_s, find_home(address)))


def find_home(address: str) -> str:
    """Return the part of an address that one household has: of IPv6 the first 64 bits, of IPv4 all of it.

    At the address `::` a visitor by IPv4 comes from `::ffff:` and its address (RFC 4291, 2.5.5.2).
    """
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    return str(parsed.ipv4_mapped or ipaddress.ip_network((parsed, 64), strict=False))
