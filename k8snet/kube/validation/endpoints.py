"""Endpoints: addresses and ports of each subset. Source: pkg/apis/core/validation/validation.go (validateEndpoints).

What was there before is not looked at again: it came in when the rules were others.
"""

from __future__ import annotations

from k8snet.kube.names import key_faults, label_faults, port_faults, subdomain_faults
from k8snet.kube.objects import EndpointAddress, Endpoints, EndpointSubset, SubsetPort
from k8snet.kube.validation.addresses import endpoint_errors, ip_errors
from k8snet.kube.validation.errors import Errors, all_invalid, one_of, required

PROTOCOLS = ("SCTP", "TCP", "UDP")


def endpoints(obj: Endpoints) -> Errors:
    """What is wrong with new Endpoints."""
    return [error for at, subset in enumerate(obj.subsets or []) for error in _subset(subset, f"subsets[{at}]")]


def update(new: Endpoints, old: Endpoints) -> Errors:
    """What is wrong with a change of Endpoints."""
    return [] if new.subsets == old.subsets else endpoints(new)


def _subset(subset: EndpointSubset, path: str) -> Errors:
    errors: Errors = []
    if not subset.addresses and not subset.notReadyAddresses:
        errors.append(required(path, "must specify `addresses` or `notReadyAddresses`"))
    for name in ("addresses", "notReadyAddresses"):
        for at, address in enumerate(getattr(subset, name) or []):
            errors += _address(address, f"{path}.{name}[{at}]")
    ports = subset.ports or []
    for at, port in enumerate(ports):
        errors += _port(port, f"{path}.ports[{at}]", needs_name=len(ports) > 1)
    return errors


def _address(address: EndpointAddress, path: str) -> Errors:
    errors = ip_errors(f"{path}.ip", address.ip)
    if address.hostname:
        errors += all_invalid(f"{path}.hostname", address.hostname, label_faults(address.hostname))
    if address.nodeName is not None:
        errors += all_invalid(f"{path}.nodeName", address.nodeName, subdomain_faults(address.nodeName))
    return errors + endpoint_errors(f"{path}.ip", address.ip)


def _port(port: SubsetPort, path: str, *, needs_name: bool) -> Errors:
    errors: Errors = []
    if port.name:
        errors += all_invalid(f"{path}.name", port.name, label_faults(port.name))
    elif needs_name:
        errors.append(required(f"{path}.name"))
    errors += all_invalid(f"{path}.port", port.port, port_faults(port.port))
    errors += one_of(f"{path}.protocol", port.protocol, PROTOCOLS)
    if port.appProtocol is not None:
        errors += all_invalid(f"{path}.appProtocol", port.appProtocol, key_faults(port.appProtocol))
    return errors
