"""Waiting longer and longer: before a container is started again, before an image is pulled again.

Source: k8s.io/client-go, util/flowcontrol/backoff.go; the kubelet's kuberuntime_manager.go (doBackOff).
"""

from __future__ import annotations

from k8snet.linux.fact import Fact

FIRST, LONGEST = 10.0, 300.0
"""Seconds."""
FORGOTTEN_AFTER = 2 * LONGEST
"""A container that has run for so long begins anew."""


class BackOff(Fact, frozen=True):
    """How long to wait after a failure, and ``since`` when: the time of the last try."""

    delay: float
    since: float


def wait_until(entry: BackOff | None, failed: float) -> float:
    """Until when to wait after a failure at that time. The first one costs no waiting.

    >>> wait_until(None, 5.0), wait_until(BackOff(10.0, 5.0), 7.0), wait_until(BackOff(10.0, 5.0), 700.0)
    (5.0, 17.0, 700.0)
    """
    return failed if entry is None or failed - entry.since > FORGOTTEN_AFTER else failed + entry.delay


def next_try(entry: BackOff | None, failed: float, now: float) -> BackOff:
    """What to wait after the try that is made now.

    >>> next_try(BackOff(10.0, 5.0), 7.0, 17.0)
    BackOff(delay=20.0, since=17.0)
    """
    if entry is None or failed - entry.since > FORGOTTEN_AFTER:
        return BackOff(FIRST, now)
    return BackOff(min(entry.delay * 2, LONGEST), now)
