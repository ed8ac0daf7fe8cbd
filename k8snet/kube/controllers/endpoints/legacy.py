"""The endpoint controller: for each Service with a selector an Endpoints object of the same name, as it was before slices.

The API is deprecated since Kubernetes 1.33; the controller still runs, for those who read it. Pods that are to go are not in
it, so who reads it cannot drain them. Source: pkg/controller/endpoint/endpoints_controller.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from k8snet.errors import ApiError
from k8snet.kube.client import Client
from k8snet.kube.component import Again
from k8snet.kube.controllers.controller import NOTHING, Controller, key_of
from k8snet.kube.controllers.endpoints import endpoint as one_pod
from k8snet.kube.controllers.endpoints import subsets as packing
from k8snet.kube.controllers.endpoints.membership import Memberships, has_endpoints, selected, serves
from k8snet.kube.controllers.endpoints.packing import HEADLESS
from k8snet.kube.controllers.endpoints.triggers import Triggers, annotated
from k8snet.kube.controllers.pods import is_ready, is_terminating
from k8snet.kube.history import Write
from k8snet.kube.objects import (
    EndpointAddress,
    Endpoints,
    EndpointSubset,
    ObjectMeta,
    Pod,
    Service,
    SubsetPort,
    changed,
    known,
    meta,
)  # fmt: skip
from k8snet.kube.store import Key

NAME = "endpoint-controller"
MANAGED_BY = "endpoints.kubernetes.io/managed-by"
OVER_CAPACITY = "endpoints.kubernetes.io/over-capacity"
"""The annotation of an object that has lost some of its addresses, since they were too many."""


class EndpointsController(Controller):
    """The controller, with what it remembers of Services."""

    def __init__(self, client: Client) -> None:
        self.memberships = Memberships(client)
        self.triggers = Triggers()
        watches = {"Service": self.memberships.service_written, "Pod": self.memberships.pod_written,
                   "Endpoints": self.endpoints_written}  # fmt: skip
        super().__init__(NAME, client, "Service", self.look_at, watches)

    def endpoints_written(self, write: Write) -> Iterable[Key]:
        """Of all that others do to Endpoints, it notices that they are deleted."""
        return (write.key,) if write.after is None and write.who != self.name else NOTHING

    def everything(self) -> Iterable[Key]:
        """All Services, and the Endpoints of its own whose Service may have gone while nobody looked."""
        services = super().everything()
        mine = [each for each in self.client.api.store.all("Endpoints") if (meta(each).labels or {}).get(MANAGED_BY) == NAME]
        return dict.fromkeys([*services, *map(key_of, mine)])

    def forget(self) -> None:
        """Begin anew."""
        self.triggers.forget_all()
        self.memberships.learn()

    def look_at(self, client: Client, key: Key) -> Again | None:
        """Look at one Service."""
        service: Service | None = client.find("Service", key[1], key[0])
        there: Endpoints | None = client.find("Endpoints", key[1], key[0])
        if service is None:
            self.triggers.forget(key)
            if there is not None:
                client.delete(there)
        elif has_endpoints(service):
            pods = selected(client, service)
            when = self.triggers.time(service, pods)
            subsets = packing.repacked(_subsets(service, pods))
            if there is None or not _is_right(there, service, subsets):
                self._write(_endpoints(there, service, subsets, when), is_new=there is None)
        return None

    def _write(self, endpoints: Endpoints, *, is_new: bool) -> None:
        if not is_new:
            self.client.update(endpoints)
            return
        try:
            self.client.create(endpoints)
        except ApiError as error:
            if "because it is being terminated" not in str(error):
                raise


# --- what there should be ---------------------------------------------------------------------------------------------


def _subsets(service: Service, pods: Iterable[Pod]) -> Iterator[EndpointSubset]:
    """Each pod's address with each of its ports by itself."""
    spec = known(service.spec)
    publishes = bool(spec.publishNotReadyAddresses)
    for pod in pods:
        address = _address(service, pod) if serves(pod) and (publishes or not is_terminating(pod)) else None
        if address is None:
            continue
        ready = publishes or is_ready(pod)
        alone = EndpointSubset(addresses=[address] if ready else None, notReadyAddresses=None if ready else [address])
        if not spec.ports and spec.clusterIP == one_pod.HEADLESS:
            yield alone
        for port, number in one_pod.reached(service, pod):
            found = SubsetPort(name=port.name, port=number, protocol=port.protocol, appProtocol=port.appProtocol)
            yield changed(alone, ports=[found])


def _address(service: Service, pod: Pod) -> EndpointAddress | None:
    family = one_pod.families(known(service.spec))[0]
    found = one_pod.addresses(pod, family)
    if not found:
        return None
    return EndpointAddress(
        ip=found[0], hostname=one_pod.hostname(pod, service), nodeName=known(pod.spec).nodeName, targetRef=one_pod.reference(pod),
    )  # fmt: skip


def _is_right(there: Endpoints, service: Service, subsets: list[EndpointSubset]) -> bool:
    """Whether an object says what it should. One with too many addresses is cut anew each time."""
    labels = {name: value for name, value in (meta(there).labels or {}).items() if name != HEADLESS}
    is_cut = OVER_CAPACITY in (meta(there).annotations or {})
    return (there.subsets or []) == subsets and labels == (meta(service).labels or {}) | {MANAGED_BY: NAME} and not is_cut


def _endpoints(there: Endpoints | None, service: Service, subsets: list[EndpointSubset], when: datetime | None) -> Endpoints:
    about = meta(there) if there is not None else ObjectMeta(name=meta(service).name, namespace=meta(service).namespace)
    labels = (meta(service).labels or {}) | {MANAGED_BY: NAME} | ({HEADLESS: ""} if one_pod.is_headless(service) else {})
    cut = packing.truncated(subsets)
    notes = {name: value for name, value in (annotated(about.annotations, when) or {}).items() if name != OVER_CAPACITY}
    if cut is not subsets:
        notes[OVER_CAPACITY] = "truncated"
    metadata = changed(about, labels=labels, annotations=notes or None)
    return Endpoints(metadata=metadata, subsets=cut or None)
