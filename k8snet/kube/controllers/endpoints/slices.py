"""The EndpointSlice controller: for each Service with a selector, slices that say which pods are behind it.

It goes by what the API server holds, and writes as little as it can (packing.py). A Service that has no endpoints has one
slice that is empty. Where a Service goes, its slices go with it: the garbage collector sees to that.
Sources: pkg/controller/endpointslice/endpointslice_controller.go; k8s.io/endpointslice, reconciler.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from k8snet.errors import ApiError
from k8snet.kube.client import Client
from k8snet.kube.component import Again
from k8snet.kube.controllers.controller import NOTHING, Controller, key_of, reference_to
from k8snet.kube.controllers.endpoints import endpoint as endpoints
from k8snet.kube.controllers.endpoints.hints import hinted
from k8snet.kube.controllers.endpoints.membership import Memberships, has_endpoints, selected, serves
from k8snet.kube.controllers.endpoints.packing import HEADLESS, MANAGED_BY, RESERVED, SERVICE_NAME, Plan, packed, services_of
from k8snet.kube.controllers.endpoints.triggers import Triggers, annotated
from k8snet.kube.history import Write
from k8snet.kube.names import prefix_faults, subdomain_faults
from k8snet.kube.objects import Endpoint, EndpointPort, EndpointSlice, Node, ObjectMeta, Pod, Service, changed, known, meta
from k8snet.kube.store import Key

NAME = "endpointslice-controller"
MANAGER = "endpointslice-controller.k8s.io"
FIRST_RETRY, LONGEST_RETRY = 1.0, 1000.0
"""After a failure it waits, twice as long each time, in seconds."""

Grouped = dict[tuple[object, ...], tuple[list[EndpointPort], list[Endpoint]]]
"""A Service's endpoints by their ports."""


class EndpointSlices(Controller):
    """The controller, with what it remembers of Services."""

    def __init__(self, client: Client) -> None:
        self.memberships = Memberships(client)
        self.triggers = Triggers()
        self.failures: dict[Key, int] = {}
        watches = {"Service": self.memberships.service_written, "Pod": self.memberships.pod_written,
                   "EndpointSlice": self.slice_written}  # fmt: skip
        super().__init__(NAME, client, "Service", self.look_at, watches)

    def slice_written(self, write: Write) -> Iterable[Key]:
        """A slice was written: look at its Service, if it was somebody else who has changed one of ours."""
        return NOTHING if write.who == self.name else services_of(write, MANAGER)

    def forget(self) -> None:
        """Begin anew."""
        self.triggers.forget_all()
        self.failures.clear()
        self.memberships.learn()

    def look_at(self, client: Client, key: Key) -> Again | None:
        """Look at one Service."""
        service: Service | None = client.find("Service", key[1], key[0])
        if service is None:
            self.triggers.forget(key)
            self.failures.pop(key, None)
        if service is None or not has_endpoints(service):
            return None
        pods = selected(client, service)
        existing = slices_of(client, key, MANAGER)
        when = self.triggers.time(service, pods)
        there, homeless = self._by_place(service, pods)
        families = endpoints.families(known(service.spec))
        for family in families:
            plan = self._plan(service, there, [each for each in existing if each.addressType == family], family)
            self._carry_out(service, plan, when)
        self._delete(each for each in existing if each.addressType not in families)
        return self._later(service, key, homeless)

    # --- deciding -----------------------------------------------------------------------------------------------------

    def _by_place(self, service: Service, pods: Iterable[Pod]) -> tuple[list[Pod], list[Pod]]:
        """The pods that can be endpoints, and those of them whose node is not there; if all pods are published, none are."""
        there, homeless = list[Pod](), list[Pod]()
        for pod in filter(serves, pods):
            found = known(service.spec).publishNotReadyAddresses or self._node(pod) is not None
            (there if found else homeless).append(pod)
        return there, homeless

    def _node(self, pod: Pod) -> Node | None:
        node: Node | None = self.client.find("Node", known(pod.spec).nodeName or "", "")
        return node

    def _plan(self, service: Service, pods: Iterable[Pod], existing: Sequence[EndpointSlice], family: str) -> Plan:
        """What becomes of a Service's slices of one family."""
        own = [each for each in existing if _is_owned(each, service)]
        plan = Plan([], [], [each for each in existing if each not in own])
        wanted = self._grouped(service, pods, family)
        for ports, group in wanted.values():
            mine = [each for each in own if port_key(each.ports) == port_key(ports)]
            for decided, more in zip(plan, packed(mine, group, blank(service, family, ports)), strict=True):
                decided.extend(more)
        plan.delete.extend(each for each in own if port_key(each.ports) not in wanted)
        if len(plan.delete) == len(existing) and not plan.make:
            _leave_one(service, family, plan)
        return _with_hints(service, existing, plan)

    def _grouped(self, service: Service, pods: Iterable[Pod], family: str) -> Grouped:
        found: Grouped = {}
        for pod in pods:
            ports = endpoints.ports(service, pod)
            _, group = found.setdefault(port_key(ports), (ports, []))
            one = endpoints.endpoint(pod, self._node(pod), service, family)
            if one.addresses:
                group.append(one)
        return found

    # --- acting -------------------------------------------------------------------------------------------------------

    def _carry_out(self, service: Service, plan: Plan, when: datetime | None) -> None:
        """Write what was decided. Instead of deleting one slice and making another, the one becomes the other."""
        make, change, delete = plan.make, plan.change, plan.delete
        for each in [each for each in delete if _is_owned(each, service)]:
            if make:
                change.append(_in_place_of(each, make.pop()))
                delete.remove(each)
        if meta(service).deletionTimestamp is None:
            for each in make:
                if not self._make(_noted(each, when)):
                    return
        for each in change:
            self.client.update(_noted(each, when))
        self._delete(delete)

    def _make(self, one: EndpointSlice) -> bool:
        """Make a slice; False where the namespace is about to go."""
        try:
            self.client.create(one)
        except ApiError as error:
            if "because it is being terminated" not in str(error):
                raise
            return False
        return True

    def _delete(self, slices: Iterable[EndpointSlice]) -> None:
        for each in list(slices):
            self.client.delete(each)

    def _later(self, service: Service, key: Key, homeless: Sequence[Pod]) -> Again | None:
        """Pods whose node is not there were left out: look again, if the node should come back."""
        if not homeless:
            self.failures.pop(key, None)
            return None
        pod, whose = homeless[0], f"{key[0]}/{key[1]}"
        text = f"skipping Pod {meta(pod).name} for Service {whose}: Node {known(pod.spec).nodeName} Not Found"
        told = f"Error updating Endpoint Slices for Service {whose}: {text}"
        self.client.event(service, "FailedToUpdateEndpointSlices", told, "Warning")
        self.failures[key] = self.failures.get(key, 0) + 1
        return Again(min(FIRST_RETRY * 2.0 ** min(self.failures[key] - 1, 20), LONGEST_RETRY), idle=True)


