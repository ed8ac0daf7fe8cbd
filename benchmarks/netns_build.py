"""A network of three nodes and ten pods, built by command lines: the model against the real kernel.

The kernel gets the same commands in as few processes as it can be done with: one ``ip -batch`` for each network namespace, and
one for what is done from outside. ``python -m benchmarks.netns_build`` prints what each kind of command costs in the model.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from statistics import median
from time import perf_counter

from benchmarks.timing import Figures
from k8snet import lab
from k8snet.lab.kernel import Kernel
from k8snet.linux import World
from k8snet.linux.log import ROOT

NODES, PODS = 3, 10
ROUNDS = 7
Batch = tuple[str, list[str]]
"""A network namespace, and commands of `ip` there, without the word ``ip``; ``sysctl …`` stands for itself."""


def figures() -> Figures:
    """The time that the model takes, as a share of the kernel's."""
    reason = lab.available()
    if reason is not None:
        print(f"| (the kernel's building of a network was not measured: {reason}) | | |")
        return
    batches = list(network(NODES, PODS))
    of_model(batches)
    model, kernel = (min(times) for times in zip(*((of_model(batches), of_kernel(batches)) for _ in range(ROUNDS)), strict=True))
    count = sum(len(lines) for _, lines in batches)
    yield (f"{NODES} nodes and {PODS} pods, built with {count} commands ({model * 1e3:.1f} ms)",
           f"the real kernel with one `ip -batch` for each namespace ({kernel * 1e3:.0f} ms)", model / kernel)


def network(nodes: int, pods: int) -> Iterator[Batch]:
    """Nodes on a switch with a router, a bridge on each, pods on the bridges: what is done from outside comes first."""
    names = ["switch", "router", *(f"node{number}" for number in range(nodes)), *(f"pod{number}" for number in range(pods))]
    cables = ["link add eth0 netns router type veth peer name port0 netns switch"]
    cables += [f"link add eth0 netns node{number} type veth peer name port{number + 1} netns switch" for number in range(nodes)]
    cables += [f"link add eth0 netns pod{pod} type veth peer name veth{pod} netns node{pod % nodes}" for pod in range(pods)]
    yield ROOT, [*(f"netns add {name}" for name in names), *cables]
    ports = [f"link set port{number} master br0 up" for number in range(nodes + 1)]
    yield "switch", ["link add br0 type bridge", "link set br0 up", *ports]
    yield "router", [*_end("172.18.0.1/16"), "sysctl -w net.ipv4.ip_forward=1"]
    for number in range(nodes):
        yield f"node{number}", list(_node(number, nodes, pods))
    for pod in range(pods):
        gateway = f"10.244.{pod % nodes}.1"
        yield f"pod{pod}", [*_end(f"10.244.{pod % nodes}.{pod // nodes + 2}/24"), f"route add default via {gateway}"]


def _end(address: str) -> Iterator[str]:
    yield from ("link set lo up", f"addr add {address} dev eth0", "link set eth0 up")


def _node(number: int, nodes: int, pods: int) -> Iterator[str]:
    yield from _end(f"172.18.0.{10 + number}/16")
    yield from ("route add default via 172.18.0.1", "sysctl -w net.ipv4.ip_forward=1", "link add cni0 type bridge",
                f"addr add 10.244.{number}.1/24 dev cni0", "link set cni0 up")
    yield from (f"link set veth{pod} master cni0 up" for pod in range(number, pods, nodes))
    yield from (f"route add 10.244.{other}.0/24 via 172.18.0.{10 + other}" for other in range(nodes) if other != number)


def of_model(batches: list[Batch]) -> float:
    """Seconds that the model takes."""
    lines = list(as_typed(batches))
    start = perf_counter()
    build(lines)
    return perf_counter() - start


def as_typed(batches: list[Batch]) -> Iterator[str]:
    """The same as command lines of the world's own namespace."""
    for netns, lines in batches:
        for line in lines:
            if line.startswith("sysctl"):
                yield f"ip netns exec {netns} {line}"
            else:
                yield f"ip {line}" if netns == ROOT else f"ip -n {netns} {line}"


def build(lines: list[str]) -> World:
    """A world after these commands."""
    world = World(seed=1)
    for line in lines:
        world.sh(line)
    return world


def of_kernel(batches: list[Batch]) -> float:
    """Seconds that the real kernel takes, without the making of its private corner."""
    with Kernel() as kernel:
        start = perf_counter()
        for netns, lines in batches:
            commands = [line for line in lines if not line.startswith("sysctl")]
            kernel.run(["ip", "-batch", "-"], "\n".join(commands) + "\n", netns=netns)
            for line in lines:
                if line.startswith("sysctl"):
                    kernel.run(line.split(), netns=netns)
        return perf_counter() - start


def each_kind(rounds: int = 30) -> dict[str, float]:
    """Seconds for one command of each kind in the model, in the median."""
    seconds: dict[str, list[float]] = defaultdict(list)
    for _ in range(rounds):
        world = World(seed=1)
        for line in as_typed(list(network(NODES, PODS))):
            start = perf_counter()
            world.sh(line)
            seconds[_kind(line)].append(perf_counter() - start)
    return {kind: median(times) for kind, times in seconds.items()}


def _kind(line: str) -> str:
    """A command without what is special about it: ``ip -n … route add default via``."""
    words = [word for word in line.split() if not any(letter.isdigit() for letter in word)]
    names = {"switch", "router", "lo", "eth0", "br0", "cni0"}
    return " ".join("…" if word in names else word for word in words)


def main() -> None:
    """Print microseconds a command."""
    for kind, seconds in sorted(each_kind().items(), key=lambda pair: -pair[1]):
        print(f"{seconds * 1e6:6.1f} µs  {kind}")
    for measured, against, ratio in figures():
        print(f"{measured}; {against}: {ratio:.4f}")


if __name__ == "__main__":
    main()
