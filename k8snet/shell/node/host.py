"""A node as the tools see it that are typed there: its runtime, its disk, its programs, and the clock."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from k8snet.kube.api import EPOCH
from k8snet.kube.assembly import Assembly
from k8snet.kube.component import Component
from k8snet.kube.kubelet import Kubelet
from k8snet.kube.sandbox import Container, Held, Sandbox
from k8snet.kube.store import Key
from k8snet.linux.tools import Output


class Host:
    """The node ``name``. ``netns`` is the network namespace that commands are typed in: the node's own, or one entered."""

    def __init__(self, assembly: Assembly, name: str, netns: str = "") -> None:
        self.assembly = assembly
        self.name = name
        self.netns = netns or name

    @property
    def kubelet(self) -> Kubelet:
        """Its kubelet, running or not; the runtime is asked by way of it."""
        return self.assembly.kubelets[self.name]

    @property
    def service(self) -> Component:
        """The kubelet as a program that is started and stopped."""
        return self.assembly.plane.find("kubelet", self.name)[0]

    @property
    def has_kube_proxy(self) -> bool:
        """Whether a kube-proxy runs on it; in a large cluster all nodes' are one program."""
        return any(each.running for each in self.assembly.plane.find("kube-proxy") if each.node in ("", self.name))

    @property
    def files(self) -> dict[str, str]:
        """Its disk."""
        return self.assembly.machines[self.name].files

    @property
    def now(self) -> float:
        """Seconds of the cluster's clock."""
        return self.assembly.plane.world.now

    def time(self, seconds: float) -> datetime:
        """What the node's clock showed then."""
        return EPOCH + timedelta(seconds=seconds)

    def pods(self) -> Iterator[tuple[Key, Held]]:
        """What the runtime has now, pod by pod."""
        runtime = self.kubelet.runtime
        for key in list(runtime.pods):
            held = runtime.catch_up(key, self.now)
            if held is not None:
                yield key, held

    def sandboxes(self) -> Iterator[tuple[Key, Sandbox]]:
        """All sandboxes of the runtime, and what is left of them."""
        return ((key, sandbox) for key, held in self.pods() for sandbox in held.sandboxes)

    def containers(self) -> Iterator[tuple[Key, Container]]:
        """All containers of the runtime, and what is left of them; pause is none of them."""
        return ((key, container) for key, held in self.pods() for container in held.containers)

    def tell(self, key: Key) -> None:
        """Something has befallen a pod: its kubelet looks at it, and the cluster comes to rest."""
        self.kubelet.notice(key)
        self.settle()

    def settle(self) -> None:
        """Let all act whom a change concerns, unless the cluster is paused."""
        self.assembly.plane.settle_unless_paused()

    def in_netns(self, words: Sequence[str], stdin: str = "") -> Output:
        """Run one of the world's own tools in the network namespace that this is about. CommandError."""
        return self.assembly.plane.world.sh(f"ip netns exec {self.netns} {shlex.join(words)}", stdin)
