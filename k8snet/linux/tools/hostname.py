"""``hostname``: the name of the network namespace (in reality a name of its own), and with ``-I`` its addresses."""

from __future__ import annotations

from k8snet.errors import NotModelled
from k8snet.linux.device import Loopback
from k8snet.linux.netns import Netns


def run(netns: Netns, args: list[str], stdin: str = "") -> str:
    """Run ``hostname [-s | -I]``."""
    match args[1:]:
        case []:
            return f"{netns.name}\n"
        case ["-s" | "--short"]:
            return f"{netns.name.partition('.')[0]}\n"
        case ["-I" | "--all-ip-addresses"]:
            return _addresses(netns) + "\n"
    raise NotModelled(f"hostname {' '.join(args[1:])}", known="hostname, hostname -s, hostname -I")


def _addresses(netns: Netns) -> str:
    """All addresses of devices that are up, but for ``lo``'s."""
    devices = sorted(netns.devices.values(), key=lambda device: device.index)
    outward = [device for device in devices if device.up and not isinstance(device, Loopback)]
    return "".join(f"{address.ip} " for device in outward for address in device.addresses)
