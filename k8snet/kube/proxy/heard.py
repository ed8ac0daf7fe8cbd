"""What one kube-proxy has heard: all Services and EndpointSlices, as facts, and what has changed since it last looked.

Every mode keeps one of these, and writes rules from what `take` hands out. Sources: pkg/proxy/endpointslicecache.go,
endpointschangetracker.go, servicechangetracker.go.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy

from k8snet.kube.objects import EndpointSlice, Service
from k8snet.kube.proxy.door import Given, Key, PortKey, Slice, service_ports, slice_facts
from k8snet.kube.proxy.facts import Endpoint, Endpoints, NodeFacts, ServicePort, in_order
from k8snet.linux.fact import Fact


class State(Fact, frozen=True):
    """A Service at one moment: its ports, and the endpoints behind each, sorted; some may be behind no port."""

    ports: tuple[ServicePort, ...] = ()
    endpoints: Mapping[PortKey, Endpoints] = {}

    def behind(self, port: ServicePort) -> Endpoints:
        """The endpoints of one of its ports."""
        return self.endpoints.get((port.port_name, port.protocol), ())

    @property
    def size(self) -> int:
        """How many endpoints there are behind its ports."""
        return sum([len(self.behind(port)) for port in self.ports])


NOTHING = State()


class Change(Fact, frozen=True):
    """A Service that is not what it was."""

    service: Key
    before: State
    after: State


class Heard:
    """Services and their slices; ``node`` decides nothing but which of two equal endpoints is believed."""

    def __init__(self, node: NodeFacts) -> None:
        self._family, self._node = node.ip_family, node.name
        self._ports: dict[Key, tuple[ServicePort, ...]] = {}
        self._slices: dict[Key, dict[Key, Slice]] = {}
        """By Service, and then by slice."""
        self._service_of: dict[Key, Key] = {}
        """Whose a slice is."""
        self._states: dict[Key, State] = {}
        """As they were handed out."""
        self._changed: set[Key] = set()

    def __deepcopy__(self, memo: dict[int, object]) -> Heard:
        other = copy(self)
        for name in ("_ports", "_service_of", "_states", "_changed"):
            setattr(other, name, getattr(self, name).copy())
        other._slices = {key: dict(slices) for key, slices in self._slices.items()}
        return other

    def set_service(self, key: Key, service: Service | Given | None) -> None:
        """A Service as it is now; None: it is gone."""
        ports = service_ports(service, self._family) if service is not None else ()
        if ports == self._ports.get(key, ()):
            return
        self._changed.add(key)
        if ports:
            self._ports[key] = ports
        else:
            del self._ports[key]

    def set_slice(self, key: Key, endpoint_slice: EndpointSlice | Given | None) -> None:
        """An EndpointSlice as it is now; None: it is gone."""
        new = slice_facts(endpoint_slice, self._family) if endpoint_slice is not None else None
        owner = self._service_of.get(key)
        if owner is not None and (new is None or new.service != owner):
            self._forget(key, owner)
        if new is None:
            return
        slices = self._slices.setdefault(new.service, {})
        if slices.get(key) != new:
            slices[key] = new
            self._service_of[key] = new.service
            self._changed.add(new.service)

    def _forget(self, key: Key, owner: Key) -> None:
        self._changed.add(owner)
        del self._service_of[key], self._slices[owner][key]
        if not self._slices[owner]:
            del self._slices[owner]

    @property
    def has_changed(self) -> bool:
        """Whether there is something to take."""
        return bool(self._changed)

    def take(self) -> list[Change]:
        """The Services that have changed since this was last asked, in the order of their names."""
        keys = sorted(self._changed, key="/".join)
        self._changed.clear()
        return [self._change(key) for key in keys]

    def _change(self, key: Key) -> Change:
        before, slices = self._states.get(key, NOTHING), self._slices.get(key)
        after = State(self._ports.get(key, ()), merged(slices, self._node) if slices else {})
        if after.ports or after.endpoints:
            self._states[key] = after
        else:
            self._states.pop(key, None)
        return Change(key, before, after)


def merged(slices: Mapping[Key, Slice], node: str) -> dict[PortKey, Endpoints]:
    """The endpoints behind each port, from all slices of a Service: each once; what says that it is on ``node`` is believed."""
    first = next(iter(slices.values()))
    if len(slices) == 1 and first.is_distinct:
        return first.endpoints
    found: dict[PortKey, dict[str, Endpoint]] = {}
    for key in sorted(slices):
        for port, endpoints in slices[key].endpoints.items():
            known = found.setdefault(port, {})
            for each in endpoints:
                if each.text not in known or each.node == node:
                    known[each.text] = each
    return {port: in_order(known.values()) for port, known in found.items()}
