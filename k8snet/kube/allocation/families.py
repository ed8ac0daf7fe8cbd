"""A Service's IP families, in a cluster that has IPv4 alone.

Two families may be wished for (PreferDualStack), but not demanded; only a headless Service without a selector may have both,
because its endpoints are nobody's business but its author's. Source: pkg/registry/core/service/storage/alloc.go
(initIPFamilyFields).
"""

from __future__ import annotations

from k8snet.kube.objects import Service, ServiceSpec, changed, known
from k8snet.kube.servicetypes import NONE, needs_address
from k8snet.kube.validation import refusal
from k8snet.kube.validation.addresses import is_ipv6
from k8snet.kube.validation.errors import Errors, invalid
from k8snet.kube.validation.families import related

OURS = "IPv4"
_IPS, _FAMILIES, _POLICY = "spec.clusterIPs", "spec.ipFamilies", "spec.ipFamilyPolicy"


def with_families(obj: Service, before: Service | None) -> Service:
    """A Service with its families and their policy. ApiError, if the cluster cannot have them."""
    spec, old = known(obj.spec), before.spec if before else None
    if not needs_address(spec) or (old is not None and _stays(spec, old)):
        return obj
    spec = changed(spec, ipFamilyPolicy=spec.ipFamilyPolicy or _policy(spec, old))
    _refuse(obj, related(spec, old))
    spec, errors = _fewer(spec, old) if old is not None else (spec, [])
    _refuse(obj, errors + _single(spec) + _foreign_ips(spec))
    if spec.clusterIP == NONE and not spec.selector:
        return changed(obj, spec=changed(spec, ipFamilies=_of_anybody(spec)))
    _refuse(obj, _unavailable(spec))
    return changed(obj, spec=changed(spec, ipFamilies=spec.ipFamilies or [OURS]))


def _refuse(obj: Service, errors: Errors) -> None:
    if errors:
        raise refusal(obj, errors)


def _stays(spec: ServiceSpec, old: ServiceSpec) -> bool:
    """Whether two families were and are preferred, and nothing else is said: then nothing is added or taken away."""
    both = spec.ipFamilyPolicy == old.ipFamilyPolicy == "PreferDualStack" and spec.type == old.type
    return both and (spec.clusterIPs, spec.ipFamilies) == (old.clusterIPs, old.ipFamilies)


def _policy(spec: ServiceSpec, old: ServiceSpec | None) -> str:
    if old is not None and old.ipFamilyPolicy:
        return old.ipFamilyPolicy
    return "RequireDualStack" if spec.clusterIP == NONE and not spec.selector else "SingleStack"


def _fewer(spec: ServiceSpec, old: ServiceSpec) -> tuple[ServiceSpec, Errors]:
    """A Service that had two of something: with SingleStack it has one from now on, otherwise both must stay."""
    errors: Errors = []
    for name, what in (("clusterIPs", "cluster IP"), ("ipFamilies", "IP family")):
        now, was = getattr(spec, name) or [], getattr(old, name) or []
        if spec.ipFamilyPolicy == "SingleStack" and now == was and len(now) > 1:
            spec = changed(spec, **{name: now[:1]})
        elif spec.ipFamilyPolicy != "SingleStack" and 0 < len(now) < len(was):
            errors.append(invalid(_POLICY, spec.ipFamilyPolicy, f"must be 'SingleStack' to release the secondary {what}"))
    return spec, errors


def _single(spec: ServiceSpec) -> Errors:
    counts = (("cluster IPs", spec.clusterIPs), ("IP families", spec.ipFamilies))
    why = "must be 'RequireDualStack' or 'PreferDualStack' when multiple"
    return [invalid(_POLICY, spec.ipFamilyPolicy, f"{why} {what} are specified") for what, given in counts
            if spec.ipFamilyPolicy == "SingleStack" and len(given or []) == 2]  # fmt: skip


def _foreign_ips(spec: ServiceSpec) -> Errors:
    """Addresses of a family of which nothing else is said, and which the cluster does not have."""
    ips, told = spec.clusterIPs or [], len(spec.ipFamilies or [])
    why = "IPv6 is not configured on this cluster"
    return [invalid(f"{_IPS}[{at}]", ips, why) for at, ip in enumerate(ips) if at >= told and is_ipv6(ip)]


def _of_anybody(spec: ServiceSpec) -> list[str]:
    families = spec.ipFamilies or [OURS]
    if len(families) > 1 or spec.ipFamilyPolicy == "SingleStack":
        return families
    return [*families, "IPv6" if families == [OURS] else OURS]


def _unavailable(spec: ServiceSpec) -> Errors:
    errors: Errors = []
    if spec.ipFamilyPolicy == "RequireDualStack":
        errors.append(invalid(_POLICY, spec.ipFamilyPolicy, "this cluster is not configured for dual-stack services"))
    errors += [invalid(f"{_FAMILIES}[{at}]", family, "not configured on this cluster")
               for at, family in enumerate(spec.ipFamilies or []) if family != OURS]  # fmt: skip
    return errors
