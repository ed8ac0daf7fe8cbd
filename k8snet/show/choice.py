"""What of a cluster is drawn, where all of it would be too much: which nodes, pods, Services; and what is said of the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from k8snet.linux.fact import Fact
from k8snet.show.present import SYSTEM, ClusterNow, NodeNow, PodNow, ServiceNow

MOST_NODES, OF_MANY = 12, 6
"""So many nodes are all drawn; of more than that, fewer: they stand for the others."""
MOST_PODS = 48
"""On all nodes together; each gets its share of them."""
MOST_ON_ONE, LEAST_ON_ONE = 12, 3
MOST_SERVICES = 8


class Chosen(Fact, frozen=True):
    """A node, or none, with the pods on it that are drawn, and lines about those that are not."""

    node: NodeNow | None
    pods: tuple[PodNow, ...]
    folded: tuple[str, ...] = ()


class Choice(Fact, frozen=True):
    """All that is drawn: ``nodes``; ``homeless``, the pods on no node, if there are any; ``rest``, lines about other nodes.

    ``pods`` are all that the picture is about, drawn or not. ``services`` are those that are drawn, ``more_services`` how many
    others it is about.
    """

    nodes: tuple[Chosen, ...]
    homeless: Chosen | None
    rest: tuple[str, ...]
    pods: tuple[PodNow, ...]
    services: tuple[ServiceNow, ...] = ()
    more_services: int = 0

    @property
    def folded(self) -> tuple[str, ...]:
        """A line about the Services that are not drawn, if there are any."""
        return (f"… and {number(self.more_services, 'Service')} more",) * bool(self.more_services)


def choose(now: ClusterNow, namespace: str | None, highlight: Iterable[str]) -> Choice:
    """Choose what is drawn: all but the namespace kube-system, or one namespace. Who is highlighted is always drawn."""
    wanted = frozenset(highlight)
    most = MOST_NODES if len(now.nodes) <= MOST_NODES else OF_MANY
    names = [node.name for node in sorted(now.nodes, key=lambda node: not _is_wanted(node, wanted))]
    certain = sum(_is_wanted(node, wanted) for node in now.nodes)
    drawn = frozenset(names[: max(most, certain)])
    share = max(LEAST_ON_ONE, min(MOST_ON_ONE, MOST_PODS // max(1, len(drawn)))) if len(now.nodes) <= MOST_NODES else LEAST_ON_ONE
    nodes = tuple(_chosen(node, node.pods, namespace, share, wanted) for node in now.nodes if node.name in drawn)
    homeless = _chosen(None, now.homeless, namespace, MOST_ON_ONE, wanted) if now.homeless else None
    rest = _rest([node for node in now.nodes if node.name not in drawn], namespace)
    services = _services(now, namespace, wanted)
    return Choice(nodes, homeless, tuple(rest), tuple(pod for pod in now.pods if belongs(pod, namespace)),
                  services[:MOST_SERVICES], max(0, len(services) - MOST_SERVICES))


def _services(now: ClusterNow, namespace: str | None, wanted: frozenset[str]) -> tuple[ServiceNow, ...]:
    """The Services that the picture is about; those that are highlighted come first if there are too many."""
    about = [each for each in now.services if _is_meant(each.namespace, namespace)]
    if len(about) > MOST_SERVICES:
        about.sort(key=lambda each: f"service/{each.label}" not in wanted)
    return tuple(about)


def belongs(pod: PodNow, namespace: str | None) -> bool:
    """Whether the picture is about a pod. The control plane's programs are drawn in any case, and counted in none."""
    return not pod.program and _is_meant(pod.namespace, namespace)


def _is_meant(namespace: str, wanted: str | None) -> bool:
    return namespace == wanted if wanted is not None else namespace != SYSTEM


def number(count: int, thing: str) -> str:
    """A number of things.

    >>> number(1, "pod"), number(2000, "pod")
    ('1 pod', '2,000 pods')
    """
    return f"{count:,} {thing}" + "s" * (count != 1)


def _is_wanted(node: NodeNow, wanted: frozenset[str]) -> bool:
    programs = any(pod.program for pod in node.pods)
    return programs or node.name in wanted or any(_names(pod) & wanted for pod in node.pods)


def _names(pod: PodNow) -> set[str]:
    return {pod.name, pod.label}


def _chosen(node: NodeNow | None, pods: Sequence[PodNow], namespace: str | None, most: int, wanted: frozenset[str]) -> Chosen:
    about = [pod for pod in pods if belongs(pod, namespace)]
    certain = sum(bool(_names(pod) & wanted) for pod in about)
    first = {pod.label for pod in sorted(about, key=lambda pod: not _names(pod) & wanted)[: max(most, certain)]}
    drawn = tuple(pod for pod in about if pod.label in first)
    left = [pod for pod in about if pod.label not in first]
    lines = [f"… and {number(len(left), 'pod')} more{_how_many_ready(left)}"] if left else []
    elsewhere = Counter(pod.namespace for pod in pods if not belongs(pod, namespace) and not pod.program)
    lines += [f"+ {number(count, 'pod')} in {each}" for each, count in sorted(elsewhere.items())]
    return Chosen(node, drawn, tuple(lines))


def _how_many_ready(pods: Sequence[PodNow]) -> str:
    ready = sum(pod.ready for pod in pods)
    return ", all ready" if ready == len(pods) else f", {ready:,} ready"


def _rest(nodes: Sequence[NodeNow], namespace: str | None) -> list[str]:
    if not nodes:
        return []
    pods = [pod for node in nodes for pod in node.pods if belongs(pod, namespace)]
    lines = [f"… and {number(len(nodes), 'node')} more", " … ".join(dict.fromkeys((nodes[0].name, nodes[-1].name)))]
    lines.append(f"with {number(len(pods), 'pod')}{_how_many_ready(pods)}" if pods else "without pods")
    notes = Counter(note for node in nodes for note in node.notes)
    return [*lines, *(f"{count:,} of them: {note}" for note, count in notes.items())]
