"""Which nodes will not do, and why: what one node's own state says, in the order in which kube-scheduler asks.

The first plugin that objects is the one that is heard. What depends on other nodes' pods is in company.py and
spreading.py. Sources: pkg/scheduler/framework/plugins: nodeunschedulable, tainttoleration, nodeaffinity, nodeports,
noderesources/fit.go.
"""

from __future__ import annotations

from k8snet.kube.scheduler.facts import Demand, HostPort, NodeFacts, Placement, Profile, Rejection, Taint
from k8snet.kube.scheduler.ledger import Tally
from k8snet.kube.scheduler.selecting import admits, keeps_off, tolerates

CORDONED = Taint("node.kubernetes.io/unschedulable", "", "NoSchedule")
"""A pod that tolerates this does not mind that a node is unschedulable."""
ANY = "0.0.0.0"

UNSCHEDULABLE = Rejection("NodeUnschedulable", ("node(s) were unschedulable",))
TAINTED = Rejection("TaintToleration", ("node(s) had untolerated taint(s)",))
UNSUITED = Rejection("NodeAffinity", ("node(s) didn't match Pod's node affinity/selector",))
NO_PORTS = Rejection("NodePorts", ("node(s) didn't have free ports for the requested pod ports",), final=False)


def unsuited(placement: Placement, node: NodeFacts) -> Rejection | None:
    """Why a node itself will not do, whatever runs there; None: it will."""
    if node.unschedulable and not tolerates(placement.tolerations, CORDONED):
        return UNSCHEDULABLE
    if node.taints and keeps_off(placement, node):
        return TAINTED
    if not placement.is_open and not admits(placement, node):
        return UNSUITED
    return None


def has_room(profile: Profile, tally: Tally, node: NodeFacts) -> bool:
    """Whether what is left of a node is enough; `taken` says what is not."""
    demand = profile.demand
    if profile.ports or demand.others:
        return taken(profile, tally, node) is None
    enough = not demand.cpu or demand.cpu <= node.cpu - tally.cpu
    return tally.count < node.pods and enough and (not demand.memory or demand.memory <= node.memory - tally.memory)


def taken(profile: Profile, tally: Tally, node: NodeFacts) -> Rejection | None:
    """Why what is left of a node is not enough."""
    if profile.ports and conflicts(profile.ports, tally.ports):
        return NO_PORTS
    lacking, final = _lacking(profile.demand, tally, node)
    return Rejection("NodeResourcesFit", tuple(lacking), final) if lacking else None


def conflicts(wanted: tuple[HostPort, ...], used: dict[HostPort, int]) -> bool:
    """Whether one of the ports is in use: at the same address, or at all of them on either side.

    >>> conflicts((HostPort("127.0.0.1", "TCP", 80),), {HostPort("0.0.0.0", "TCP", 80): 1})
    True
    """
    return any(
        (want.protocol, want.port) == (have.protocol, have.port) and (want.ip == have.ip or ANY in (want.ip, have.ip))
        for have in used
        for want in wanted
    )


def _lacking(demand: Demand, tally: Tally, node: NodeFacts) -> tuple[list[str], bool]:
    """What there is not enough of, and whether it would not be enough on an empty node either."""
    lacking = ["Too many pods"] if tally.count >= node.pods else []
    others = dict(node.others)
    wants = [("cpu", demand.cpu, node.cpu, tally.cpu), ("memory", demand.memory, node.memory, tally.memory)]
    wants += [(name, amount, others.get(name, 0), tally.others.get(name, 0)) for name, amount in demand.others]
    final = False
    for name, amount, there, used in wants:
        if amount > 0 and amount > there - used:
            lacking.append(f"Insufficient {name}")
            final = final or amount > there
    return lacking, final


def unfit(profile: Profile, tally: Tally, node: NodeFacts) -> Rejection | None:
    """Why a node will not do for a pod, as far as it depends on that node alone."""
    return unsuited(profile.placement, node) or taken(profile, tally, node)
