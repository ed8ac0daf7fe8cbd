"""Fields of a Service that belong together: what a change means that speaks of some of them only.

Who sends the same manifest again keeps the address and the ports that he was given; who changes the type loses what only the
old type had, unless he changes that too. Sources: pkg/registry/core/service/storage/storage.go (patchAllocatedValues,
normalizeClusterIPs); pkg/registry/core/service/strategy.go (dropTypeDependentFields).
"""

from __future__ import annotations

from collections.abc import Iterable

from k8snet.kube.objects import Service, ServiceSpec, changed, known
from k8snet.kube.servicetypes import is_external, needs_address, needs_health_check, needs_node_ports


def kept(obj: Service, before: Service) -> Service:
    """A Service with what was allocated to the one before it, where it says nothing of it."""
    spec, old = known(obj.spec), known(before.spec)
    if needs_address(spec) and needs_address(old):
        spec = changed(spec, clusterIP=spec.clusterIP or old.clusterIP, clusterIPs=spec.clusterIPs or old.clusterIPs)
    if needs_node_ports(spec) and needs_node_ports(old):
        spec = _with_old_ports(spec, old)
    if needs_health_check(spec) and needs_health_check(old):
        spec = changed(spec, healthCheckNodePort=spec.healthCheckNodePort or old.healthCheckNodePort)
    return changed(obj, spec=spec)


def _with_old_ports(spec: ServiceSpec, old: ServiceSpec) -> ServiceSpec:
    """Ports are known again by their names; a node port that some port still has is not given to another."""
    numbers = {port.name or "": port.nodePort for port in old.ports or []}
    used = {port.nodePort for port in spec.ports or [] if port.nodePort}
    ports = [
        changed(port, nodePort=numbers.get(port.name or ""))
        if not port.nodePort and numbers.get(port.name or "") not in used else port
        for port in spec.ports or []
    ]  # fmt: skip
    return changed(spec, ports=ports) if ports else spec


def normalized(obj: Service, before: Service | None) -> Service:
    """A Service whose list of ClusterIPs follows its ClusterIP, where only the latter is spoken of."""
    spec, old = known(obj.spec), known(before.spec) if before else None
    if old is None:
        alone = spec.clusterIP and not spec.clusterIPs
        return changed(obj, spec=changed(spec, clusterIPs=[spec.clusterIP])) if alone else obj
    if (old.clusterIP or "") == (spec.clusterIP or ""):
        return changed(obj, spec=changed(spec, clusterIPs=spec.clusterIPs or old.clusterIPs))
    if (old.clusterIPs or []) != (spec.clusterIPs or []):
        return obj
    return changed(obj, spec=changed(spec, clusterIPs=[spec.clusterIP] if spec.clusterIP else None))


def dropped(obj: Service, before: Service) -> Service:
    """A Service without what only its old type had, and which it has not changed."""
    spec, old = known(obj.spec), known(before.spec)
    lost = [name for names in _lost(spec, old) if all(_same(spec, old, name) for name in names) for name in names]
    spec = changed(spec, **dict.fromkeys(lost)) if lost else spec
    if needs_node_ports(old) and not needs_node_ports(spec) and spec.ports and _ports(spec) <= _ports(old):
        spec = changed(spec, ports=[changed(port, nodePort=None) if port.nodePort else port for port in spec.ports])
    obj = changed(obj, spec=spec)
    if spec.type == "LoadBalancer" or obj.status is None:
        return obj
    return changed(obj, status=changed(obj.status, loadBalancer=None))


def _lost(spec: ServiceSpec, old: ServiceSpec) -> Iterable[tuple[str, ...]]:
    """The fields that the new type does not have; those of a tuple go together or not at all."""
    if needs_address(old) and not needs_address(spec):
        yield from (("clusterIP", "clusterIPs"), ("ipFamilies",), ("ipFamilyPolicy",))
    if needs_health_check(old) and not needs_health_check(spec):
        yield ("healthCheckNodePort",)
    if old.type == "LoadBalancer" != spec.type:
        yield from (("allocateLoadBalancerNodePorts",), ("loadBalancerClass",))
    if is_external(old) and not is_external(spec):
        yield ("externalTrafficPolicy",)


def _same(spec: ServiceSpec, old: ServiceSpec, name: str) -> bool:
    now, was = getattr(spec, name), getattr(old, name)
    return bool(now == was or not (now or was))


def _ports(spec: ServiceSpec) -> set[int]:
    return {port.nodePort for port in spec.ports or [] if port.nodePort}
