"""``arping``: who has an address, asked by ARP alone, in the words of iputils 20221126. ``-c`` must be said.

The first question goes to everyone, those after an answer to the one who gave it. Whether the kernel learns from the
answer is the kernel's business: it does only where it knows of the neighbour already.
"""

from __future__ import annotations

from typing import NamedTuple

from k8snet.errors import CommandError, NotModelled
from k8snet.linux import arp
from k8snet.linux.address import BROADCAST_MAC, Ip
from k8snet.linux.device import Device, Loopback
from k8snet.linux.netns import Netns
from k8snet.linux.packet import Arp
from k8snet.linux.route import lookup, select_address
from k8snet.linux.steps import Captured
from k8snet.linux.tools import Output
from k8snet.linux.tools.libc import address_of, options
from k8snet.linux.trace import Leg, Trace

INTERVAL = 1.0
"""Seconds between two questions."""


class Answer(NamedTuple):
    """A reply that came in: whose MAC address it told, and after how many seconds."""

    mac: str
    seconds: float


def run(netns: Netns, args: list[str], stdin: str = "") -> Output:
    """Run ``arping -c COUNT [-b] [-I DEVICE] [-s ADDRESS] [-w SECONDS] ADDRESS``."""
    said, words = options(args, "bc:I:s:w:")
    if not words or "c" not in said:
        raise NotModelled("arping without -c or without an address", known="arping -c 1 -I DEVICE ADDRESS")
    target = address_of(words[0])
    if target is None:
        raise CommandError(f"arping: {words[0]}: Temporary failure in name resolution", code=2)
    device = _device(netns, said.get("I"), target)
    asker = address_of(said["s"]) if "s" in said else select_address(netns, device, target, "link")
    asked, limit = int(said["c"]), float(said.get("w", said["c"]))
    trace = Trace(netns.world, None)
    netns.world.traces.append(trace)
    text = f"ARPING {target} from {asker or Ip(0)} {device.name}\n"
    answers, sent, broadcasts, mac = [], 0, 0, BROADCAST_MAC
    for number in range(min(asked, max(1, int(limit / INTERVAL)))):
        broadcasts += mac == BROADCAST_MAC
        sent = number + 1
        found = _ask(device, target, asker or Ip(0), mac, trace.leg("arp"))
        answers += found
        text += "".join(f"Unicast reply from {target} [{each.mac.upper()}]  {each.seconds * 1000:.3f}ms\n" for each in found)
        mac = found[0].mac if found and "b" not in said else mac
    trace.end("delivered" if answers else "timeout")
    text += f"Sent {sent} probes ({broadcasts} broadcast(s))\nReceived {len(answers)} response(s)\n"
    return Output(text, code=0 if answers else 1, trace=trace)


def _device(netns: Netns, name: str | None, target: Ip) -> Device:
    """The device to ask by: the given one, or the one that the route names."""
    name = name or lookup(netns, target).dev or ""
    device = netns.devices.get(name)
    if device is None:
        raise CommandError(f"arping: Device {name} not available.", code=2)
    if isinstance(device, Loopback):
        raise CommandError(f'Interface "{name}" is not ARPable', code=2)
    if not device.up:
        raise CommandError(f'Interface "{name}" is down', code=2)
    return device


def _ask(device: Device, target: Ip, asker: Ip, mac: str, leg: Leg) -> list[Answer]:
    """One question, and the answers of the next second."""
    world = device.netns.world
    start = world.now
    arp.ask(device, target, asker, leg, mac)
    world.run(until=lambda: False, deadline=start + INTERVAL)
    replies = [(c.now, c.packet) for c in leg.trace.captures if c.now >= start and _is_here(c, device)]
    return [
        Answer(reply.sender_mac, now - start) for now, reply in replies
        if isinstance(reply, Arp) and reply.op == "reply" and (reply.sender_ip, reply.target_ip) == (target, asker)
    ]  # fmt: skip


def _is_here(captured: Captured, device: Device) -> bool:
    return (captured.netns, captured.device, captured.direction) == (device.netns.name, device.name, "in")