# --- slices -----------------------------------------------------------------------------------------------------------


def slices_of(client: Client, key: Key, manager: str) -> list[EndpointSlice]:
    """The slices that a controller manages for the Service under a key."""
    found = client.labelled("EndpointSlice", key[0], {SERVICE_NAME: key[1], MANAGED_BY: manager})
    return [each for each in found if meta(each).deletionTimestamp is None]


def blank(service: Service, family: str, ports: list[EndpointPort]) -> EndpointSlice:
    """What a Service's new slice begins with: labels, owner, ports, and the beginning of a name."""
    copied = {name: value for name, value in (meta(service).labels or {}).items() if name not in RESERVED}
    headless = {HEADLESS: ""} if endpoints.is_headless(service) else {}
    namespace, name = key_of(service)
    about = ObjectMeta(
        generateName=prefix(name), namespace=namespace, ownerReferences=[reference_to(service)],
        labels={**copied, **headless, SERVICE_NAME: name, MANAGED_BY: MANAGER},
    )  # fmt: skip
    return EndpointSlice(metadata=about, addressType=family, ports=ports or None)


def prefix(name: str) -> str:
    """How the names of slices begin: with the Service's and a dash, if that is not too long."""
    return name if prefix_faults(subdomain_faults, f"{name}-") else f"{name}-"


def _is_owned(one: EndpointSlice, service: Service) -> bool:
    """Whether a slice is this Service's, and not that of an older one of the same name."""
    return any(each.uid == meta(service).uid and each.kind == "Service" for each in meta(one).ownerReferences or ())


def port_key(ports: Iterable[EndpointPort] | None) -> tuple[object, ...]:
    """What makes two lists of ports the same."""
    return tuple(sorted((each.name or "", each.port or 0, each.protocol or "", each.appProtocol or "") for each in ports or ()))


def _leave_one(service: Service, family: str, plan: Plan) -> None:
    """Where there would be no slice, there is an empty one."""
    place = blank(service, family, [])
    if len(plan.delete) == 1 and _is_placeholder(plan.delete[0], place):
        plan.delete.clear()
    else:
        plan.make.append(place)


def _is_placeholder(one: EndpointSlice, place: EndpointSlice) -> bool:
    owners = [(each.kind, each.uid) for each in meta(place).ownerReferences or ()]
    return (not one.endpoints and not one.ports and meta(one).labels == meta(place).labels
            and [(each.kind, each.uid) for each in meta(one).ownerReferences or ()] == owners)  # fmt: skip


def _with_hints(service: Service, existing: Iterable[EndpointSlice], plan: Plan) -> Plan:
    """The plan with all hints as they should be; for that, slices may have to be written that would stay as they are."""
    distribution = known(service.spec).trafficDistribution
    touched = {meta(each).name for each in (*plan.change, *plan.delete)}
    others = [(each, hinted(each, distribution)) for each in existing if meta(each).name not in touched]
    make, change = ([hinted(each, distribution) for each in slices] for slices in (plan.make, plan.change))
    return Plan(make, change + [after for before, after in others if after is not before], plan.delete)


def _in_place_of(there: EndpointSlice, new: EndpointSlice) -> EndpointSlice:
    """A new slice under the name of one that would go."""
    return changed(new, metadata=changed(meta(new), name=meta(there).name))


def _noted(one: EndpointSlice, when: datetime | None) -> EndpointSlice:
    """A slice with the time of the change that set it off."""
    about = meta(one)
    return changed(one, metadata=changed(about, annotations=annotated(about.annotations, when)))
