"""What a reader holds: a Cluster, its nodes and pods, and the client outside. Each method is a line onto a lower floor.

A handle settles the cluster after a change, unless the cluster is paused. What can be a function of a cluster is one, and
not a method here.
"""

from __future__ import annotations

import copy
import json
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from k8snet.errors import ApiError
from k8snet.kube import site as sites
from k8snet.kube.assembly import Assembly
from k8snet.kube.client import Client
from k8snet.kube.decoding import STDIN
from k8snet.kube.history import History
from k8snet.kube.manifest import parse_named
from k8snet.kube.objects import known, meta
from k8snet.kube.sandbox import Container
from k8snet.kube.site import Site
from k8snet.launch import shipped
from k8snet.linux import Outcome, Trace, World
from k8snet.linux.tools import Output
from k8snet.shell import node
from k8snet.shell.kubectl.kubeconfig import Context, Kubeconfig
from k8snet.shell.kubectl.program import kubectl


class Cluster:
    """A Kubernetes cluster: a control plane and ``nodes`` workers, and a network between them.

    It is the same in each run with the same ``seed``. ``routes`` says who knows the way to other nodes' pods: the ``nodes``
    themselves, or the ``router``; by default the nodes, in a cluster of more than 64 machines the router. In such a large one
    a machine and its pods come into the `world` when they are first touched. ``name`` is what kubectl's context is called.

    >>> cluster = Cluster(nodes=2)
    >>> print(cluster.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"},
    ...                      "spec": {"containers": [{"name": "web", "image": "nginx"}]}}))
    pod/web created
    >>> cluster.pod("web").ip, cluster.pod("web").node.name
    ('10.244.1.2', 'node1')
    """

    def __init__(self, nodes: int = 2, *, seed: int = 0, routes: str | None = None, site: Site | None = None,
                 name: str = "k8snet") -> None:
        self.name = name
        self._assembly = Assembly(site or sites.standard(nodes), seed, routes)
        self._context = Context(name, self._assembly)
        self._kubeconfig = Kubeconfig([self._context])
        self.settle()

    @classmethod
    def figure(cls, *, seed: int = 0) -> Self:
        """The course's own figure: node-a and node-b with the pods pod-a to pod-d, and the router that knows the ways."""
        cluster = cls(seed=seed, routes="router", site=sites.figure())
        cluster.apply(shipped() / "manifests" / "figure.yaml")
        return cluster

    # --- the API server -------------------------------------------------------------------------------------------

    @property
    def api(self) -> Client:
        """The API server, in kubectl's name; what it hands out is yours to change."""
        return self._assembly.plane.client("kubectl", apart=True)

    @property
    def history(self) -> History:
        """Who wrote what, from the beginning."""
        return self._assembly.plane.api.history

    def kubectl(self, line: str, stdin: str = "", *, check: bool = True) -> Output:
        """Run ``kubectl LINE`` and return what it prints; ``stdin`` is what ``-f -`` reads.

        What is refused raises: ApiError where the server said no, CommandError where kubectl did; the text is kubectl's own. With
        ``check=False`` that text is returned, with its ``code``.

        >>> print(Cluster(nodes=1).kubectl("get pod nope", check=False))
        Error from server (NotFound): pods "nope" not found
        """
        return kubectl(self._kubeconfig, line, stdin, check=check)

    def apply(self, manifest: str | Path | dict[str, Any] | list[Any]) -> Output:
        """`kubectl apply` of a path, YAML or JSON text, a dict, or a list of these. Returns what it prints.

        All of it or nothing is changed: ApiError if the server refuses an object, CommandError if kubectl does.
        """
        found = parse_named(manifest)
        origins = {origin for _, origin in found}
        path = shlex.quote(origins.pop()) if len(origins) == 1 and STDIN not in origins else "-"
        documents = "\n---\n".join(json.dumps(document) for document, _ in found)
        with self.paused(), self._assembly.plane.api.transaction():
            output = self.kubectl(f"apply -f {path}", documents)
        self._assembly.plane.settle_unless_paused()
        return output

    def delete(self, kind: str, name: str, namespace: str = "default", *, grace: int | None = None,
               propagation: str = "Background") -> None:
        """Delete an object, as `kubectl delete` does. ``grace`` is in seconds, for pods."""
        self.api.delete(self.api.get(kind, name, namespace), grace=grace, propagation=propagation)
        self._assembly.plane.settle_unless_paused()

    # --- turns and time -------------------------------------------------------------------------------------------

    @property
    def now(self) -> float:
        """Seconds since the cluster's beginning."""
        return self.world.now

    def step(self) -> History:
        """Let one component act, and return what it wrote; empty if nobody has anything to do."""
        return self._assembly.plane.step()

    def settle(self) -> None:
        """Let all components act until nobody has anything to do."""
        self._assembly.plane.settle()

    def sleep(self, seconds: float) -> None:
        """Let time pass, and happen what is due."""
        self._assembly.plane.sleep(seconds)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Inside, nothing moves but by `step`, `settle` and `sleep`."""
        plane = self._assembly.plane
        before, plane.paused = plane.paused, True
        try:
            yield
        finally:
            plane.paused = before

    def fork(self) -> Self:
        """A copy of the whole cluster, to ask "what if"; nothing done to the copy touches the original."""
        other = copy.copy(self)
        other._assembly = copy.deepcopy(self._assembly)
        other._context = Context(self.name, other._assembly, self._context.set_namespace)
        other._kubeconfig = Kubeconfig([other._context])
        return other

    # --- faults ---------------------------------------------------------------------------------------------------

    def stop(self, program: str, node: str = "") -> None:
        """Stop a program: ``kube-scheduler``, ``kubelet`` on one node, one controller …; what it made stays as it is."""
        for component in self._assembly.programs(program, node):
            component.stop()

    def start(self, program: str, node: str = "") -> None:
        """Start a stopped program; it looks at everything anew. On a machine without power nothing starts."""
        for component in self._assembly.programs(program, node):
            if component.node not in self._assembly.off:
                self._assembly.plane.start(component)
        self._assembly.plane.settle_unless_paused()

    def slow(self, program: str, seconds: float, node: str = "") -> None:
        """Let a program hear of writes so many seconds late from now on. Nobody waits for it: `sleep` shows what it does then."""
        for component in self._assembly.programs(program, node):
            component.lag, component.is_waited_for = seconds, False

    # --- machines and pods ----------------------------------------------------------------------------------------

    @property
    def world(self) -> World:
        """The Linux network underneath: all machines, and the pods on them."""
        return self._assembly.plane.world

    @property
    def nodes(self) -> list[Node]:
        """All nodes, the control plane first."""
        return [Node(self, place.name) for place in self._assembly.site.nodes]

    @property
    def pods(self) -> list[Pod]:
        """All pods of the namespace default, by name."""
        return [Pod(self, meta(pod).name or "", "default") for pod in self.api.list("Pod", "default")]

    def node(self, name: str) -> Node:
        """A node's machine; ApiError (NotFound) if there is none of that name."""
        if name not in self._assembly.machines:
            raise ApiError(f'nodes "{name}" not found', reason="NotFound")
        return Node(self, name)

    def pod(self, name: str, namespace: str = "default") -> Pod:
        """A pod; with … at the end of the name, the first whose name begins so. ApiError (NotFound)."""
        if name.endswith("…"):
            names = [meta(each).name or "" for each in self.api.list("Pod", namespace)]
            name = next((each for each in names if each.startswith(name[:-1])), name)
        self.api.get("Pod", name, namespace)
        return Pod(self, name, namespace)

    @property
    def external(self) -> Asker:
        """A client outside, behind the router."""
        return Asker(self, sites.OUTSIDE)

    def __repr__(self) -> str:
        nodes, pods = len(self._assembly.site.nodes), len(self.api.list("Pod"))
        return f"<Cluster: {nodes} nodes, {pods} pods; now {self.now:g} s>"


