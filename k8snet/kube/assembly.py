"""A whole cluster put together: site, world, API server, control plane, and on each node a kubelet and its neighbours.

Nothing acts in here; this file says who is there, in which order they take turns, and what goes with a machine when its
power fails.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from k8snet.errors import NotModelled
from k8snet.kube import controllers, itself
from k8snet.kube import site as sites
from k8snet.kube.allocation.pool import Ranges
from k8snet.kube.api import SERVER
from k8snet.kube.component import Component
from k8snet.kube.kubelet import Kubelet
from k8snet.kube.kubelet.static import control_plane
from k8snet.kube.machine import Machine
from k8snet.kube.network import NetworkAgent, RouteController
from k8snet.kube.objects import Namespace, ObjectMeta, Service, ServicePort, ServiceSpec
from k8snet.kube.plane import Plane
from k8snet.kube.proxy.agent import SYNC, KubeProxy
from k8snet.kube.proxy.facts import NodeFacts
from k8snet.kube.proxy.fleet import KubeProxies
from k8snet.kube.rest import Rest
from k8snet.kube.rest.kubelets import NO_ROUTE, REFUSED, logs_of
from k8snet.kube.sandbox import Names
from k8snet.kube.scheduler import Scheduler
from k8snet.kube.site import Place, Site
from k8snet.linux import World
from k8snet.linux.address import Ip, Network

NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")
CONTROLLER_MANAGER = "kube-controller-manager"
ALWAYS_THERE = (SERVER, "etcd")
MOST_AWAKE = 64
"""In a larger cluster a machine boots when it is first touched, and the router has the ways to the pods, as in a cloud."""


class Assembly:
    """All of a cluster: ``plane`` (with the world), ``machines`` and ``kubelets`` by node. ``routes``: who has the ways to pods,
    ``nodes`` or ``router``; by default it depends on how many machines there are.
    """

    def __init__(self, site: Site, seed: int = 0, routes: str | None = None) -> None:
        routes = routes or ("nodes" if len(site.nodes) <= MOST_AWAKE else "router")
        if routes not in ("nodes", "router"):
            raise NotModelled(f"routes={routes!r}", known="nodes, router")
        self.site = site
        self.routes = routes
        self.plane = Plane(World(seed=seed), seed, Ranges(site.service_cidr, site.node_port_range))
        self.machines: dict[str, Machine] = {}
        self.kubelets: dict[str, Kubelet] = {}
        self.names = Names([sites.UNDERLAY, sites.ROUTER, sites.OUTSIDE, "root", *(place.name for place in site.nodes)])
        self.off: set[str] = set()
        """The nodes whose power is off."""
        self._wire()
        self._begin()
        self._add_control_plane()
        for place in site.nodes:
            self.add_node(place)
        if self._is_large:
            facts = {place.name: self._facts(place) for place in site.nodes}
            self.plane.add(KubeProxies(self.machines, self.plane.client("kube-proxy"), facts))

    def _wire(self) -> None:
        for line in sites.switch_and_router(self.site):
            self.plane.world.sh(line)
        if rules := sites.translations(self.site):
            self.plane.world.sh(f"ip netns exec {sites.ROUTER} iptables-restore --noflush", rules)

    def _begin(self) -> None:
        """What the API server makes of its own accord: the first namespaces, and the Service that is itself, with where it is."""
        api = self.plane.client(SERVER)
        for name in NAMESPACES:
            api.create(Namespace(metadata=ObjectMeta(name=name)))
        labels = {"component": "apiserver", "provider": "kubernetes"}
        first = str(Ip(Network.parse(self.site.service_cidr).address + 1))
        ports = [ServicePort(name="https", port=443, targetPort=6443, protocol="TCP")]
        spec = ServiceSpec(clusterIP=first, ports=ports)
        api.create(Service(metadata=ObjectMeta(name="kubernetes", namespace="default", labels=labels), spec=spec))
        for place in [each for each in self.site.nodes if each.control_plane][:1]:
            for obj in itself.endpoints(place.ip):
                api.create(obj)

    def _add_control_plane(self) -> None:
        plane = self.plane
        for agent in controllers.all_of(plane.client, self.site.cluster_cidr, self.site.node_mask):
            plane.add(agent)
        if self.routes == "router":
            plane.add(RouteController(Machine(plane.world, sites.ROUTER), plane.client("route-controller")))
        plane.add(Scheduler(plane.client("kube-scheduler")))

    def add_node(self, place: Place) -> None:
        """A machine at its place, switched on, and the programs on it."""
        plane, name = self.plane, place.name
        machine = self.machines[name] = Machine(plane.world, name)
        machine.switch_on(tuple(sites.machine(place)), place.ip, asleep=self._is_large)
        own = control_plane() if place.control_plane else ()
        kubelet = self.kubelets[name] = Kubelet(machine, plane.client("kubelet"), place, self.names, static_pods=own)
        agent = NetworkAgent(
            machine, plane.client("cni-agent"), self.site.cluster_cidr, pod_gateway=self.site.pod_gateway,
            on_nodes=self.routes == "nodes",
        )  # fmt: skip
        plane.add(agent, name)
        if not self._is_large:
            plane.add(KubeProxy(machine, plane.client("kube-proxy"), self._facts(place)), name)
        component = plane.add(kubelet, name)
        kubelet.notice = partial(plane.nudge, component)
        agent.when_configured = partial(plane.nudge, component, ("", name))

    @property
    def _is_large(self) -> bool:
        return len(self.site.nodes) > MOST_AWAKE

    def _facts(self, place: Place) -> NodeFacts:
        """What its kube-proxy is told of a node at the start; all flags have their defaults."""
        return NodeFacts(place.name, place.ip, self.site.cluster_cidr, addresses=("127.0.0.1", place.ip))

    @property
    def rest(self) -> Rest:
        """The API server's HTTP face; it asks the kubelets for logs."""
        return Rest(self.plane.api, logs_of(self.kubelets, self._kubelet_fault))

    def _kubelet_fault(self, node: str) -> str:
        """Why the API server cannot connect to a node's kubelet; empty if it can."""
        if node in self.off:
            return NO_ROUTE
        return "" if all(each.running for each in self.plane.find("kubelet", node)) else REFUSED

    # --- who is meant, and what becomes of them -------------------------------------------------------------------

    def programs(self, name: str, node: str = "") -> list[Component]:
        """The components that go by a name; the controllers all go by ``kube-controller-manager`` too."""
        if name == CONTROLLER_MANAGER:
            return [each for each in self.plane.components if each.name.endswith(("-controller", "-collector"))]
        if name in ALWAYS_THERE:
            raise NotModelled(f"stopping {name}", known=", ".join(self.programs_there()))
        found = self.plane.find(name, node)
        if not found:
            where = f" on {node}" if node else ""
            raise NotModelled(f"a component {name!r}{where}", known=", ".join(self.programs_there()))
        return found

    def programs_there(self) -> Iterator[str]:
        """By which names programs are found."""
        return iter(sorted({CONTROLLER_MANAGER, *(each.name for each in self.plane.components)}))

    def power_off(self, node: str) -> None:
        """Pull the plug: all programs end, and all that the kernel held is gone; the disk stays."""
        if node in self.off:
            return
        self.off.add(node)
        for component in self.plane.components:
            if component.node == node:
                component.stop()
        self.kubelets[node].lose_everything()
        self.plane.world.sh(f"ip -n {sites.UNDERLAY} link del {self.site.place(node).port}")
        self.plane.world.sh(f"ip netns del {node}")

    def power_on(self, node: str) -> None:
        """Boot: a fresh kernel, and the programs begin anew. A machine that is on stays as it is."""
        if node not in self.off:
            return
        self.off.discard(node)
        place = self.site.place(node)
        self.machines[node].switch_on(tuple(sites.machine(place)), place.ip)
        for component in self.plane.components:
            if component.node == node:
                self.plane.start(component)
        if self._is_large:
            for component in self.plane.find(KubeProxies.name):
                self.plane.nudge(component, SYNC)
