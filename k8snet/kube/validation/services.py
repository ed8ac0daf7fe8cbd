"""Services: ports, types, affinity, policies, and what may not change.

A Service is looked at with all that the server has filled in and allocated. Its ClusterIPs are in families.py, what only load
balancers have in balancers.py. Source: pkg/apis/core/validation/validation.go (ValidateServiceCreate, ValidateServiceUpdate).
"""

from __future__ import annotations

from k8snet.kube.names import key_faults, label_faults, port_faults, port_name_faults, subdomain_faults
from k8snet.kube.objects import Service, ServicePort, ServiceSpec, meta
from k8snet.kube.servicetypes import is_external, is_headless, needs_health_check
from k8snet.kube.validation import balancers, families
from k8snet.kube.validation.addresses import endpoint_errors, ip_errors
from k8snet.kube.validation.errors import (
    IMMUTABLE,
    Errors,
    all_invalid,
    duplicate,
    forbidden,
    invalid,
    one_of,
    required,
    unsupported,
)  # fmt: skip
from k8snet.kube.validation.metadata import label_errors

TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
PROTOCOLS = ("SCTP", "TCP", "UDP")
AFFINITIES = ("ClientIP", "None")
SCOPES = ("Cluster", "Local")
DISTRIBUTIONS = ("PreferClose", "PreferSameZone", "PreferSameNode")
LONGEST_STAY = 86400
MODE = "service.kubernetes.io/topology-mode"
HINTS = "service.kubernetes.io/topology-aware-hints"
ONLY_LOCAL = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"


def service(obj: Service, old: Service | None = None) -> Errors:
    """What is wrong with a Service; ``old`` is the one that it replaces."""
    spec, before = obj.spec or ServiceSpec(), old.spec if old else None
    errors = _topology(obj) + _by_type(spec)
    names: list[str] = []
    for at, port in enumerate(spec.ports or []):
        errors += _port(port, names, f"spec.ports[{at}]", is_only=len(spec.ports or []) == 1)
    errors += label_errors(spec.selector, "spec.selector") + _affinity(spec) + families.related(spec, before)
    errors += _external_ips(spec, before) + one_of("spec.type", spec.type, TYPES) + _doubled(spec)
    errors += balancers.source_ranges(obj, old) + balancers.node_ports(spec) + balancers.named_class(spec)
    return errors + external_traffic(spec) + _internal_traffic(spec) + _distribution(spec)


def update(new: Service, old: Service) -> Errors:
    """What is wrong with a Service that is to replace another."""
    spec, before = new.spec or ServiceSpec(), old.spec or ServiceSpec()
    errors = families.changed_ips(spec, before) + families.changed_families(spec, before)
    if spec.type == before.type == "LoadBalancer" and spec.loadBalancerClass != before.loadBalancerClass:
        errors.append(invalid("spec.loadBalancerClass", spec.loadBalancerClass, families.FIXED))
    errors += balancers.named_class(spec)
    kept = needs_health_check(before) and needs_health_check(spec)
    if kept and spec.healthCheckNodePort != before.healthCheckNodePort:
        errors.append(forbidden("spec.healthCheckNodePort", IMMUTABLE))
    return errors + service(new, old)


# --- what belongs to a type ---------------------------------------------------------------------------------------


def _by_type(spec: ServiceSpec) -> Errors:
    if spec.type == "ExternalName":
        return _external_name(spec)
    errors = [] if spec.ports or is_headless(spec) else [required("spec.ports")]
    if is_headless(spec) and spec.type in ("LoadBalancer", "NodePort"):
        errors.append(invalid("spec.clusterIPs[0]", "None", f"may not be set to 'None' for {spec.type} services"))
    return errors


def _external_name(spec: ServiceSpec) -> Errors:
    given = (("clusterIPs", bool(spec.clusterIPs)), ("ipFamilies", bool(spec.ipFamilies)),
             ("ipFamilyPolicy", spec.ipFamilyPolicy is not None))  # fmt: skip
    errors = [forbidden(f"spec.{name}", "may not be set for ExternalName services") for name, is_there in given if is_there]
    name = (spec.externalName or "").removesuffix(".")
    return errors + (all_invalid("spec.externalName", name, subdomain_faults(name)) if name else [required("spec.externalName")])


# --- ports --------------------------------------------------------------------------------------------------------