class Asker:
    """Somebody with a network of his own, who can send packets: a node, a pod, the client outside."""

    def __init__(self, cluster: Cluster, netns: str) -> None:
        self.cluster = cluster
        self._netns = netns

    @property
    def netns(self) -> str:
        """The network namespace that it is in."""
        return self._netns

    def sh(self, line: str, stdin: str = "", *, check: bool = True) -> Output:
        """Run a tool in this network namespace, as with the node's `nsenter`; CommandError if it is refused."""
        return self.cluster.world.sh(f"ip netns exec {self.netns} {line}", stdin, check=check)

    def connect(self, dst: str, port: int, **how: Any) -> Trace:
        """Open a connection, or send a datagram with ``proto="udp"``; as `World.connect`."""
        return self.cluster.world.connect(self.netns, dst, port, **how)

    def ping(self, dst: str, **how: Any) -> Trace:
        """Send an echo request; as `World.ping`."""
        return self.cluster.world.ping(self.netns, dst, **how)

    def curl(self, url: str) -> Trace:
        """Ask for a page; the trace tells what became of it."""
        trace = self.sh(f"curl -s {url}", check=False).trace
        return known(trace)

    def outcomes(self, dst: str, port: int = 80, **how: Any) -> list[Outcome]:
        """All that a question could come to, each with its share: to connect to a port of an address, or to curl a URL.

        >>> cluster = Cluster(nodes=1)
        >>> [outcome.share for outcome in cluster.external.outcomes("http://172.18.0.10:6443")]
        [1.0]
        """
        if "://" in dst:
            line = f"ip netns exec {self.netns} curl -s {shlex.quote(dst)}"
            return self.cluster.world.outcomes(lambda world: known(world.sh(line, check=False).trace))
        return self.cluster.world.outcomes(lambda world: world.connect(self.netns, dst, port, **how))


