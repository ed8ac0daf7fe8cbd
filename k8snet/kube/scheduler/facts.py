"""What the scheduler knows of pods and nodes: small facts, with all quantities as whole numbers.

They are made once from API objects (door.py) and never changed, so pods that are alike share them, and a copy of the
scheduler shares them too. Units: cpu in thousandths, memory and storage in bytes.
"""

from __future__ import annotations

from k8snet.kube.labels import Requirement
from k8snet.linux.fact import Fact

Selector = tuple[Requirement, ...]
"""Conditions that all must hold; an empty one selects everything. Those on nodes may be Gt or Lt too (selecting.py)."""


class Toleration(Fact, frozen=True):
    """A taint that a pod does not mind; an empty key or effect stands for any."""

    key: str = ""
    operator: str = "Equal"
    value: str = ""
    effect: str = ""


class Taint(Fact, frozen=True):
    """What keeps pods off a node. ``effect``: NoSchedule, NoExecute, PreferNoSchedule."""

    key: str
    value: str
    effect: str


# --- what a pod asks of a node, whoever it is --------------------------------------------------------------------


class Demand(Fact, frozen=True):
    """What a pod requests. ``assumed_cpu`` and ``assumed_memory`` have a guess where a container requests nothing."""

    cpu: int = 0
    memory: int = 0
    assumed_cpu: int = 0
    assumed_memory: int = 0
    others: tuple[tuple[str, int], ...] = ()

    @property
    def is_nothing(self) -> bool:
        """Whether it requests nothing at all."""
        return not (self.cpu or self.memory or self.others)


class HostPort(Fact, frozen=True):
    """A port of the node's own addresses; ``0.0.0.0`` is all of them."""

    ip: str
    protocol: str
    port: int


class NodeTerm(Fact, frozen=True):
    """Conditions on a node's labels and fields (there is one field: metadata.name) that all must hold; with none it fits none."""

    labels: Selector = ()
    fields: Selector = ()


class Placement(Fact, frozen=True):
    """Which nodes a pod may go to, and which it prefers. ``terms``: one must fit; None: any node will do."""

    tolerations: tuple[Toleration, ...] = ()
    selector: Selector = ()
    terms: tuple[NodeTerm, ...] | None = None
    preferred: tuple[tuple[int, NodeTerm], ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether labels and names of nodes do not matter to it."""
        return not self.selector and self.terms is None


class Profile(Fact, frozen=True):
    """All that one node's own state must answer for."""

    demand: Demand = Demand()
    ports: tuple[HostPort, ...] = ()
    placement: Placement = Placement()


# --- what a pod asks of the pods around it -----------------------------------------------------------------------


class Term(Fact, frozen=True):
    """Other pods, and how near ``near`` is: on nodes with the same value of ``topology_key``.

    ``selector`` None selects no pod. Namespaces are those named and those whose labels ``namespace_selector`` selects.
    """

    topology_key: str
    selector: Selector | None
    namespaces: tuple[str, ...]
    namespace_selector: Selector | None = None


class Company(Fact, frozen=True):
    """Pods to be near to, or far from; required, or preferred with a weight."""

    near: tuple[Term, ...] = ()
    far: tuple[Term, ...] = ()
    rather_near: tuple[tuple[int, Term], ...] = ()
    rather_far: tuple[tuple[int, Term], ...] = ()


class Constraint(Fact, frozen=True):
    """How unevenly pods of a selector may be spread over the values of ``topology_key``. ``hard``: or else not at all."""

    topology_key: str
    max_skew: int
    selector: Selector | None
    hard: bool = False
    min_domains: int = 1
    honor_affinity: bool = True
    honor_taints: bool = False


ALONE = Company()


class Kind(Fact, frozen=True):
    """Pods that are all one to others: of one namespace, with the same labels and the same wishes for company."""

    namespace: str
    labels: frozenset[tuple[str, str]] = frozenset()
    company: Company = ALONE
    leaving: bool = False
    """Whether they are to be deleted."""


class PodRequest(Fact, frozen=True):
    """All that the scheduler has to know of a pod. ``owner`` is the kind, name and uid of the one who has its care."""

    kind: Kind
    profile: Profile
    constraints: tuple[Constraint, ...] = ()
    owner: tuple[str, str, str] | None = None
    preempts: bool = True


class NodeFacts(Fact, frozen=True):
    """A node, as far as its object tells; ``pods`` is how many it takes."""

    name: str
    labels: dict[str, str]
    taints: tuple[Taint, ...] = ()
    unschedulable: bool = False
    cpu: int = 0
    memory: int = 0
    pods: int = 0
    others: tuple[tuple[str, int], ...] = ()


class Rejection(Fact, frozen=True):
    """Why a node will not do, in kube-scheduler's words. ``final``: not even if pods there were to give way."""

    plugin: str
    reasons: tuple[str, ...]
    final: bool = True
