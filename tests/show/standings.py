"""Clusters for tests, as facts by hypothesis; and what must hold of any picture of one."""

from __future__ import annotations

from itertools import combinations, pairwise

from hypothesis import strategies as st

from k8snet.show.chart import ROUTER, Place, Plug
from k8snet.show.layout import Rect
from k8snet.show.present import (
    ASLEEP,
    EXITED,
    OFF,
    ON,
    RUNNING,
    WAITING,
    ClusterNow,
    ContainerNow,
    EndpointNow,
    NodeNow,
    PodNow,
    PortNow,
    ServiceNow,
    Tie,
)
from k8snet.show.scene import Scene
from tests.show.charts import crosses, on_the_card, overlaps, within

NAMES = ("web", "db", "web-5b54d89d5b-fjhl6", "a-name-that-is-as-long-as-it-may-be-" + "x" * 200)
IMAGES = ("nginx", "registry.k8s.io/e2e-test-images/agnhost:2.53", "example.org/" + "y" * 90 + ":1", "nginx@sha256:" + "0" * 64)
LISTENS = ((), (("0.0.0.0", 80, "tcp"),), (("0.0.0.0", 4000, "tcp"), ("0.0.0.0", 4000, "udp"), ("127.0.0.1", 9000, "tcp")))
WHYS = ("", "bind: Address already in use", "0/3 nodes are available: 3 Insufficient cpu. " * 4, "z" * 300)
PROGRAMS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "something-else")


@st.composite
def containers(draw: st.DrawFn, name: str) -> ContainerNow:
    """Any container: of each role, in each state."""
    state = draw(st.sampled_from([RUNNING, RUNNING, WAITING, EXITED]))
    running = state == RUNNING
    return ContainerNow(
        name, draw(st.sampled_from(IMAGES)), draw(st.sampled_from(["app", "app", "init", "sidecar"])), state,
        draw(st.sampled_from(["sleep infinity", "/agnhost netexec --http-port=4000 --udp-port=4000", "w" * 90])), 1002,
        draw(st.sampled_from(LISTENS)) if running else (), 0 if running else draw(st.sampled_from([0, 1, 137])),
        draw(st.sampled_from([0, 1, 12])), "" if running else draw(st.sampled_from(["", "CrashLoopBackOff"])),
        "" if running else draw(st.sampled_from(WHYS)), "" if running else draw(st.sampled_from(["", "web of the pod other"])),
    )  # fmt: skip


@st.composite
def pods(draw: st.DrawFn, number: int, node: str = "", power: str = ON) -> PodNow:
    """Any pod: alive or not, wired to a bridge, to none, or not at all, on the host's network, asleep."""
    name = f"{number}{draw(st.sampled_from(NAMES))}"[:253]
    on_host = draw(st.booleans()) and bool(node)
    alive = draw(st.booleans()) and bool(node) and power != OFF
    eth0 = Plug("eth0", "veth", ("10.244.1.2/24",), "0a:58:00:00:00:01", up=draw(st.booleans()))
    ties = [None, Tie(eth0), Tie(eth0, f"veth{number:08x}"), Tie(eth0, f"veth{number:08x}", "cni0")]
    tie = draw(st.sampled_from(ties)) if alive and not on_host and power == ON else None
    ended = ContainerNow("pause", "registry.k8s.io/pause:3.10.1", "pause", EXITED, "/pause", 1001, exit_code=137, word="Error")
    pause = ContainerNow("pause", "registry.k8s.io/pause:3.10.1", "pause", RUNNING, "/pause", 1001) if alive else ended
    names = [f"{draw(st.sampled_from(['c', 'server', 'q' * 60]))}{at}" for at in range(draw(st.integers(1, 7)))]
    return PodNow(
        draw(st.sampled_from(["default", "default", "shop", "kube-system"])), name, node,
        draw(st.sampled_from(["", "10.244.1.2", "10.244.100.200"])), draw(st.sampled_from(["Running", "Pending", "Terminating"])),
        draw(st.sampled_from(WHYS)), draw(st.booleans()), alive, power == ASLEEP, on_host,
        shares_processes=draw(st.booleans()), netns=name if alive else "", attempt=draw(st.integers(0, 3)),
        pause=pause if node else None, containers=tuple(draw(containers(each)) for each in names),
        lo=Plug("lo", "loopback", ("127.0.0.1/8",)) if tie is not None else None, tie=tie,
    )  # fmt: skip


@st.composite
def nodes(draw: st.DrawFn, number: int, *, has_programs: bool) -> NodeNow:
    """Any node with up to six pods, or a few times as many: with power or without, with and without bridges."""
    name, power = f"node{number}", draw(st.sampled_from([ON, ON, ON, OFF, ASLEEP]))
    bridges = [Plug("cni0", "bridge", ("10.244.1.1/24",)), Plug("br1", "bridge", ())]
    many = draw(st.sampled_from([0, 1, 2, 3, 6, 6, 17]))
    there = [draw(pods(100 * number + at, name, power)) for at in range(many)]
    programs = [PodNow("kube-system", f"{each}-{name}", name, "172.18.0.10", "Running", ready=True, alive=draw(st.booleans()),
                       on_host=True, program=each, containers=(draw(containers(each)),)) for each in PROGRAMS]
    uplink = Plug("eth0", "veth", ("172.18.0.10/16",), up=draw(st.booleans())) if power == ON and draw(st.booleans()) else None
    return NodeNow(
        name, "172.18.0.10", draw(st.sampled_from(["", "198.51.100.10"])), power,
        tuple(draw(st.lists(st.sampled_from(["NotReady", "SchedulingDisabled", "kubelet stopped"]), unique=True))),
        tuple(bridges[: draw(st.integers(0, 2))]) if power == ON else (), uplink,
        tuple(there + (programs if has_programs else [])),
    )  # fmt: skip


