"""The same journey past few and past many Services' rules in one chain.

A pod connects to the Service whose rule is the last of the chain; the trace tells how many rules the kernel tries.
"""

from __future__ import annotations

from benchmarks.timing import Figures, in_turns
from k8snet.course.figure import whole
from k8snet.linux import World, ask
from k8snet.linux.address import Ip
from k8snet.linux.log import Connect
from k8snet.linux.steps import Judged
from k8snet.linux.trace import Trace

FIRST = Ip("10.96.0.1")
FEW, MANY = 10, 10_000
ENTRANCE = "*nat\n:KUBE-SERVICES - [0:0]\n-A PREROUTING -j KUBE-SERVICES\nCOMMIT\n"
BATCH = 250
"""How many Services' rules the real kernel takes at once from someone who may not raise its socket buffers."""


def figures() -> Figures:
    """The time of a handshake past FEW rules, as a share of that past MANY."""
    few, many = with_services(FEW), with_services(MANY)
    tried = max(step.tried for step in handshake(many, MANY).packets[0].steps if isinstance(step, Judged))
    quick, slow = in_turns(lambda: handshake(few, FEW), lambda: handshake(many, MANY))
    yield (f"a traced handshake past {MANY:,} Services' rules in one chain (the kernel tries {tried:,})",
           f"past {FEW}", quick / slow)


def with_services(count: int) -> World:
    """The course's figure with ``count`` Services on node-a, all answered by pod-d."""
    world = whole()
    world.listen("pod-d", 4000)
    world.sh("ip netns exec node-a iptables-restore --noflush", stdin=ENTRANCE)
    for start in range(0, count, BATCH):
        world.sh("ip netns exec node-a iptables-restore --noflush", stdin=rules(range(start, min(count, start + BATCH))))
    return world


def rules(numbers: range) -> str:
    """What kube-proxy writes for these Services with one endpoint each, less its comments and marks."""
    chains = "".join(f":KUBE-SVC-{number} - [0:0]\n" for number in numbers)
    jumps = "".join(
        f"-A KUBE-SERVICES -d {Ip(FIRST + number)}/32 -p tcp -m tcp --dport 80 -j KUBE-SVC-{number}\n" for number in numbers)
    ends = "".join(f"-A KUBE-SVC-{number} -p tcp -m tcp -j DNAT --to-destination 10.1.2.2:4000\n" for number in numbers)
    return f"*nat\n{chains}{jumps}{ends}COMMIT\n"


def handshake(world: World, services: int) -> Trace:
    """SYN, SYN-ACK, ACK with the last Service, traced; the connection stays open."""
    world.traces.clear()
    question = Connect("pod-a", Ip(FIRST + services - 1), 80, data=b"")
    return ask.connect(world.netns["pod-a"], question, keep_open=True)