class Node(Asker):
    """A node's machine."""

    def __init__(self, cluster: Cluster, name: str) -> None:
        super().__init__(cluster, name)
        self.name = name

    def sh(self, line: str, stdin: str = "", *, check: bool = True) -> Output:
        """Type a line on this machine: its tools, and `crictl`, `lsns`, `nsenter`, `ps` …; CommandError if it is refused."""
        return node.run(self.cluster._assembly, self.name, line, stdin, check=check)

    @property
    def ip(self) -> str:
        """Its address on the nodes' network."""
        return self.cluster._assembly.site.place(self.name).ip

    @property
    def files(self) -> dict[str, str]:
        """Its disk, as far as programs of Kubernetes wrote it: path -> text."""
        return self.cluster._assembly.machines[self.name].files

    def stop(self) -> None:
        """Pull the plug."""
        self.cluster._assembly.power_off(self.name)
        self.cluster._assembly.plane.settle_unless_paused()

    def start(self) -> None:
        """Switch it on again."""
        self.cluster._assembly.power_on(self.name)
        self.cluster._assembly.plane.settle_unless_paused()

    def __repr__(self) -> str:
        return f"<Node {self.name}: {self.ip}>"


class Pod(Asker):
    """A pod, by its namespace and name; what it says of itself is what the API server has now."""

    def __init__(self, cluster: Cluster, name: str, namespace: str) -> None:
        super().__init__(cluster, name)
        self.name = name
        self.namespace = namespace

    def sh(self, line: str, stdin: str = "", *, check: bool = True) -> Output:
        """Run a tool of its node in this pod's network namespace, as with `nsenter -n`; what shows the container (`ps`, `cat`,
        `env` …) is the first container's own. CommandError if it is refused.
        """
        return node.in_pod(self.cluster._assembly, self.node.name, (self.namespace, self.name), line, stdin, check=check)

    def exec(self, line: str, stdin: str = "", *, container: str = "", check: bool = True) -> Output:
        """Run a command in a container, by default the first, with what its image has; CommandError if it is refused."""
        key = (self.namespace, self.name)
        return node.in_container(self.cluster._assembly, self.node.name, key, line, stdin, container=container, check=check)

    @property
    def netns(self) -> str:
        """The network namespace of its sandbox; a pod on the host's network has its node's."""
        netns: str = self._kubelet.runtime.netns_of((self.namespace, self.name))
        return netns

    @property
    def ip(self) -> str | None:
        """Its address; None as long as it has none."""
        ip: str | None = self.object.status.podIP
        return ip

    @property
    def node(self) -> Node:
        """The node that it is bound to. ApiError while it is bound to none."""
        name = self.object.spec.nodeName
        if not name:
            raise ApiError(f"pod {self.name} does not have a host assigned", reason="BadRequest")
        return Node(self.cluster, name)

    @property
    def object(self) -> Any:
        """The API object, as it is now."""
        return self.cluster.api.get("Pod", self.name, self.namespace)

    @property
    def containers(self) -> list[Container]:
        """Its containers as the runtime has them, pause first."""
        found: list[Container] = self._kubelet.runtime.containers_of((self.namespace, self.name))
        return found

    def kill(self, container: str) -> None:
        """Kill a container's process, as with `kill -9`; ``pause`` is the sandbox's own."""
        key = (self.namespace, self.name)
        if container == "pause":
            self._kubelet.kill_pause(key)
        else:
            self._kubelet.kill_container(key, container)
        self.cluster._assembly.plane.settle_unless_paused()

    @property
    def _kubelet(self) -> Any:
        return self.cluster._assembly.kubelets[self.node.name]

    def __repr__(self) -> str:
        return f"<Pod {self.name}: {self.ip or 'no address'}>"
