"""Network namespaces: being in one, its switches, its end; and commands that run in there.

Source: setns(2), network_namespaces(7).
"""

from __future__ import annotations

import ctypes
import errno
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Reply = dict[str, Any]

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
ROOT = "root"
GONE_SECONDS = 10.0
"""So long a deleted namespace may take to go."""
NO_IPV6 = {"net.ipv6.conf.all.disable_ipv6": 1, "net.ipv6.conf.default.disable_ipv6": 1}


def call(result: int) -> None:
    """Raise what the C library's function failed with."""
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


@contextmanager
def inside(netns: str) -> Iterator[None]:
    """Be in a network namespace: sockets made here and processes started here belong to it."""
    path = Path("/proc/self/ns/net" if netns == ROOT else f"/run/netns/{netns}")
    with Path("/proc/thread-self/ns/net").open() as home, path.open() as there:
        call(LIBC.setns(there.fileno(), CLONE_NEWNET))
        try:
            yield
        finally:
            call(LIBC.setns(home.fileno(), CLONE_NEWNET))


def bare(netns: str, switches: dict[str, int]) -> Reply:
    """Bring a new namespace to a known state: IPv6 off, and these sysctls, which it may have inherited otherwise."""
    missing = []
    with inside(netns):
        for name, value in {**switches, **NO_IPV6}.items():
            try:
                write_switch(name, value)
            except FileNotFoundError:
                missing.append(name)
    return {"missing": missing}


def await_gone(devices: list[tuple[str, str]]) -> Reply:
    """Wait until these devices (netns, name) are gone: a deleted namespace is taken down some time later."""
    deadline = time.monotonic() + GONE_SECONDS
    for netns, device in devices:
        with inside(netns):
            while device in [name for _, name in socket.if_nameindex()]:
                if time.monotonic() > deadline:
                    raise OSError(errno.ETIMEDOUT, f"{device} in {netns} has not gone")
                time.sleep(0.001)
    return {}


def write_switch(name: str, value: int) -> None:
    """Set a sysctl of the namespace that we are in."""
    Path("/proc/sys", *name.split(".")).write_text(str(value))


def run(words: list[str], stdin: str, netns: str, timeout: float) -> Reply:
    """Run a command in a namespace."""
    try:
        with inside(netns):
            done = subprocess.run(words, input=stdin, text=True, capture_output=True, timeout=timeout, check=False)
    except FileNotFoundError:
        return {"code": 127, "out": "", "err": f"sh: 1: {words[0]}: not found"}
    except subprocess.TimeoutExpired:
        return {"code": 124, "out": "", "err": f"{words[0]}: no end after {timeout:g} s"}
    return {"code": done.returncode, "out": done.stdout, "err": done.stderr}
