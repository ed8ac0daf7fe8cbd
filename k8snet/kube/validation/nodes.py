"""Nodes: taints, pod ranges, resources, and what may not change. Source: pkg/apis/core/validation/validation.go."""

from __future__ import annotations

from ipaddress import ip_network

from k8snet.kube.names import key_faults, value_faults
from k8snet.kube.objects import Node, NodeSpec, Taint
from k8snet.kube.quantity import read
from k8snet.kube.validation.errors import Errors, all_invalid, duplicate, forbidden, invalid, required, unsupported
from k8snet.kube.validation.resources import value
from k8snet.kube.validation.scheduling import EFFECTS

CIDR = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"
FIXED = 'node updates may not change podCIDR except from "" to valid'


def node(obj: Node) -> Errors:
    """What is wrong with a new node, besides its metadata."""
    errors = _taints(obj) + _resources(obj)
    for at, text in enumerate(_ranges(obj)):
        errors += [] if _is_range(text) else [invalid(f"spec.podCIDRs[{at}]", text, CIDR)]
    ranges = _ranges(obj)
    if len(ranges) > 1 and sorted(":" in text for text in ranges) != [False, True]:
        errors.append(invalid("spec.podCIDRs", ranges, "may specify no more than one CIDR for each IP family"))
    return errors + [duplicate(f"spec.podCIDRs[{at}]", text) for at, text in enumerate(ranges) if text in ranges[:at]]


def update(new: Node, old: Node) -> Errors:
    """What is wrong with a change of a node."""
    errors = _resources(new)
    addresses = (new.status.addresses if new.status else None) or []
    for at, address in enumerate(addresses):
        if address in addresses[:at]:
            shown = {"Type": address.type, "Address": address.address}
            errors.append(duplicate(f"status.addresses[{at}]", shown))
    before, after = _ranges(old), _ranges(new)
    errors += [forbidden("spec.podCIDRs", FIXED)] if before and before != after else []
    name, was = (each.spec.providerID if each.spec else None for each in (new, old))
    if was and name != was:
        errors.append(forbidden("spec.providerID", 'node updates may not change providerID except from "" to valid'))
    return errors + _taints(new)


def _ranges(obj: Node) -> list[str]:
    spec = obj.spec or NodeSpec()
    return spec.podCIDRs or ([spec.podCIDR] if spec.podCIDR else [])


def _is_range(text: str) -> bool:
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return "/" in text


def _taints(obj: Node) -> Errors:
    errors: Errors = []
    seen: set[tuple[str, str]] = set()
    for at, taint in enumerate((obj.spec.taints if obj.spec else None) or []):
        path = f"metadata.taints[{at}]"
        errors += all_invalid(f"{path}.key", taint.key, key_faults(taint.key))
        if faults := value_faults(taint.value or ""):
            errors.append(invalid(f"{path}.value", taint.value, ";".join(faults)))
        if not taint.effect:
            errors.append(required(f"{path}.effect"))
        elif taint.effect not in EFFECTS:
            errors.append(unsupported(f"{path}.effect", taint.effect, EFFECTS))
        if (taint.key, taint.effect) in seen:
            errors.append(duplicate(path, _shown(taint), "taints must be unique by key and effect pair"))
        seen.add((taint.key, taint.effect))
    return errors


def _shown(taint: Taint) -> dict[str, object]:
    """As the server's own struct has it."""
    return {"Key": taint.key, "Value": taint.value or "", "Effect": taint.effect, "TimeAdded": taint.timeAdded}


def _resources(obj: Node) -> Errors:
    errors: Errors = []
    for name in ("capacity", "allocatable"):
        for resource, text in (getattr(obj.status, name, None) or {}).items():
            path = f"status.{name}.{resource}"
            try:
                errors += value(resource, read(text), path)
            except ValueError as error:
                errors.append(invalid(path, text, str(error)))
    return errors
