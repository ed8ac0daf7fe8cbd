"""Who is behind a Service, as an EndpointSlice or Endpoints tell it, and what is new in that."""

from __future__ import annotations

from collections.abc import Iterator

from k8snet.kube.news import Clause
from k8snet.kube.objects import Endpoint, Endpoints, EndpointSlice, Object

KINDS = ("Endpoints", "EndpointSlice")
MOST = 4
"""So many endpoints are told of; the others are counted."""


def news_of(before: Object | None, after: Object) -> list[Clause]:
    """A clause for each endpoint that is new, or stands otherwise than before, or is out."""
    old, new = (standing(before) if before is not None else {}), standing(after)
    if before is None and not new:
        return [Clause("news.endpoint.none", {})]
    told = [(ip, how) for ip, how in new.items() if old.get(ip) != how] + [(ip, "gone") for ip in old if ip not in new]
    clauses = [Clause(f"news.endpoint.{how}", {"ip": ip}) for ip, how in told[:MOST]]
    return clauses + ([Clause("news.endpoint.more", {"count": len(told) - MOST})] if len(told) > MOST else [])


def standing(obj: EndpointSlice | Endpoints) -> dict[str, str]:
    """Each address, and how it stands: ``ready``, ``unready``, ``serving`` (though it is to go) or ``terminating``."""
    if isinstance(obj, EndpointSlice):
        return {each.addresses[0]: _state(each) for each in obj.endpoints or () if each.addresses}
    return {ip: how for ip, how, _ in _listed(obj)}


def uids(obj: EndpointSlice | Endpoints) -> set[str | None]:
    """The uids of the pods that an object lists."""
    if isinstance(obj, EndpointSlice):
        return {each.targetRef.uid for each in obj.endpoints or () if each.targetRef is not None}
    return {uid for *_, uid in _listed(obj)}


def _state(endpoint: Endpoint) -> str:
    """What is not said is taken for ready."""
    conditions = endpoint.conditions
    if conditions is None or conditions.ready is not False:
        return "ready"
    if conditions.terminating:
        return "serving" if conditions.serving else "terminating"
    return "unready"


def _listed(obj: Endpoints) -> Iterator[tuple[str, str, str | None]]:
    for subset in obj.subsets or ():
        for addresses, how in ((subset.addresses, "ready"), (subset.notReadyAddresses, "unready")):
            yield from ((each.ip, how, each.targetRef.uid if each.targetRef is not None else None) for each in addresses or ())
