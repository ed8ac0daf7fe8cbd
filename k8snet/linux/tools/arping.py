"""``arping``: who has this address on that link? In the words of iputils 20221126.

The first request goes to everyone, the next ones to who answered. The kernel's neighbour table is not asked, and it
learns nothing: arping sends and reads for itself.
"""

from __future__ import annotations

from k8snet.errors import CommandError, NotModelled
from k8snet.linux import arp
from k8snet.linux.address import ZERO_MAC, Ip
from k8snet.linux.device import Device
from k8snet.linux.netns import Netns
from k8snet.linux.packet import Arp
from k8snet.linux.route import route_out, select_address
from k8snet.linux.tools import Output
from k8snet.linux.tools.libc import address_of, options
from k8snet.linux.trace import Captured, Trace

INTERVAL = 1.0
"""Seconds from one request to the next."""


def run(netns: Netns, args: list[str], stdin: str = "") -> Output:
    """Run ``arping -c COUNT [-w SECONDS] [-I DEVICE] [-q] [-f] ADDRESS``."""
    found, words = options(args, "c:w:I:qf")
    if "c" not in found and "w" not in found:
        raise NotModelled("arping without -c", known="-c COUNT")
    target = address_of(words[0]) if len(words) == 1 else None
    if target is None:
        raise CommandError(f"arping: {' '.join(words)}: Name or service not known", code=2)
    device = _device(netns, found.get("I"), target)
    count = int(found.get("c", found.get("w", "1")))
    asker = select_address(netns, device, target, "link") or Ip(0)
    trace = Trace(netns.world, None)
    netns.world.traces.append(trace)
    answers = _ask(netns, device, target, asker, trace, count)
    trace.end("delivered" if answers else "timeout")
    lines = [f"ARPING {target} from {asker} {device.name}", *([] if "q" in found else answers)]
    broadcasts = 1 if answers else count
    lines += [f"Sent {count} probes ({broadcasts} broadcast(s))", f"Received {len(answers)} response(s)"]
    return Output("".join(f"{line}\n" for line in lines), code=0 if answers else 1, trace=trace)


def _device(netns: Netns, name: str | None, target: Ip) -> Device:
    """The device to ask on; without ``-I`` the one that the route to the address names."""
    name = name or route_out(netns, target).dev
    device = netns.devices.get(name or "")
    if device is None:
        raise CommandError(f"arping: Device {name or ''} not available.", code=2, errno="ENODEV")
    if not device.up:
        raise CommandError(f"arping: Interface {device.name} is down", code=2)
    if not device.hears_broadcasts:
        raise CommandError(f'arping: Interface "{device.name}" is not ARPable', code=2)
    return device


def _ask(netns: Netns, device: Device, target: Ip, asker: Ip, trace: Trace, count: int) -> list[str]:
    """Ask ``count`` times; one line for each answer."""
    world, lines, mac = netns.world, [], ZERO_MAC
    leg = trace.leg("arp")
    for _ in range(count):
        seen, sent = len(trace.captures), world.now
        arp.ask(device, target, asker, leg, mac)
        world.run(until=lambda: False, deadline=sent + INTERVAL)
        for heard in trace.captures[seen:]:
            if _is_answer(heard, netns, device, target):
                assert isinstance(heard.packet, Arp)
                mac = heard.packet.sender_mac
                kind = "Unicast" if heard.frame.dst == device.mac else "Broadcast"
                lines.append(f"{kind} reply from {target} [{mac.upper()}]  {(heard.now - sent) * 1000:.3f}ms")
    return lines


def _is_answer(heard: Captured, netns: Netns, device: Device, target: Ip) -> bool:
    message = heard.packet
    here = (heard.netns, heard.device, heard.direction) == (netns.name, device.name, "in")
    return here and isinstance(message, Arp) and message.op == "reply" and message.sender_ip == target
