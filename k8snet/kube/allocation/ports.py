"""Node ports: those of a Service's ports, and the one for the health checks of a load balancer.

One number may serve TCP and UDP of the same Service. Source: pkg/registry/core/service/storage/alloc.go (initNodePorts,
updateNodePorts, allocHealthCheckNodePort).
"""

from __future__ import annotations

from k8snet.errors import ApiError
from k8snet.kube.allocation.pool import Pool, Taken, internal
from k8snet.kube.objects import Service, ServicePort, ServiceSpec, changed, known
from k8snet.kube.servicetypes import needs_health_check, needs_node_ports
from k8snet.kube.validation import refusal
from k8snet.kube.validation.errors import invalid


def first(obj: Service, pool: Pool) -> Service:
    """A new Service with its node ports. ApiError, if it wishes for one that it cannot have."""
    spec = known(obj.spec)
    if needs_node_ports(spec) and spec.ports:
        obj = changed(obj, spec=changed(spec, ports=_given(obj, spec.ports, pool)))
    return _with_health_check(obj, pool) if needs_health_check(spec) else obj


def further(obj: Service, before: Service, pool: Pool) -> Service:
    """A changed Service with its node ports: those that it had are its own."""
    spec, old = known(obj.spec), known(before.spec)
    if needs_node_ports(spec) and spec.ports:
        obj = changed(obj, spec=changed(spec, ports=_added(obj, spec.ports, _numbers(old), pool)))
    newly = needs_health_check(spec) and not needs_health_check(old)
    return _with_health_check(obj, pool) if newly else obj


def _given(obj: Service, ports: list[ServicePort], pool: Pool) -> list[ServicePort]:
    """Ports of one number, for several protocols, share a node port, whichever of them wishes for it."""
    found: list[ServicePort] = []
    shared: dict[int, int] = {}
    for at, port in enumerate(ports):
        if not port.nodePort and not _are_wanted(known(obj.spec)):
            found.append(port)
            continue
        if port.port not in shared:
            wish = next((each.nodePort for each in ports if each.port == port.port and each.nodePort), 0)
            shared[port.port] = _taken(obj, at, wish, pool)
        elif port.nodePort and port.nodePort != shared[port.port]:
            _taken(obj, at, port.nodePort, pool)
            found.append(port)
            continue
        found.append(changed(port, nodePort=shared[port.port]))
    return found


def _added(obj: Service, ports: list[ServicePort], own: set[int], pool: Pool) -> list[ServicePort]:
    found: list[ServicePort] = []
    for at, port in enumerate(ports):
        if port.nodePort and port.nodePort not in own:
            own = own | {_taken(obj, at, port.nodePort, pool)}
        elif not port.nodePort and _are_wanted(known(obj.spec)):
            port = changed(port, nodePort=_taken(obj, at, 0, pool))  # noqa: PLW2901 the same port, with what it was given
        if port.nodePort and any((each.protocol, each.nodePort) == (port.protocol, port.nodePort) for each in found):
            raise ApiError(f"duplicate nodePort: {{{port.protocol} {port.nodePort}}}")
        found.append(port)
    return found


def _taken(obj: Service, at: int, wish: int, pool: Pool) -> int:
    """A node port: the one that is wished for, or any."""
    try:
        if not wish:
            return pool.next_port()
        pool.take_port(wish)
    except Taken as error:
        if not wish:
            raise internal(f"failed to allocate a nodePort: {error}") from None
        raise refusal(obj, [invalid(f"spec.ports[{at}].nodePort", wish, str(error))]) from None
    return wish


def _with_health_check(obj: Service, pool: Pool) -> Service:
    spec = known(obj.spec)
    wish = spec.healthCheckNodePort or 0
    try:
        if not wish:
            return changed(obj, spec=changed(spec, healthCheckNodePort=pool.next_port()))
        pool.take_port(wish)
    except Taken as error:
        what = f"requested HealthCheck NodePort {wish}" if wish else "a HealthCheck NodePort 0"
        raise internal(f"failed to allocate {what}: {error}") from None
    return obj


def _are_wanted(spec: ServiceSpec) -> bool:
    """Whether each port gets a node port; a load balancer that needs none can say so."""
    return spec.type == "NodePort" or bool(spec.allocateLoadBalancerNodePorts)


def _numbers(spec: ServiceSpec) -> set[int]:
    return {port.nodePort for port in spec.ports or [] if port.nodePort} if needs_node_ports(spec) else set()
