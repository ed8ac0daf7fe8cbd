"""Worlds that the twin tests ask, and what it means that model and kernel agree."""

from __future__ import annotations

from pathlib import Path

from k8snet import lab
from k8snet.lab.capture import payload_line
from k8snet.lab.replay import replay
from k8snet.linux import Trace, World
from k8snet.linux.steps import Captured

HERE = Path(__file__).parent
SOON = 0.4
"""Seconds after which a question that gets no answer is given up."""


def world(*lines: str) -> World:
    """A world after these commands; empty lines and comments are skipped."""
    made = World(seed=1)
    for line in lines:
        if line and not line.startswith("#"):
            made.sh(line)
    return made


def figure(*lines: str) -> World:
    """The course's figure, with an app on port 4000 of each pod, after further commands."""
    made = world(*HERE.joinpath("figure.sh").read_text().splitlines(), *lines)
    for pod in ("pod-a", "pod-b", "pod-c", "pod-d"):
        for proto in ("tcp", "udp"):
            made.listen(pod, 4000, proto=proto)
    return made


def agree(asked: World, trace: Trace, fate: str | None = None) -> None:
    """The world's story is the kernel's, and it is the one that the test is about."""
    comparison = lab.compare(asked, trace)
    assert comparison.differences == [], str(comparison)
    assert fate in (None, trace.fate)


def tracked(asked: World, netns: str = "node") -> list[str]:
    """The connections that a namespace remembers, as ``conntrack -L`` lists them; without its last line."""
    return asked.sh(f"ip netns exec {netns} conntrack -L").splitlines()[:-1]


def heard(asked: World, trace: Trace) -> list[Captured]:
    """What the kernel's devices see of the same question, with the kernel's own times, and in its own order."""
    assert trace.question is not None
    with replay(asked, trace.log_position) as real:
        real.watch()
        real.ask(trace.question, trace)
        return real.captured()


def place(captured: Captured) -> str:
    """Where a frame was seen, and on its way where: ``node br0 in``."""
    return f"{captured.netns} {captured.device} {captured.direction}"


def order(captures: list[Captured], netns: str) -> list[str]:
    """All that a namespace's devices saw, in one list: ``br0 in ARP who-has 10.0.0.2 tell 10.0.0.1``."""
    return [f"{each.device} {each.direction} {payload_line(each.packet)}" for each in captures if each.netns == netns]


# --- commands ------------------------------------------------------------------------------------------------------


def machines(*names: str) -> list[str]:
    """Network namespaces whose lo is up."""
    return [line for name in names for line in (f"ip netns add {name}", f"ip -n {name} link set lo up")]


def wire(netns: str, device: str, address: str, peer: str, peer_device: str, peer_address: str) -> list[str]:
    """Two machines and the cable between them; an empty address is none."""
    ends = ((netns, device, address), (peer, peer_device, peer_address))
    return [
        f"ip link add {device} netns {netns} type veth peer name {peer_device} netns {peer}",
        *(f"ip -n {machine} addr add {ip} dev {end}" for machine, end, ip in ends if ip),
        *(f"ip -n {machine} link set {end} up" for machine, end, _ in ends),
    ]


def bridged(node: str, address: str, *pods: tuple[str, str]) -> list[str]:
    """A node whose br0 has this address (an empty one is none), and pods (name, address) at ports named after them."""
    lines = machines(node, *(pod for pod, _ in pods))
    lines += [f"ip -n {node} link add br0 type bridge", f"ip -n {node} link set br0 up"]
    lines += [f"ip -n {node} addr add {address} dev br0"] if address else []
    for pod, ip in pods:
        lines += [f"ip link add {pod} netns {node} type veth peer name eth0 netns {pod}",
                  f"ip -n {node} link set {pod} master br0 up",
                  f"ip -n {pod} addr add {ip} dev eth0", f"ip -n {pod} link set eth0 up"]
    return lines
