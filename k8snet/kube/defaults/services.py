"""What Services say nothing about.

Addresses, node ports and IP families are not given here but by the API server's allocation (kube/allocation/): only it knows
which there are. Source: pkg/apis/core/v1/defaults.go (SetDefaults_Service).
"""

from __future__ import annotations

from k8snet.kube.defaults.filling import fill, fill_absent, fill_counts, within, within_each
from k8snet.kube.objects import (
    ClientIPConfig,
    LoadBalancerIngress,
    LoadBalancerStatus,
    Service,
    ServicePort,
    ServiceSpec,
    ServiceStatus,
    SessionAffinityConfig,
    changed,
)  # fmt: skip
from k8snet.kube.servicetypes import is_external

STICKY = 10800
"""So many seconds a client stays with a pod after its last packet, where nothing else is said."""


def service(obj: Service) -> Service:
    """A Service with its defaults; of a load balancer's addresses, that packets come with them as their destination."""
    obj = within(fill(obj, spec=ServiceSpec()), "spec", _spec)
    is_balanced = obj.spec is not None and obj.spec.type == "LoadBalancer"
    return within(obj, "status", _status) if is_balanced else obj


def _spec(spec: ServiceSpec) -> ServiceSpec:
    spec = _affinity(fill(spec, type="ClusterIP", sessionAffinity="None"))
    spec = within_each(spec, "ports", _port)
    if is_external(spec):
        spec = fill(spec, externalTrafficPolicy="Cluster")
    if spec.type in ("ClusterIP", "NodePort", "LoadBalancer"):
        spec = fill_absent(spec, internalTrafficPolicy="Cluster")
    return fill(spec, allocateLoadBalancerNodePorts=True) if spec.type == "LoadBalancer" else spec


def _affinity(spec: ServiceSpec) -> ServiceSpec:
    """How long clients stay; where they do not stay, there is nothing to say of it."""
    config = spec.sessionAffinityConfig
    if spec.sessionAffinity == "None" and config is not None:
        return changed(spec, sessionAffinityConfig=None)
    told = config is not None and config.clientIP is not None and config.clientIP.timeoutSeconds is not None
    if spec.sessionAffinity != "ClientIP" or told:
        return spec
    return changed(spec, sessionAffinityConfig=SessionAffinityConfig(clientIP=ClientIPConfig(timeoutSeconds=STICKY)))


def _port(port: ServicePort) -> ServicePort:
    port = fill(port, protocol="TCP")
    return fill(port, targetPort=port.port) if port.targetPort != 0 else fill_counts(port, targetPort=port.port)


def _status(status: ServiceStatus) -> ServiceStatus:
    return within(status, "loadBalancer", _balancer)


def _balancer(balancer: LoadBalancerStatus) -> LoadBalancerStatus:
    return within_each(balancer, "ingress", _ingress)


def _ingress(ingress: LoadBalancerIngress) -> LoadBalancerIngress:
    return fill(ingress, ipMode="VIP") if ingress.ip else ingress
