"""The scheduler's door: API objects become facts. Pods that share the parts of their spec share one fact.

Sources: k8s.io/component-helpers, resource/helpers.go (what a pod requests); pkg/scheduler/util/pod_resources.go (what is
assumed where nothing is requested); pkg/scheduler/framework/types.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from k8snet.kube.labels import Requirement, requirements
from k8snet.kube.objects import (
    Affinity,
    LabelSelector,
    Node,
    NodeSelectorTerm,
    Object,
    Pod,
    PodAffinity,
    PodAffinityTerm,
    PodAntiAffinity,
    PodSpec,
    known,
    meta,
)
from k8snet.kube.scheduler.facts import (
    ALONE,
    Company,
    Constraint,
    HostPort,
    Kind,
    NodeFacts,
    NodeTerm,
    Placement,
    PodRequest,
    Profile,
    Selector,
    Taint,
    Term,
    Toleration,
)
from k8snet.kube.scheduler.requests import amounts, demand

MOST_KEPT = 10_000
"""So many different pods are remembered."""


class Door:
    """Makes facts of pods and remembers them; a copy begins without any."""

    def __init__(self) -> None:
        self._by_parts: dict[tuple[Any, ...], tuple[tuple[Any, ...], PodRequest]] = {}
        """By the identity of a pod's parts; the parts are kept, so that no other object gets their identity."""
        self._by_text: dict[bytes, PodRequest] = {}

    def __deepcopy__(self, memo: dict[int, Any]) -> Door:
        return Door()

    def request(self, pod: Pod) -> PodRequest:
        """What the scheduler has to know of a pod."""
        spec, about = known(pod.spec), meta(pod)
        parts = (
            spec.containers, spec.initContainers, spec.tolerations, spec.affinity, spec.nodeSelector,
            spec.topologySpreadConstraints, spec.overhead, spec.resources, about.labels,
        )  # fmt: skip
        owners = about.ownerReferences
        owner = owners[0].uid if owners else None
        rest = (about.namespace, owner, about.deletionTimestamp is not None, spec.preemptionPolicy)
        key = (*map(id, parts), *rest)
        found = self._by_parts.get(key)
        if found is None:
            if len(self._by_parts) >= MOST_KEPT:
                self._by_parts.clear()
                self._by_text.clear()
            found = self._by_parts[key] = (parts, self._by_content(pod, (parts, rest)))
        return found[1]

    def _by_content(self, pod: Pod, content: Any) -> PodRequest:
        text = msgspec.msgpack.encode(content)
        request = self._by_text.get(text)
        return request or self._by_text.setdefault(text, request_of(pod))


# --- nodes --------------------------------------------------------------------------------------------------------


def node_facts(node: Node) -> NodeFacts:
    """What the scheduler has to know of a node."""
    spec, status, about = node.spec, node.status, meta(node)
    there = amounts((status.allocatable if status else None) or {})
    taints = tuple(Taint(each.key, each.value or "", each.effect) for each in (spec.taints if spec else None) or ())
    others = tuple(sorted((name, amount) for name, amount in there.items() if name not in ("cpu", "memory", "pods")))
    return NodeFacts(
        known(about.name), dict(about.labels or {}), taints, bool(spec and spec.unschedulable), there.get("cpu", 0),
        there.get("memory", 0), there.get("pods", 0), others,
    )  # fmt: skip


# --- pods ---------------------------------------------------------------------------------------------------------


def request_of(pod: Pod) -> PodRequest:
    """The same as `Door.request`, without remembering."""
    spec, about = known(pod.spec), meta(pod)
    labels, namespace = about.labels or {}, about.namespace or "default"
    company = _company(spec.affinity, namespace, labels)
    kind = Kind(namespace, frozenset(labels.items()), company, about.deletionTimestamp is not None)
    return PodRequest(
        kind, Profile(demand(spec), _ports(spec), _placement(spec)), tuple(_constraints(spec, labels)), _owner(pod),
        spec.preemptionPolicy != "Never",
    )  # fmt: skip


def _owner(pod: Object) -> tuple[str, str, str] | None:
    for each in meta(pod).ownerReferences or ():
        if each.controller:
            return each.kind, each.name, each.uid
    return None


