"""The same journey past few and past many Services' rules, as kube-proxy writes them; and one text for many machines.

A pod connects to the Service that comes last; the trace tells how many rules the kernel tries. Of machines with the same rules
only the first has to read them.
"""

from __future__ import annotations

from functools import cache
from time import perf_counter

from benchmarks.timing import Figures, in_turns
from k8snet.course.figure import whole
from k8snet.kube.proxy import iptables
from k8snet.kube.proxy.facts import NodeFacts
from k8snet.linux import World, ask
from k8snet.linux.address import Ip
from k8snet.linux.iptables.reading import forget
from k8snet.linux.log import Connect
from k8snet.linux.steps import Judged
from k8snet.linux.trace import Trace

FIRST = Ip("10.96.0.1")
FEW, MANY = 10, 10_000
NODE = NodeFacts(name="node-a", ip="10.100.0.2", cluster_cidr="10.1.0.0/16", addresses=("127.0.0.1", "10.100.0.2"))


def figures() -> Figures:
    """The time of a handshake past FEW Services' rules, as a share of that past MANY; the cost of a second machine."""
    few, many = with_services(FEW), with_services(MANY)
    tried = max(step.tried for step in handshake(many, MANY).packets[0].steps if isinstance(step, Judged))
    quick, slow = in_turns(lambda: handshake(few, FEW), lambda: handshake(many, MANY))
    yield (f"a traced handshake past the rules of {MANY:,} Services (the kernel tries {tried:,})", f"past {FEW}", quick / slow)
    many.sh("ip netns add another")
    text = rules(MANY)
    forget()
    read, shared = (_seconds_to_give(many, netns, text) for netns in ("node-a", "another"))
    yield f"iptables-restore of the rules of {MANY:,} Services", "the same on another machine", read / shared


def _seconds_to_give(world: World, netns: str, text: str) -> float:
    started = perf_counter()
    give(world, netns, text)
    return perf_counter() - started


def with_services(count: int) -> World:
    """The course's figure with ``count`` Services on node-a, each with its own endpoint; that of the last one is pod-d."""
    world = whole()
    world.listen("pod-d", 4000)
    give(world, "node-a", rules(count))
    return world


def give(world: World, netns: str, text: str) -> None:
    """What kube-proxy does on a machine."""
    for line in iptables.jumps(NODE):
        world.sh(f"ip netns exec {netns} {line}", check=False)  # it may be done already
    world.sh(f"ip netns exec {netns} iptables-restore --noflush --counters", stdin=text)


@cache
def rules(count: int) -> str:
    """What kube-proxy writes for so many Services."""
    services = [{"metadata": {"namespace": "default", "name": f"web{number:05}"},
                 "spec": {"clusterIP": str(Ip(FIRST + number)), "ports": [{"port": 80, "targetPort": 4000}]}}
                for number in range(count)]  # fmt: skip
    slices = [{"metadata": {"namespace": "default", "name": f"web{number:05}-1",
                            "labels": {"kubernetes.io/service-name": f"web{number:05}"}},
               "addressType": "IPv4", "ports": [{"port": 4000}],
               "endpoints": [{"addresses": [_endpoint(number, count)], "nodeName": "node-b"}]}
              for number in range(count)]  # fmt: skip
    return iptables.rules(services, slices, NODE)


def _endpoint(number: int, count: int) -> str:
    return "10.1.2.2" if number == count - 1 else str(Ip(Ip("10.1.128.0") + number))


def handshake(world: World, services: int) -> Trace:
    """SYN, SYN-ACK, ACK with the last Service, traced; the connection stays open."""
    world.traces.clear()
    question = Connect("pod-a", Ip(FIRST + services - 1), 80, data=b"")
    return ask.connect(world.netns["pod-a"], question, keep_open=True)
