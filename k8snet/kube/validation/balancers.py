"""Services behind a load balancer: the fields that only they have, and the addresses that their status tells.

Source: pkg/apis/core/validation/validation.go (ValidateService, validateLoadBalancerClassField, ValidateLoadBalancerStatus).
"""

from __future__ import annotations

from k8snet.kube.names import key_faults, subdomain_faults
from k8snet.kube.objects import LoadBalancerIngress, LoadBalancerStatus, Service, ServiceSpec, meta
from k8snet.kube.validation.addresses import address, cidr_errors, ip_errors
from k8snet.kube.validation.errors import Errors, all_invalid, forbidden, invalid, required, unsupported

MODES = ("Proxy", "VIP")
RANGES = "service.beta.kubernetes.io/load-balancer-source-ranges"
"""The annotation that was there before the field loadBalancerSourceRanges."""
ONLY_BALANCED = "may only be used when `type` is 'LoadBalancer'"


def node_ports(spec: ServiceSpec) -> Errors:
    """Whether there is word of node ports behind a load balancer; the path of the second error is the server's own."""
    if spec.type == "LoadBalancer":
        return [required("allocateLoadBalancerNodePorts")] if spec.allocateLoadBalancerNodePorts is None else []
    told = spec.allocateLoadBalancerNodePorts is not None
    return [forbidden("spec.allocateLoadBalancerNodePorts", ONLY_BALANCED)] if told else []


def named_class(spec: ServiceSpec) -> Errors:
    """What is wrong with the class of load balancers that is to serve a Service."""
    path, name = "spec.loadBalancerClass", spec.loadBalancerClass
    if name is None:
        return []
    return all_invalid(path, name, key_faults(name)) if spec.type == "LoadBalancer" else [forbidden(path, ONLY_BALANCED)]


def source_ranges(obj: Service, old: Service | None) -> Errors:
    """From where a load balancer takes packets: a field, or an annotation. Blanks around a range are allowed in both."""
    spec, path = obj.spec or ServiceSpec(), "spec.LoadBalancerSourceRanges"
    annotations = meta(obj).annotations or {}
    if spec.loadBalancerSourceRanges:
        errors = [] if spec.type == "LoadBalancer" else [forbidden(path, ONLY_BALANCED)]
        known = [each.strip() for each in (old.spec.loadBalancerSourceRanges if old and old.spec else None) or []]
        for at, each in enumerate(spec.loadBalancerSourceRanges):
            errors += cidr_errors(f"{path}[{at}]", each.strip(), known)
        return errors
    if RANGES not in annotations:
        return []
    path, text = f"metadata.annotations[{RANGES}]", annotations[RANGES]
    errors = [] if spec.type == "LoadBalancer" else [forbidden(path, ONLY_BALANCED)]
    is_known = old is not None and (meta(old).annotations or {}).get(RANGES) == text
    ranges = [] if is_known or not text.strip() else text.strip().split(",")
    return errors + [error for each in ranges for error in cidr_errors(path, each.strip())]


# --- status -------------------------------------------------------------------------------------------------------


def status(new: Service, old: Service) -> Errors:
    """What is wrong with a load balancer's addresses in a Service's status."""
    ingress, path = _ingress(new), "status.loadBalancer.ingress"
    if ingress and (new.spec or ServiceSpec()).type != "LoadBalancer":
        return [forbidden(path, "may only be used when `spec.type` is 'LoadBalancer'")]
    known = [each.ip for each in _ingress(old) if each.ip]
    return [error for at, each in enumerate(ingress) for error in _balancer(each, known, f"{path}[{at}]")]


def _ingress(obj: Service) -> list[LoadBalancerIngress]:
    balancer = (obj.status.loadBalancer if obj.status else None) or LoadBalancerStatus()
    return balancer.ingress or []


def _balancer(each: LoadBalancerIngress, known: list[str], path: str) -> Errors:
    errors = ip_errors(f"{path}.ip", each.ip, known) if each.ip else []
    if each.ipMode is None:
        errors += [required(f"{path}.ipMode", "must be specified when `ip` is set")] if each.ip else []
    elif not each.ip:
        errors.append(forbidden(f"{path}.ipMode", "may not be specified when `ip` is not set"))
    elif each.ipMode not in MODES:
        errors.append(unsupported(f"{path}.ipMode", each.ipMode, MODES))
    if each.hostname:
        errors += all_invalid(f"{path}.hostname", each.hostname, subdomain_faults(each.hostname))
        if address(each.hostname) is not None:
            errors.append(invalid(f"{path}.hostname", each.hostname, "must be a DNS name, not an IP address"))
    return errors
