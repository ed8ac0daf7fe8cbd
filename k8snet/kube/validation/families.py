"""A Service's ClusterIPs and IP families: that they fit each other, and how they may change.

The API server asks `related` before it allocates, and again with all the rest. Source: pkg/apis/core/validation/validation.go
(ValidateServiceClusterIPsRelatedFields, validateUpgradeDowngradeClusterIPs, validateUpgradeDowngradeIPFamilies).
"""

from __future__ import annotations

from k8snet.kube.objects import ServiceSpec
from k8snet.kube.servicetypes import NONE, is_headless, needs_address
from k8snet.kube.validation.addresses import ip_errors, is_ipv6
from k8snet.kube.validation.errors import Errors, duplicate, invalid, required, unsupported

FAMILIES = ("IPv4", "IPv6")
POLICIES = ("PreferDualStack", "RequireDualStack", "SingleStack")
FIXED = "may not change once set"
_IPS, _FAMILIES, _POLICY = "spec.clusterIPs", "spec.ipFamilies", "spec.ipFamilyPolicy"


def related(spec: ServiceSpec, before: ServiceSpec | None) -> Errors:
    """What is wrong with the ClusterIPs, the families and the policy of a Service; ``before`` is what it replaces."""
    if not needs_address(spec):
        return []
    errors = _first(spec) + _families(spec)
    if spec.ipFamilyPolicy is not None and spec.ipFamilyPolicy not in POLICIES:
        errors.append(unsupported(_POLICY, spec.ipFamilyPolicy, POLICIES))
    ips = spec.clusterIPs or []
    wrong = _each(ips, (before.clusterIPs if before else None) or [])
    many = [invalid(_IPS, ips, "may only hold up to 2 values")] if len(ips) > 2 else []
    return errors + wrong + many + ([] if wrong else _together(spec))


def _first(spec: ServiceSpec) -> Errors:
    """The one address, and the first of the list, are the same."""
    ips = spec.clusterIPs or []
    if not spec.clusterIP:
        return [invalid(_IPS, ips, "must be empty when `clusterIP` is not specified")] if ips else []
    if not ips:
        return [required(_IPS)]
    return [invalid(_IPS, ips, "first value must match `clusterIP`")] if ips[0] != spec.clusterIP else []


def _families(spec: ServiceSpec) -> Errors:
    errors: Errors = []
    families = spec.ipFamilies or []
    for at, family in enumerate(families):
        errors += [unsupported(f"{_FAMILIES}[{at}]", family, FAMILIES)] if family not in FAMILIES else []
        errors += [duplicate(f"{_FAMILIES}[{at}]", family)] if family in families[:at] else []
    return errors


def _each(ips: list[str], known: list[str]) -> Errors:
    errors: Errors = []
    for at, ip in enumerate(ips):
        if at or ip != NONE:
            errors += ip_errors(f"{_IPS}[{at}]", ip, known)
        elif len(ips) > 1:
            errors.append(invalid(_IPS, ips, "'None' must be the first and only value"))
    return errors


def _together(spec: ServiceSpec) -> Errors:
    """Two addresses are of two families, and each is of the family that stands in its place."""
    errors: Errors = []
    ips, families = spec.clusterIPs or [], spec.ipFamilies or []
    if len(ips) > 1 and len({is_ipv6(ip) for ip in ips}) == 1:
        errors.append(invalid(_IPS, ips, "may specify no more than one IP for each IP family"))
    for at, (ip, family) in enumerate(zip(ips, families, strict=False)):
        if not is_headless(spec) and family in FAMILIES and is_ipv6(ip) != (family == "IPv6"):
            errors.append(invalid(f"{_IPS}[{at}]", ip, f"expected an {family} value as indicated by `ipFamilies[{at}]`"))
    return errors


# --- changes ------------------------------------------------------------------------------------------------------


def changed_ips(spec: ServiceSpec, before: ServiceSpec) -> Errors:
    """What is wrong with a change of ClusterIPs: the first one stays, a second one may come and go."""
    if not (needs_address(spec) and needs_address(before)) or (is_headless(spec) and is_headless(before)):
        return []
    old, new = before.clusterIPs or [], spec.clusterIPs or []
    if len(old) == len(new):
        return [invalid(f"{_IPS}[{at}]", new, FIXED) for at, ip in enumerate(old) if ip != new[at]]
    errors: Errors = []
    if not new:
        errors.append(invalid(f"{_IPS}[0]", spec.clusterIPs, "primary clusterIP can not be unset"))
    if old and new and old[0] != new[0]:
        errors.append(invalid(f"{_IPS}[0]", new, FIXED))
    return errors + (_released(spec, "clusterIP") if len(old) > len(new) == 1 else [])


def changed_families(spec: ServiceSpec, before: ServiceSpec) -> Errors:
    """The same of families."""
    if not (needs_address(spec) and needs_address(before)) or is_headless(spec) or is_headless(before):
        return []
    path, old, new = f"{_FAMILIES}[0]", before.ipFamilies or [], spec.ipFamilies or []
    if len(old) == len(new):
        return [invalid(path, new, FIXED) for was, now in zip(old, new, strict=True) if was != now]
    errors: Errors = []
    if len(old) > len(new) and not spec.clusterIPs:
        errors.append(invalid(path, spec.ipFamilies, "primary ipFamily can not be unset"))
    if old and new and old[0] != new[0]:
        errors.append(invalid(path, spec.clusterIPs, FIXED))
    return errors + (_released(spec, "ipFamily") if len(old) > len(new) == 1 else [])


def _released(spec: ServiceSpec, what: str) -> Errors:
    if spec.ipFamilyPolicy == "SingleStack":
        return []
    why = f"must be set to 'SingleStack' when releasing the secondary {what}"
    return [invalid(_POLICY, spec.ipFamilyPolicy, why)]
