"""What the API server gives a Service: IP families, a ClusterIP, node ports. And what it takes back, when a Service changes.

All of it happens between the defaults and validation, so a number that is taken is told of first, and alone. What is taken
follows from the Services that the store holds, so nothing has to be given back. Source: pkg/registry/core/service/storage
(storage.go: beginCreate, beginUpdate; alloc.go).
"""

from __future__ import annotations

from k8snet.kube.allocation import linked, ports
from k8snet.kube.allocation.families import with_families
from k8snet.kube.allocation.pool import Pool, Ranges, Taken
from k8snet.kube.objects import Service, changed, known
from k8snet.kube.servicetypes import NONE, needs_address
from k8snet.kube.validation import refusal
from k8snet.kube.validation.errors import invalid

__all__ = ["Pool", "Ranges", "created", "updated"]


def created(obj: Service, pool: Pool) -> Service:
    """A new Service with all that it is given. ApiError, if it wishes what it cannot have."""
    obj = with_families(linked.normalized(obj, None), None)
    return ports.first(_with_address(obj, pool), pool)


def updated(obj: Service, before: Service, pool: Pool) -> Service:
    """A Service that replaces another: it keeps what it does not speak of, and gets what its new type needs."""
    obj = with_families(linked.normalized(linked.kept(obj, before), before), before)
    if not needs_address(known(before.spec)):
        obj = _with_address(obj, pool)
    return linked.dropped(ports.further(obj, before, pool), before)


def _with_address(obj: Service, pool: Pool) -> Service:
    spec = known(obj.spec)
    if not needs_address(spec) or spec.clusterIP == NONE:
        return obj
    if not spec.clusterIP:
        ip = pool.next_address()
        return changed(obj, spec=changed(spec, clusterIP=ip, clusterIPs=[ip]))
    try:
        pool.take_address(spec.clusterIP)
    except Taken as error:
        why = f"failed to allocate IP {spec.clusterIP}: {error}"
        raise refusal(obj, [invalid("spec.clusterIPs", spec.clusterIPs, why)]) from None
    return obj