def _port(port: ServicePort, names: list[str], path: str, *, is_only: bool) -> Errors:
    """One port; ``names`` are those of the ports before it, and get its own."""
    errors: Errors = []
    if port.name:
        errors += all_invalid(f"{path}.name", port.name, label_faults(port.name))
        errors += [duplicate(f"{path}.name", port.name)] if port.name in names else []
        names.append(port.name)
    elif not is_only:
        errors.append(required(f"{path}.name"))
    errors += all_invalid(f"{path}.port", port.port, port_faults(port.port))
    errors += one_of(f"{path}.protocol", port.protocol, PROTOCOLS) + _target(port.targetPort or 0, f"{path}.targetPort")
    name = port.appProtocol
    return errors + (all_invalid(f"{path}.appProtocol", name, key_faults(name)) if name is not None else [])


def _target(port: int | str, path: str) -> Errors:
    return all_invalid(path, port, port_name_faults(port) if isinstance(port, str) else port_faults(port))


def _doubled(spec: ServiceSpec) -> Errors:
    """Node ports where there are none, and ports that are there twice for one protocol."""
    ports, errors = spec.ports or [], []
    if spec.type == "ClusterIP":
        why = "may not be used when `type` is 'ClusterIP'"
        errors += [forbidden(f"spec.ports[{at}].nodePort", why) for at, port in enumerate(ports) if port.nodePort]
    for at, port in enumerate(ports):
        if port.nodePort and any((port.protocol, port.nodePort) == (each.protocol, each.nodePort) for each in ports[:at]):
            errors.append(duplicate(f"spec.ports[{at}].nodePort", port.nodePort))
    for at, port in enumerate(ports):
        if any((port.protocol, port.port) == (each.protocol, each.port) for each in ports[:at]):
            shown = {"Name": "", "Protocol": port.protocol or "", "AppProtocol": None, "Port": port.port, "TargetPort": 0,
                     "NodePort": 0}  # fmt: skip
            errors.append(duplicate(f"spec.ports[{at}]", shown))
    return errors


# --- traffic ------------------------------------------------------------------------------------------------------


def _affinity(spec: ServiceSpec) -> Errors:
    path, config = "spec.sessionAffinityConfig", spec.sessionAffinityConfig
    errors = one_of("spec.sessionAffinity", spec.sessionAffinity, AFFINITIES)
    if spec.sessionAffinity == "None" and config is not None:
        errors.append(forbidden(path, "must not be set when session affinity is None"))
    if spec.sessionAffinity != "ClientIP":
        return errors
    client = config.clientIP if config else None
    missing = path if config is None else f"{path}.clientIP" if client is None else f"{path}.clientIP.timeoutSeconds"
    seconds = client.timeoutSeconds if client else None
    if seconds is None:
        return [*errors, required(missing, "when session affinity type is ClientIP")]
    is_right = 0 < seconds <= LONGEST_STAY
    why = f"must be greater than 0 and less than {LONGEST_STAY}"
    return errors if is_right else [*errors, invalid(f"{path}.clientIP.timeoutSeconds", seconds, why)]


def _external_ips(spec: ServiceSpec, before: ServiceSpec | None) -> Errors:
    errors: Errors = []
    known = (before.externalIPs if before else None) or []
    for at, ip in enumerate(spec.externalIPs or []):
        path = f"spec.externalIPs[{at}]"
        errors += ip_errors(path, ip, known) or endpoint_errors(path, ip)
    return errors


def external_traffic(spec: ServiceSpec) -> Errors:
    """What is wrong with the policy for packets from outside, and the port of its health checks."""
    path, policy = "spec.externalTrafficPolicy", spec.externalTrafficPolicy
    if is_external(spec):
        errors = one_of(path, policy, SCOPES)
    else:
        errors = [invalid(path, policy, "may only be set for externally-accessible services")] if policy else []
    path, port = "spec.healthCheckNodePort", spec.healthCheckNodePort
    if not needs_health_check(spec):
        return errors + ([invalid(path, port, ONLY_LOCAL)] if port else [])
    return errors + (all_invalid(path, port, port_faults(port)) if port else [required(path)])


def _internal_traffic(spec: ServiceSpec) -> Errors:
    path, policy = "spec.internalTrafficPolicy", spec.internalTrafficPolicy
    if policy is None:
        return [required(path)] if spec.type in ("NodePort", "LoadBalancer", "ClusterIP") else []
    return [] if policy in SCOPES else [unsupported(path, policy, SCOPES)]


def _distribution(spec: ServiceSpec) -> Errors:
    wish = spec.trafficDistribution
    is_known = wish is None or wish in DISTRIBUTIONS
    return [] if is_known else [unsupported("spec.trafficDistribution", wish, DISTRIBUTIONS)]


def _topology(obj: Service) -> Errors:
    annotations = meta(obj).annotations or {} if obj.metadata else {}
    mode, hints = annotations.get(MODE), annotations.get(HINTS)
    if mode is None or hints is None or mode == hints:
        return []
    return [invalid(f"metadata.annotations[{MODE}]", mode, f"must match annotations[{HINTS}] when both are specified")]
