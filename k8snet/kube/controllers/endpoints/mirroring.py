"""The EndpointSlice mirroring controller: who writes Endpoints by hand for a Service without a selector gets slices of them.

So that whoever reads slices alone, as kube-proxy does, finds these addresses too. The slices belong to the Endpoints object.
Sources: pkg/controller/endpointslicemirroring (the controller, reconciler.go, utils.go).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from k8snet.errors import ApiError
from k8snet.kube.client import Client
from k8snet.kube.component import Again
from k8snet.kube.controllers.controller import NOTHING, Controller, key_of, reference_to
from k8snet.kube.controllers.endpoints.membership import selector
from k8snet.kube.controllers.endpoints.packing import MANAGED_BY, SERVICE_NAME, identity, is_same, services_of
from k8snet.kube.controllers.endpoints.porthash import in_slices
from k8snet.kube.controllers.endpoints.slices import port_key, prefix, slices_of
from k8snet.kube.controllers.endpoints.subsets import repacked
from k8snet.kube.controllers.endpoints.triggers import ANNOTATION
from k8snet.kube.history import Write
from k8snet.kube.objects import (
    Endpoint,
    EndpointAddress,
    EndpointConditions,
    EndpointPort,
    Endpoints,
    EndpointSlice,
    EndpointSubset,
    ObjectMeta,
    changed,
    known,
    meta,
)  # fmt: skip
from k8snet.kube.store import Key

NAME = "endpointslicemirroring-controller"
MANAGER = "endpointslicemirroring-controller.k8s.io"
SKIP = "endpointslice.kubernetes.io/skip-mirror"
"""The label by which Endpoints are not mirrored: those of the API server itself have it."""
LEADER = "control-plane.alpha.kubernetes.io/leader"
NOT_COPIED = (ANNOTATION, "kubectl.kubernetes.io/last-applied-configuration")
MOST = 1000
"""So many addresses of a subset are mirrored."""

Group = tuple[str, list[EndpointPort], list[Endpoint]]
"""Endpoints of one family with one list of ports."""


class Mirroring(Controller):
    """The controller. Its keys are those of Endpoints, and of Services, which have the same."""

    def __init__(self, client: Client) -> None:
        watches = {"Service": _service_written, "Endpoints": _endpoints_written, "EndpointSlice": self.slice_written}
        super().__init__(NAME, client, "Endpoints", self.look_at, watches)

    def slice_written(self, write: Write) -> Iterable[Key]:
        """A slice was written: look at the Endpoints, if it was somebody else who has changed one of ours."""
        return NOTHING if write.who == self.name else services_of(write, MANAGER)

    def look_at(self, client: Client, key: Key) -> Again | None:
        """Look at one Endpoints object."""
        endpoints: Endpoints | None = client.find("Endpoints", key[1], key[0])
        service = client.find("Service", key[1], key[0])
        there = slices_of(client, key, MANAGER)
        if endpoints is None or service is None or selector(service) or not _is_meant(endpoints):
            for each in there:
                client.delete(each)
            return None
        self._tell_of_too_many(endpoints)
        self._mirror(endpoints, there)
        return None

    def _mirror(self, endpoints: Endpoints, there: list[EndpointSlice]) -> None:
        """One slice for each subset and family; a slice that is not needed any more becomes another, or goes."""
        make, delete = list[EndpointSlice](), list(there)
        for family, ports, found in _groups(endpoints):
            mine = [each for each in there if each.addressType == family and port_key(each.ports) == port_key(ports)]
            new = _slice(endpoints, family, ports, found)
            if mine:
                delete.remove(mine[0])
                if not _is_right(mine[0], new):
                    self.client.update(_named(new, mine[0]))
            else:
                make.append(new)
        for new in make:
            spare = next((each for each in delete if each.addressType == new.addressType), None)
            if spare is not None:
                delete.remove(spare)
                self.client.update(_named(new, spare))
            elif meta(endpoints).deletionTimestamp is None and not self._made(new):
                return
        for each in delete:
            self.client.delete(each)

    def _made(self, new: EndpointSlice) -> bool:
        """Make a slice; False where the namespace is about to go."""
        try:
            self.client.create(new)
        except ApiError as error:
            if "because it is being terminated" not in str(error):
                raise
            return False
        return True

    def _tell_of_too_many(self, endpoints: Endpoints) -> None:
        sizes = (len(each.addresses or ()) + len(each.notReadyAddresses or ()) for each in endpoints.subsets or ())
        skipped = sum(max(size - MOST, 0) for size in sizes)
        if skipped:
            most = f"A max of {MOST} addresses can be mirrored to EndpointSlices per Endpoints subset"
            told = f"{most}. {skipped} addresses were skipped"
            self.client.event(endpoints, "TooManyAddressesToMirror", told, "Warning")


def _service_written(write: Write) -> Iterable[Key]:
    """A Service was written: its Endpoints are looked at, if it has no selector, or has one no more, or now."""
    kinds = {bool(selector(each)) for each in (write.before, write.after) if each is not None}
    is_update = write.before is not None and write.after is not None
    return (write.key,) if (len(kinds) == 2 if is_update else kinds == {False}) else NOTHING


def _endpoints_written(write: Write) -> Iterable[Key]:
    versions = (each for each in (write.before, write.after) if each is not None)
    return (write.key,) if any(map(_is_meant, versions)) else NOTHING


def _is_meant(endpoints: Endpoints) -> bool:
    """Whether an object is to be mirrored: nobody says no, and it is not how programs choose a leader."""
    about = meta(endpoints)
    return (about.labels or {}).get(SKIP) != "true" and LEADER not in (about.annotations or {})


# --- what there should be ---------------------------------------------------------------------------------------------


def _groups(endpoints: Endpoints) -> Iterator[Group]:
    for subset in repacked(endpoints.subsets or ()):
        found = [_endpoint(address, ready=ready) for address, ready in _addresses(subset)][:MOST]
        ports = in_slices(EndpointPort(name=port.name or "", port=port.port, protocol=port.protocol, appProtocol=port.appProtocol)
                          for port in subset.ports or ())  # fmt: skip
        for family in ("IPv4", "IPv6"):
            of_family = [each for each in found if (":" in each.addresses[0]) == (family == "IPv6")]
            if of_family:
                yield family, ports, of_family


def _addresses(subset: EndpointSubset) -> Iterator[tuple[EndpointAddress, bool]]:
    yield from ((each, True) for each in subset.addresses or ())
    yield from ((each, False) for each in subset.notReadyAddresses or ())


def _endpoint(address: EndpointAddress, *, ready: bool) -> Endpoint:
    return Endpoint(addresses=[address.ip], conditions=EndpointConditions(ready=ready), hostname=address.hostname or None,
                    nodeName=address.nodeName, targetRef=address.targetRef)  # fmt: skip


def _slice(endpoints: Endpoints, family: str, ports: list[EndpointPort], found: list[Endpoint]) -> EndpointSlice:
    about, (namespace, name) = meta(endpoints), key_of(endpoints)
    notes = {word: value for word, value in (about.annotations or {}).items() if word not in NOT_COPIED}
    metadata = ObjectMeta(
        generateName=prefix(name), namespace=namespace, annotations=notes or None, ownerReferences=[reference_to(endpoints)],
        labels={**(about.labels or {}), SERVICE_NAME: name, MANAGED_BY: MANAGER},
    )  # fmt: skip
    return EndpointSlice(metadata=metadata, addressType=family, ports=ports or None, endpoints=found)


def _named(new: EndpointSlice, there: EndpointSlice) -> EndpointSlice:
    """A slice in place of one that is there."""
    return changed(new, metadata=changed(meta(new), name=meta(there).name, generateName=None))


def _is_right(there: EndpointSlice, new: EndpointSlice) -> bool:
    """Whether a slice says what it should."""
    now = {identity(each): each for each in known(new.endpoints)}
    old = {identity(each): each for each in there.endpoints or ()}
    if now.keys() != old.keys() or not all(is_same(now[each], old[each]) for each in now):
        return False
    return (meta(there).labels, meta(there).annotations) == (meta(new).labels, meta(new).annotations)