@st.composite
def services(draw: st.DrawFn, number: int, pods: list[PodNow]) -> ServiceNow:
    """Any Service: of each type, with any of the pods behind it, or what is none."""
    chosen = draw(st.lists(st.sampled_from(pods), unique_by=lambda pod: pod.label)) if pods else []
    ends = [EndpointNow("10.244.1.2", pod.label, draw(st.sampled_from(["", "", "not ready"]))) for pod in chosen]
    outside = [EndpointNow(f"192.0.2.{at}") for at in range(draw(st.sampled_from([0, 0, 1, 4])))]
    numbers = range(draw(st.integers(1, 5)))
    ports = [PortNow(80 + at, draw(st.sampled_from(["80", "http"])), draw(st.sampled_from([0, 30080 + at]))) for at in numbers]
    alias = draw(st.sampled_from(["", "", "", "a-long-name." * 12 + "example.org"]))
    return ServiceNow(
        draw(st.sampled_from(["default", "default", "shop", "kube-system"])), f"{number}{draw(st.sampled_from(NAMES))}"[:63],
        "ExternalName" if alias else "NodePort", "" if alias else draw(st.sampled_from(["", "10.96.0.20"])),
        () if alias else tuple(ports), draw(st.sampled_from(["", "app=web"])), alias, () if alias else (*ends, *outside),
    )  # fmt: skip


@st.composite
def clusters(draw: st.DrawFn) -> ClusterNow:
    """Any small cluster, or one with more nodes than are drawn; with pods on no node, with and without a router."""
    count = draw(st.sampled_from([0, 1, 2, 3, 4, 14]))
    made = [draw(nodes(number, has_programs=number == 0 and draw(st.booleans()))) for number in range(count)]
    homeless = [draw(pods(9000 + at)) for at in range(draw(st.sampled_from([0, 0, 1, 5, 14])))]
    plugs = (Plug("eth0", "veth", ("172.18.0.1/16",)), Plug("eth1", "veth", ("192.0.2.1/24",)))
    router = draw(st.sampled_from([None, Place("router", ROUTER, plugs)]))
    outside = draw(st.sampled_from([None, Place("external", "host", (Plug("eth0", "veth", ("192.0.2.100/24",)),))]))
    stopped = draw(st.sampled_from([(), ("kube-scheduler",), ("replicaset-controller", "deployment-controller")]))
    pods_there = [pod for node in made for pod in node.pods if not pod.program]
    rules = [draw(services(at, pods_there)) for at in range(draw(st.sampled_from([0, 0, 1, 2, 3, 11])))]
    return ClusterNow(tuple(made), tuple(homeless), router, outside, "172.18.0.0/16", stopped, tuple(rules))


def check(scene: Scene) -> None:
    """All is on the card, boxes stand in one another or apart, no two texts meet, and no text meets a line."""
    boxes, bars, texts = on_the_card(scene)
    for one, other in combinations([*boxes, *bars], 2):
        assert not overlaps(one, other) or within(one, other) or within(other, one), (one, other)
    for one, other in combinations(texts, 2):
        assert not overlaps(one, other), (one, other)
    for text in scene.texts:
        assert all(within(text.rect, each) for each in (*boxes, *bars) if overlaps(text.rect, each)), text
        assert (text.look == "bar") == any(overlaps(text.rect, bar) for bar in bars), text
    _check_lines(scene)


def _check_lines(scene: Scene) -> None:
    full = [box for box in scene.boxes if box.look.startswith(("container", "component"))]
    solid = [Rect(box.x, box.y, box.width, box.height) for box in full]
    dots = [Rect(dot.x - 4.5, dot.y - 4.5, 9, 9) for dot in scene.dots]
    assert all(within(dot, Rect(0, 0, scene.width, scene.height)) for dot in dots)
    for dot, text in ((dot, text) for dot in dots for text in scene.texts):
        assert not overlaps(dot, text.rect), (dot, text)
    for one, other in combinations(dots, 2):
        assert not overlaps(one, other), (one, other)
    for line in scene.lines:
        assert all(0 < x < scene.width and 0 < y < scene.height for x, y in line.points), line
        if line.look == "wire":
            assert all(x == u or y == v for (x, y), (u, v) in pairwise(line.points)), line
            assert not any(crosses(line.points, rect) for rect in solid), line
        if line.look in ("wire", "endpoint"):
            assert not any(crosses(line.points, text.rect) for text in scene.texts), line


def wires_of(scene: Scene) -> list[tuple[tuple[float, float], ...]]:
    """The wires of a picture."""
    return [line.points for line in scene.lines if line.look == "wire"]
