"""The requests, one by one: each is a line of JSON, and so is its reply.

The agent is process 1 of its process namespace: when its standard input ends, it ends, and the kernel kills all that it
started and takes the namespaces down. Source: mount(2), pid_namespaces(7).
"""

from __future__ import annotations

import errno
import json
import os
import select
import sys
from collections.abc import Callable
from threading import Thread

from k8snet.lab.agent.asking import close, connect, end_apps, listen, ping, time_connects
from k8snet.lab.agent.hearing import captured, stop_hearing, trace_rules, traced, watch
from k8snet.lab.agent.inside import LIBC, Reply, await_gone, bare, call, run


def vacate(netns: str) -> Reply:
    """Leave a namespace that is about to be deleted: the kernel keeps it for as long as somebody has a socket there."""
    end_apps(netns)
    stop_hearing(netns)
    return {}


REQUESTS: dict[str, Callable[..., Reply]] = {
    "run": run, "bare": bare, "vacate": vacate, "await_gone": await_gone, "listen": listen, "close": close, "connect": connect,
    "time_connects": time_connects, "ping": ping, "watch": watch, "captured": captured, "trace_rules": trace_rules,
    "traced": traced,
}


def end_with_parent() -> None:
    """End at once when the other end of our standard input is gone, whatever else is under way."""
    poll = select.poll()
    poll.register(0, 0)  # hang-up is always reported
    poll.poll()
    os._exit(0)


def say(reply: Reply) -> None:
    """Write one reply."""
    sys.stdout.write(json.dumps(reply) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Answer requests until there are no more."""
    call(LIBC.mount(b"tmpfs", b"/run", b"tmpfs", 0, None))
    Thread(target=end_with_parent, daemon=True).start()
    say({"ready": True})
    for line in sys.stdin:
        request = json.loads(line)
        try:
            reply = REQUESTS[request.pop("do")](**request)
        except OSError as error:
            reply = {"failed": errno.errorcode.get(error.errno or 0, "EIO"), "text": error.strerror or str(error)}
        say(reply)
