"""EndpointSlices: their endpoints and ports. Source: pkg/apis/discovery/validation/validation.go.

Since Kubernetes 1.37 some rules stand beside the fields of the API itself (k8s.io/api, discovery/v1/types.go), and what they
find is told last: that the type of addresses is one of three and does not change, that an endpoint has one address to 100.
"""

from __future__ import annotations

from collections.abc import Iterator

from k8snet.kube.names import key_faults, label_faults, subdomain_faults, value_faults
from k8snet.kube.objects import Endpoint, EndpointHints, EndpointPort, EndpointSlice
from k8snet.kube.validation.addresses import endpoint_errors, ip_errors, is_ipv6
from k8snet.kube.validation.endpoints import PROTOCOLS
from k8snet.kube.validation.errors import IMMUTABLE, Errors, all_invalid, duplicate, invalid, one_of, required, unsupported

TYPES = ("FQDN", "IPv4", "IPv6")
MOST_ENDPOINTS, MOST_ADDRESSES, MOST_PORTS, MOST_HINTS = 1000, 100, 20_000, 8


def endpoint_slice(obj: EndpointSlice) -> Errors:
    """What is wrong with a new slice."""
    return _ports(obj.ports or []) + _endpoints(obj) + _declared(obj)


def update(new: EndpointSlice, old: EndpointSlice) -> Errors:
    """What is wrong with a change of a slice; endpoints that stay as they are, are not looked at again."""
    errors = _ports(new.ports or []) + ([] if new.endpoints == old.endpoints else _endpoints(new))
    if new.addressType != old.addressType:
        return [*errors, *_type(new), invalid("addressType", new.addressType or "", IMMUTABLE)]
    return errors + ([] if new.endpoints == old.endpoints else _declared(new))


def too_many(path: str, count: int, most: int) -> str:
    """A list that is too long."""
    return f"{path}: Too many: {count}: must have at most {most} items"


# --- what the fields declare ------------------------------------------------------------------------------------------


def _declared(obj: EndpointSlice) -> Errors:
    errors = _type(obj)
    for at, endpoint in enumerate(obj.endpoints or []):
        path, count = f"endpoints[{at}].addresses", len(endpoint.addresses or ())
        errors += [required(path)] if count == 0 else [too_many(path, count, MOST_ADDRESSES)] if count > MOST_ADDRESSES else []
    return errors


def _type(obj: EndpointSlice) -> Errors:
    if not obj.addressType:
        return [required("addressType")]
    return [] if obj.addressType in TYPES else [unsupported("addressType", obj.addressType, TYPES)]


# --- endpoints --------------------------------------------------------------------------------------------------------


def _endpoints(obj: EndpointSlice) -> Errors:
    endpoints = obj.endpoints or []
    if len(endpoints) > MOST_ENDPOINTS:
        return [too_many("endpoints", len(endpoints), MOST_ENDPOINTS)]
    errors: Errors = []
    for at, endpoint in enumerate(endpoints):
        for number, address in enumerate(endpoint.addresses or []):
            errors += _address(f"endpoints[{at}].addresses[{number}]", address, obj.addressType or "")
        errors += _endpoint(f"endpoints[{at}]", endpoint)
    return errors


def _address(path: str, address: str, kind: str) -> Errors:
    if kind == "FQDN":
        return _domain(path, address)
    if kind not in TYPES:
        return []
    errors = ip_errors(path, address)
    if errors:
        return errors
    wrong = [] if is_ipv6(address) == (kind == "IPv6") else [invalid(path, address, f"must be an {kind} address")]
    return wrong + endpoint_errors(path, address)


def _domain(path: str, name: str) -> Errors:
    """What is wrong with a name that is to be of at least two labels."""
    if not name:
        return [required(path)]
    name = name.removesuffix(".")
    if faults := subdomain_faults(name):
        return [invalid(path, name, ",".join(faults))]
    labels = name.split(".")
    if len(labels) < 2:
        return [invalid(path, name, "should be a domain with at least two segments separated by dots")]
    wrong = next((label for label in labels if label_faults(label)), None)
    return [] if wrong is None else [invalid(path, wrong, ",".join(label_faults(wrong)))]


def _endpoint(path: str, endpoint: Endpoint) -> Errors:
    errors: Errors = []
    if endpoint.nodeName is not None:
        errors += all_invalid(f"{path}.nodeName", endpoint.nodeName, subdomain_faults(endpoint.nodeName))
    if endpoint.hostname is not None:
        errors += all_invalid(f"{path}.hostname", endpoint.hostname, label_faults(endpoint.hostname))
    return errors + (list(_hints(f"{path}.hints", endpoint.hints)) if endpoint.hints is not None else [])


def _hints(path: str, hints: EndpointHints) -> Iterator[str]:
    for field, rule in (("forZones", value_faults), ("forNodes", subdomain_faults)):
        names = [each.name for each in getattr(hints, field) or ()]
        if len(names) > MOST_HINTS:
            yield too_many(f"{path}.{field}", len(names), MOST_HINTS)
            return
        for at, name in enumerate(names):
            place = f"{path}.{field}[{at}].name"
            if name in names[:at]:
                yield duplicate(place, name)
            yield from all_invalid(place, name, rule(name))


# --- ports ------------------------------------------------------------------------------------------------------------


def _ports(ports: list[EndpointPort]) -> Errors:
    if len(ports) > MOST_PORTS:
        return [too_many("ports", len(ports), MOST_PORTS)]
    errors: Errors = []
    names = set[str]()
    for at, port in enumerate(ports):
        name = port.name or ""
        errors += all_invalid(f"ports[{at}].name", name, label_faults(name)) if name else []
        errors += [duplicate(f"ports[{at}].name", name)] if name in names else []
        errors += one_of(f"ports[{at}].protocol", port.protocol, PROTOCOLS)
        if port.appProtocol is not None:
            errors += all_invalid(f"ports[{at}].appProtocol", port.appProtocol, key_faults(port.appProtocol))
        names.add(name)
    return errors
