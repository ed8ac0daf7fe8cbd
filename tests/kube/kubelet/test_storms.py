"""Whatever is done to pods and machines, in whatever order: it settles, and the world holds what runs and nothing else."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from k8snet.errors import ApiError
from k8snet.kube.objects import known, meta
from tests.kube.kubelet.house import House

NAMES, NODES = ("web", "db", "job"), ("node1", "node2")
KINDS: dict[str, dict[str, Any]] = {
    "server": {"containers": [{"name": "main", "image": "nginx:1.29"}]},
    "sleeper": {"containers": [{"name": "main", "image": "busybox:1.36", "command": ["sleep", "infinity"]}]},
    "job": {"containers": [{"name": "main", "image": "busybox:1.36", "command": ["true"]}], "restartPolicy": "Never"},
    "crasher": {"containers": [{"name": "main", "image": "busybox:1.36", "command": ["false"]}]},
    "imageless": {"containers": [{"name": "main", "image": "nonsuch:1"}]},
    "shared": {"containers": [{"name": "main", "image": "nginx:1.29"}], "shareProcessNamespace": True},
    "on host": {"containers": [{"name": "main", "image": "nginx:1.29"}], "hostNetwork": True},
    "host port": {"containers": [{"name": "main", "image": "nginx:1.29",
                                  "ports": [{"containerPort": 80, "hostPort": 8080}]}]},
    "two": {"containers": [{"name": "main", "image": "nginx:1.29"}, {"name": "same", "image": "nginx:1.29"}]},
    "inits": {"containers": [{"name": "main", "image": "nginx:1.29"}],
              "initContainers": [{"name": "first", "image": "busybox:1.36", "command": ["sleep", "3"]}]},
    "sidecar": {"containers": [{"name": "main", "image": "busybox:1.36", "command": ["sleep", "20"]}],
                "restartPolicy": "OnFailure",
                "initContainers": [{"name": "side", "image": "nginx:1.29", "restartPolicy": "Always"}]},
    "probed": {"containers": [{"name": "main", "image": "nginx:1.29", "readinessProbe": {"tcpSocket": {"port": 80}},
                               "livenessProbe": {"exec": {"command": ["false"]}, "failureThreshold": 2}}]},
}  # fmt: skip

names, nodes = st.sampled_from(NAMES), st.sampled_from(NODES)
creations = st.tuples(st.just("create"), names, st.sampled_from(sorted(KINDS)), nodes)
starts = st.lists(creations, min_size=1, max_size=4)
deeds = st.lists(
    st.one_of(
        creations,
        st.tuples(st.just("delete"), names, st.sampled_from((None, 0, 3))),
        st.tuples(st.just("kill"), names, st.sampled_from(("main", "side", "pause"))),
        st.tuples(st.just("stop"), nodes),
        st.tuples(st.just("start"), nodes),
        st.tuples(st.just("power"), nodes),
        st.tuples(st.just("step"), st.integers(1, 5)),
        st.tuples(st.just("sleep"), st.sampled_from((1, 12, 45))),
        st.tuples(st.just("settle")),
    ),
    max_size=12,
)


class Storm:
    """A house, and what can be done to it. What is refused is refused."""

    def __init__(self) -> None:
        self.house = House(2, length=29)
        self.off: set[str] = set()

    def do(self, deed: str, *how: Any) -> None:
        try:
            getattr(self, deed)(*how)
        except ApiError as error:
            if error.reason not in ("NotFound", "AlreadyExists"):
                raise

    def create(self, name: str, kind: str, node: str) -> None:
        self.house.create(name, node=node, **KINDS[kind])

    def delete(self, name: str, grace: int | None) -> None:
        self.house.delete(name, grace=grace)

    def kill(self, name: str, container: str) -> None:
        kubelet = self.house.kubelets[known(known(self.house.pod(name).spec).nodeName)]
        if container == "pause":
            kubelet.kill_pause(("default", name))
        else:
            kubelet.kill_container(("default", name), container)

    def stop(self, node: str) -> None:
        self.house.components[node].stop()

    def start(self, node: str) -> None:
        if node not in self.off:
            self.house.plane.start(self.house.components[node])

    def power(self, node: str) -> None:
        if node in self.off:
            self.off.discard(node)
            self.house.power_on(node)
        else:
            self.off.add(node)
            self.house.power_off(node)

    def step(self, times: int) -> None:
        for _ in range(times):
            self.house.plane.step()

    def sleep(self, seconds: int) -> None:
        self.house.plane.sleep(seconds)

    def settle(self) -> None:
        self.house.plane.settle()

    def recover(self) -> None:
        """Switch everything on, and wait until all is quiet."""
        for node in NODES:
            if node in self.off:
                self.power(node)
            self.start(node)
        self.settle()


def check(storm: Storm) -> None:
    """The world has exactly what the running pods need."""
    house = storm.house
    pods = {(known(meta(pod).namespace), known(meta(pod).name)): pod for pod in house.user.list("Pod")}
    wanted: set[str] = set()
    for node in NODES:
        kubelet, machine = house.kubelets[node], house.kubelets[node].machine
        assert {key for key in kubelet.runtime.pods if known(pods[key].spec).nodeName != node} == set()
        ready = {key: held.sandbox for key, held in kubelet.runtime.pods.items() if held.sandbox is not None}
        inside = {sandbox.netns: sandbox for sandbox in ready.values() if sandbox.place is not None}
        wanted |= inside.keys()
        leases = {path.rpartition("/")[2] for path in machine.files if "/networks/" in path} - {"lock", "last_reserved_ip.0"}
        assert leases == {sandbox.ip for sandbox in inside.values()}
        veths = [line for line in machine.sh("ip -o link").splitlines() if ": veth" in line]
        assert len(veths) == len(inside)
        forwarded = sum(line.startswith(":CNI-DN-") for line in machine.sh("iptables-save -t nat").splitlines())
        assert forwarded == sum(bool(sandbox.place and sandbox.place.port_mappings) for sandbox in ready.values())
        for netns in (node, *inside):
            held = [each for key, each in kubelet.runtime.pods.items() if key in ready and known(ready[key]).netns == netns]
            ports = sorted(port for each in held for container in each.running for port in container.ports)
            assert sorted((each.proto, each.port) for each in house.world.netns[netns].sockets.listeners) == ports
        assert [key for key in ready if known(pods[key].status).phase in ("Succeeded", "Failed")] == []
        for key, sandbox in ready.items():
            assert known(pods[key].status).podIP == (known(sandbox).ip or kubelet.place.ip)
    assert set(house.world.netns) - {"underlay", "router", "external", *NODES} == wanted
    assert house.names._taken == {"underlay", "router", "external", *NODES, *wanted}


@settings(max_examples=80, deadline=None)
@given(starts, st.booleans(), deeds)
def test_nothing_is_left_behind(first: list[tuple[Any, ...]], settled: bool, done: list[tuple[Any, ...]]) -> None:
    storm = Storm()
    for deed in [*first, *([("settle",)] if settled else []), *done]:
        storm.do(*deed)
    storm.recover()
    check(storm)
    length = len(storm.house.plane.api.history)
    storm.settle()
    assert len(storm.house.plane.api.history) == length
    for pod in storm.house.user.list("Pod"):
        storm.house.user.delete(pod)
    storm.settle()
    check(storm)
    assert storm.house.user.list("Pod") == []
    for kubelet in storm.house.kubelets.values():
        assert (kubelet.runtime.pods, kubelet.memories, kubelet.admitted.pods) == ({}, {}, {})