def _ports(spec: PodSpec) -> tuple[HostPort, ...]:
    """The node's ports that a pod takes; init containers count as far as they stay."""
    staying = [each for each in spec.initContainers or () if each.restartPolicy == "Always"]
    ports = [port for container in [*spec.containers, *staying] for port in container.ports or ()]
    return tuple(HostPort(port.hostIP or "0.0.0.0", port.protocol or "TCP", port.hostPort) for port in ports if port.hostPort)


def _placement(spec: PodSpec) -> Placement:
    tolerations = tuple(
        Toleration(each.key or "", each.operator or "Equal", each.value or "", each.effect or "")
        for each in spec.tolerations or ()
    )
    selector = requirements(spec.nodeSelector or {})
    wishes = spec.affinity.nodeAffinity if spec.affinity else None
    if wishes is None:
        return Placement(tolerations, selector)
    required = wishes.requiredDuringSchedulingIgnoredDuringExecution
    preferred = wishes.preferredDuringSchedulingIgnoredDuringExecution or ()
    return Placement(
        tolerations, selector, tuple(map(_node_term, required.nodeSelectorTerms)) if required else None,
        tuple((each.weight, _node_term(each.preference)) for each in preferred),
    )  # fmt: skip


def _node_term(term: NodeSelectorTerm) -> NodeTerm:
    return NodeTerm(_requirements(term.matchExpressions), _requirements(term.matchFields))


def _requirements(expressions: Iterable[Any] | None) -> Selector:
    return tuple(Requirement(each.key, each.operator, tuple(each.values or ())) for each in expressions or ())


def selector_of(selector: LabelSelector | None) -> Selector | None:
    """A label selector's conditions; None selects nothing, an empty one everything."""
    return None if selector is None else requirements(selector)


def _constraints(spec: PodSpec, labels: Mapping[str, str]) -> Iterable[Constraint]:
    for each in spec.topologySpreadConstraints or ():
        selector = _with_own(selector_of(each.labelSelector), labels, each.matchLabelKeys, "In")
        yield Constraint(
            each.topologyKey, each.maxSkew, selector, each.whenUnsatisfiable == "DoNotSchedule", each.minDomains or 1,
            each.nodeAffinityPolicy != "Ignore", each.nodeTaintsPolicy == "Honor",
        )  # fmt: skip


def _company(affinity: Affinity | None, namespace: str, labels: Mapping[str, str]) -> Company:
    if affinity is None or not (affinity.podAffinity or affinity.podAntiAffinity):
        return ALONE

    def terms(wishes: PodAffinity | PodAntiAffinity | None) -> tuple[Term, ...]:
        hard = wishes.requiredDuringSchedulingIgnoredDuringExecution if wishes else None
        return tuple(_term(each, namespace, labels) for each in hard or ())

    def weighted(wishes: PodAffinity | PodAntiAffinity | None) -> tuple[tuple[int, Term], ...]:
        soft = wishes.preferredDuringSchedulingIgnoredDuringExecution if wishes else None
        return tuple((each.weight, _term(each.podAffinityTerm, namespace, labels)) for each in soft or ())

    near, far = affinity.podAffinity, affinity.podAntiAffinity
    return Company(terms(near), terms(far), weighted(near), weighted(far))


def _term(term: PodAffinityTerm, namespace: str, labels: Mapping[str, str]) -> Term:
    selector = _with_own(selector_of(term.labelSelector), labels, term.matchLabelKeys, "In")
    selector = _with_own(selector, labels, term.mismatchLabelKeys, "NotIn")
    namespaces = tuple(sorted(term.namespaces or ()))
    if not namespaces and term.namespaceSelector is None:
        namespaces = (namespace,)
    return Term(term.topologyKey, selector, namespaces, selector_of(term.namespaceSelector))


def _with_own(selector: Selector | None, labels: Mapping[str, str], keys: Iterable[str] | None, operator: str) -> Selector | None:
    """A selector that asks for the pod's own values of these labels too, or for others than its own."""
    if selector is None:
        return None
    return (*selector, *(Requirement(key, operator, (labels[key],)) for key in keys or () if key in labels))
