"""A cluster of nodes and no scheduler: the world's switch, kubelets with their network agents, and a user who binds by hand."""

from __future__ import annotations

from functools import partial
from typing import Any

from k8snet.kube import site as sites
from k8snet.kube.component import Component
from k8snet.kube.decoding import decode
from k8snet.kube.history import History
from k8snet.kube.kubelet import Capacity, Kubelet
from k8snet.kube.machine import Machine
from k8snet.kube.network import NetworkAgent
from k8snet.kube.objects import Namespace, NodeSpec, ObjectMeta, Pod, changed, known, meta
from k8snet.kube.plane import Plane
from k8snet.kube.sandbox import Container, Held, Names
from k8snet.kube.store import Key
from k8snet.linux import World
from tests.kube.plain import pod_document


class House:
    """``plane`` and what is on it; nodes are node1, node2 … Their pods have the addresses 10.244.N.0/24."""

    def __init__(self, nodes: int = 1, *, configured: bool = True, capacity: Capacity = Capacity(),  # noqa: B008 a fact
                 static_pods: tuple[Pod, ...] = (), length: int = 24) -> None:
        site = sites.standard(nodes, control_plane=False)
        self.site = site
        self.plane = Plane(World())
        self.user = self.plane.client("kubectl")
        for line in sites.switch_and_router(site):
            self.plane.world.sh(line)
        for name in ("default", "shop", "kube-system", "kube-node-lease"):
            self.user.create(Namespace(metadata=ObjectMeta(name=name)))
        self.names = Names([*self.plane.world.netns, *(place.name for place in site.nodes)])
        self.kubelets: dict[str, Kubelet] = {}
        self.components: dict[str, Component] = {}
        for place in site.nodes:
            for line in sites.machine(place):
                self.plane.world.sh(line)
            machine = Machine(self.plane.world, place.name)
            kubelet = self.kubelets[place.name] = Kubelet(
                machine, self.plane.client("kubelet"), place, self.names, capacity=capacity, static_pods=static_pods
            )
            agent = NetworkAgent(machine, self.plane.client("cni-agent"), site.cluster_cidr)
            self.plane.add(agent, place.name)
            component = self.components[place.name] = self.plane.add(kubelet, place.name)
            kubelet.notice = partial(notice, self.plane, component)
            agent.when_configured = partial(notice, self.plane, component, ("", place.name))
        self.plane.settle()
        for number, place in enumerate(site.nodes, 1):
            if configured:
                self.give_range(place.name, f"10.244.{number}.0/{length}")

    def give_range(self, node: str, cidr: str) -> None:
        """What the node IPAM controller does."""
        there = self.user.get("Node", node, "")
        spec = there.spec or NodeSpec()
        self.user.update(changed(there, spec=changed(spec, podCIDR=cidr, podCIDRs=[cidr])))
        self.plane.settle()

    # --- doing ----------------------------------------------------------------------------------------------------

    def create(self, name: str = "web", image: str = "nginx:1.29", *, node: str = "node1", namespace: str = "default",
               **spec: Any) -> Pod:
        """Create a pod that is on a node already; nobody acts yet."""
        document = pod_document(name, image, nodeName=node, **spec)
        document["metadata"]["namespace"] = namespace
        made: Pod = self.user.create(decode(document))
        return made

    def run(self, name: str = "web", image: str = "nginx:1.29", **how: Any) -> Pod:
        """Create a pod, and let all act."""
        namespace = how.get("namespace", "default")
        self.create(name, image, **how)
        self.plane.settle()
        return self.pod(name, namespace)

    def delete(self, name: str = "web", namespace: str = "default", grace: int | None = None) -> None:
        """Delete a pod; nobody acts yet."""
        self.user.delete(self.pod(name, namespace), grace=grace)

    def power_off(self, node: str = "node1") -> None:
        """Pull a machine's plug."""
        for component in self.plane.components:
            if component.node == node:
                component.stop()
        self.kubelets[node].lose_everything()
        self.plane.world.sh(f"ip netns del {node}")

    def power_on(self, node: str = "node1") -> None:
        """Switch it on again."""
        for line in sites.machine(self.site.place(node)):
            self.plane.world.sh(line)
        for component in self.plane.components:
            if component.node == node:
                self.plane.start(component)

    # --- looking --------------------------------------------------------------------------------------------------

    @property
    def world(self) -> World:
        """The network underneath."""
        return self.plane.world

    @property
    def kubelet(self) -> Kubelet:
        """That of node1."""
        return self.kubelets["node1"]

    def pod(self, name: str = "web", namespace: str = "default") -> Pod:
        """A pod as it is now."""
        found: Pod = self.user.get("Pod", name, namespace)
        return found

    def held(self, name: str = "web", node: str = "node1", namespace: str = "default") -> Held:
        """What the runtime has of a pod."""
        return self.kubelets[node].runtime.pods[namespace, name]

    def container(self, name: str = "web", pod: str = "web") -> Container:
        """A container of a pod on node1."""
        return known(self.held(pod).newest(name))

    def events(self, *reasons: str, name: str = "web") -> list[str]:
        """What was told of a pod for these reasons (all, by default), in order."""
        told = [each for each in self.plane.api.happenings.values() if each.name == name]
        return [each.message for each in told if not reasons or each.reason in reasons]

    def reasons(self, name: str = "web") -> list[str]:
        """Why something was told of an object, in order."""
        return [each.reason for each in self.plane.api.happenings.values() if each.name == name]

    def writes(self, name: str = "web") -> History:
        """The kubelet's writes about a pod."""
        return self.plane.api.history.of("Pod", name).by("kubelet")

    def ask(self, address: str, port: int = 80, node: str = "node1") -> str:
        """Connect from a node: who answers, or how it ends."""
        trace = self.world.connect(node, address, port, timeout=1.0)
        return str(trace.answered_by) if trace.fate == "delivered" else trace.fate


def notice(plane: Plane, component: Component, key: Key) -> None:
    """Let a component look at a key."""
    component.look_at(key)
    plane._wake(component)


def condition(pod: Pod, type_: str) -> str:
    """A condition's status."""
    return next(each.status for each in known(pod.status).conditions or () if each.type == type_)


def state(pod: Pod, at: int = 0, *, init: bool = False) -> Any:
    """The state of one of a pod's containers: the one of its three parts that is set."""
    statuses = known(pod.status).initContainerStatuses if init else known(pod.status).containerStatuses
    now = known(known(statuses)[at].state)
    return now.running or now.waiting or now.terminated


def uid(pod: Pod) -> str:
    """A pod's uid."""
    return known(meta(pod).uid)
