"""How often kube-proxy syncs: at once after a long quiet, else a second after the last time.

Source: pkg/util/async/bounded_frequency_runner.go; pkg/proxy/apis/config/v1alpha1/defaults.go.
"""

from __future__ import annotations

from k8snet.kube.component import Again

MIN_SYNC_PERIOD = 1
"""Seconds between two syncs (--iptables-min-sync-period)."""
ROUNDING = 1e-6
"""So much too early may a timer ring: a command says in decimals how long to sleep."""


class Pace:
    """When the next sync may be."""

    def __init__(self) -> None:
        self._next = 0.0
        self._is_waiting = False

    def delay(self, now: float) -> Again | None:
        """How long to wait; None: not at all, or there is somebody who waits already (`may_sync` tells which).

        >>> pace = Pace()
        >>> pace.may_sync(5.0), pace.may_sync(5.2), pace.delay(5.2), pace.delay(5.3), pace.may_sync(6.0)
        (True, False, Again(seconds=0.7999999999999998, idle=False), None, True)
        """
        if self._is_waiting:
            return None
        self._is_waiting = True
        return Again(self._next - now)

    def may_sync(self, now: float) -> bool:
        """Whether it is time; if so, the next time is counted from now."""
        if now < self._next - ROUNDING:
            return False
        self._next, self._is_waiting = now + MIN_SYNC_PERIOD, False
        return True
