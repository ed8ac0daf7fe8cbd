"""The map of a cluster: what must hold of every picture, what some of them say, and that looking changes nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import combinations, pairwise
from typing import Any
from xml.etree import ElementTree as Xml

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from k8snet import Cluster, show
from k8snet.launch import shipped
from k8snet.show import palette, svg
from k8snet.show.choice import choose
from k8snet.show.cluster import describe, draw
from k8snet.show.figure import Figure
from k8snet.show.layout import Rect
from k8snet.show.podbox import Style
from k8snet.show.present import ClusterNow
from k8snet.show.scene import Scene
from k8snet.show.standing import standing
from tests.show import standings
from tests.show.charts import crosses, within

styles = st.builds(Style, dense=st.booleans(), containers=st.booleans(), wires=st.booleans())


def drawn(now: ClusterNow, style: Style, namespace: str | None = None) -> Scene:
    return draw(now, choose(now, namespace, ()), style, "a title")


def pod(name: str, *containers: dict[str, Any], **spec: Any) -> dict[str, Any]:
    wanted = list(containers) or [{"name": "web", "image": "nginx:1.29"}]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {"containers": wanted, **spec}}


def deployment(name: str, replicas: int) -> dict[str, Any]:
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": name, "image": "nginx:1.29"}]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}


# --- every picture --------------------------------------------------------------------------------------------------


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(standings.clusters(), styles, st.sampled_from([None, "default", "kube-system"]))
def test_everything_has_its_own_place(now: ClusterNow, style: Style, namespace: str | None) -> None:
    scene = drawn(now, style, namespace)
    standings.check(scene)
    there = {box.netns for box in scene.boxes}
    choice = choose(now, namespace, ())
    assert {each.node.name for each in choice.nodes if each.node} <= there
    assert {pod.label for each in choice.nodes for pod in each.pods} <= there


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(standings.clusters(), styles)
def test_no_two_wires_cross(now: ClusterNow, style: Style) -> None:
    thin = [
        [Rect(min(x, u), min(y, v), abs(x - u), abs(y - v)) for (x, y), (u, v) in pairwise(points)]
        for points in standings.wires_of(drawn(now, style))
    ]
    for one, other in combinations(thin, 2):
        assert not any(a.x <= b.right and b.x <= a.right and a.y <= b.bottom and b.y <= a.bottom for a in one for b in other)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(standings.clusters(), styles)
def test_pods_stand_in_their_node_and_wires_go_round_pods(now: ClusterNow, style: Style) -> None:
    scene = drawn(now, style)
    boxes = {box.netns: Rect(box.x, box.y, box.width, box.height) for box in scene.boxes if box.netns}
    for each in choose(now, None, ()).nodes:
        assert each.node is not None
        for one in each.pods:
            assert within(boxes[one.label], boxes[each.node.name])
    rects = [boxes[one.label] for each in choose(now, None, ()).nodes for one in each.pods]
    assert not any(crosses(points, rect) for points in standings.wires_of(scene) for rect in rects)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(standings.clusters(), styles)
def test_lines_lead_from_services_to_their_ready_endpoints_and_round_all_others(now: ClusterNow, style: Style) -> None:
    scene, choice = drawn(now, style), choose(now, None, ())
    boxes = {box.netns: Rect(box.x, box.y, box.width, box.height) for box in scene.boxes if box.netns}
    pods = {pod.label for each in choice.nodes for pod in each.pods}
    services = [f"service/{each.label}" for each in choice.services]
    ends: list[tuple[str, str]] = []
    for line in (line for line in scene.lines if line.look == "endpoint"):
        [one] = [name for name in services if is_at_foot(line.points[0], boxes[name])]
        [other] = [name for name in pods if is_on_edge(line.points[-1], boxes[name])]
        assert not any(crosses(line.points, boxes[name]) for name in (*pods, *services))
        ends.append((one, other))
    wanted = [(f"service/{each.label}", end.pod) for each in choice.services for end in each.ready if end.pod in pods]
    assert sorted(ends) == sorted(wanted)


def is_at_foot(at: tuple[float, float], box: Rect) -> bool:
    return abs(at[0] - box.x - box.width / 2) < 1 and abs(at[1] - box.bottom) < 1


def is_on_edge(at: tuple[float, float], box: Rect) -> bool:
    x, y = at
    on_top = abs(y - box.y) < 1 and box.x < x < box.right
    return on_top or (abs(x - box.right) < 1 and box.y < y < box.bottom)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(standings.clusters(), styles)
def test_the_svg_is_xml_and_has_the_palettes_colours_only(now: ClusterNow, style: Style) -> None:
    choice = choose(now, None, ())
    text = svg.draw(draw(now, choice, style, "a title"), "\n".join(describe(now, choice, style)))
    Xml.fromstring(text)  # ours
    assert set(re.findall(r'(?:fill|stroke)="(#[^"]*)"', text)) <= palette.COLOURS
    assert set(re.findall(r'(?:fill|stroke)="([^#"][^"]*)"', text)) <= {"none"}


# --- what there is --------------------------------------------------------------------------------------------------


def test_a_deployment_in_words() -> None:
    cluster = Cluster(nodes=2)
    cluster.apply(shipped() / "manifests" / "deployment.yaml")
    above, machine, below = control_plane_apart(str(show.cluster(cluster)))
    assert above == """\
3 nodes, 3 pods, all ready
external 192.0.2.100/24: outside, wired to router eth1 192.0.2.1/24
router eth0 172.18.0.1/16: 198.51.100.10 → 172.18.0.10, 198.51.100.11 → 172.18.0.11, 198.51.100.12 → 172.18.0.12
"""
    assert machine == control_plane_apart(str(show.cluster(Cluster(nodes=1))))[1], "as its own example says"
    assert below == """\
node1: 172.18.0.11, public 198.51.100.11
  bridge cni0 10.244.1.1/24
  web-5b54d89d5b-fjhl6: 10.244.1.2, Running
    eth0, wired to vethb1ec2111 on cni0
    nginx: nginx:1.29, running, listens on :80
  web-5b54d89d5b-nfxrp: 10.244.1.3, Running
    eth0, wired to vethf627f1c6 on cni0
    nginx: nginx:1.29, running, listens on :80
node2: 172.18.0.12, public 198.51.100.12
  bridge cni0 10.244.2.1/24
  web-5b54d89d5b-d6rsk: 10.244.2.2, Running
    eth0, wired to veth81470336 on cni0
    nginx: nginx:1.29, running, listens on :80"""


def control_plane_apart(words: str) -> tuple[str, str, str]:
    """What stands above the control plane's machine, what is said of it, and what stands below."""
    above, machine, below = re.split(r"^(?=control-plane:|node1:)", words, flags=re.MULTILINE)
    return above, machine, below


def test_the_courses_figure_has_the_addresses_of_the_course() -> None:
    scene = show.cluster(Cluster.figure()).scene
    texts = {text.text for text in scene.texts}
    assert {"eth0 10.1.1.1", "eth0 10.1.1.2", "eth0 10.1.2.1", "eth0 10.1.2.2", "cni0  10.1.1.254/24", "pod-a", "pod-d"} <= texts
    assert {"eth0  10.100.0.1/24", "eth0  10.100.0.2/24", "eth0  10.100.0.3/24"} <= texts
    boxes = {box.netns: box for box in scene.boxes}
    assert boxes["external"].y < boxes["router"].y < boxes["node-a"].y == boxes["node-b"].y
    assert boxes["pod-a"].x < boxes["pod-b"].x < boxes["pod-c"].x < boxes["pod-d"].x


Story = Callable[[Cluster], None]


def clash(cluster: Cluster) -> None:
    cluster.apply(pod("clash", {"name": "one", "image": "nginx"}, {"name": "two", "image": "nginx"}))


def too_big(cluster: Cluster) -> None:
    cluster.apply(pod("big", {"name": "web", "image": "nginx", "resources": {"requests": {"cpu": "100"}}}))


def no_image(cluster: Cluster) -> None:
    cluster.apply(pod("bad", {"name": "web", "image": "nope/nope:1"}))


def power_failure(cluster: Cluster) -> None:
    cluster.apply(pod("web"))
    cluster.node("node1").stop()


def no_scheduler(cluster: Cluster) -> None:
    cluster.stop("kube-scheduler")
    cluster.apply(pod("web"))


def no_controller(cluster: Cluster) -> None:
    cluster.stop("replicaset-controller")


def on_the_host(cluster: Cluster) -> None:
    cluster.apply(pod("web", hostNetwork=True))


def cordoned(cluster: Cluster) -> None:
    cluster.api.merge_patch("Node", "node1", {"spec": {"unschedulable": True}}, "")


def no_kubelet(cluster: Cluster) -> None:
    cluster.stop("kubelet", node="node1")


def finished(cluster: Cluster) -> None:
    cluster.apply(pod("job", {"name": "once", "image": "busybox", "command": ["true"]}, restartPolicy="Never"))


STORIES = [
    (clash, "2 nodes, 1 pod, not ready", "clash: 10.244.1.2, CrashLoopBackOff"),
    (clash, "2 nodes, 1 pod, not ready", "two: nginx, exited, code 1, CrashLoopBackOff, 1 restart, its port is taken by one"),
    (too_big, "2 nodes, 1 pod, 1 on no node", "big: no address, Pending: 0/2 nodes are available: 1 Insufficient cpu, "),
    (no_image, "2 nodes, 1 pod, not ready", "web: nope:1, not started, ImagePullBackOff"),
    (power_failure, "2 nodes, 1 pod, not ready, node1 without power", "node1: 172.18.0.11, public 198.51.100.11, no power"),
    (no_scheduler, "2 nodes, 1 pod, 1 on no node", "scheduler: kube-scheduler, stopped"),
    (no_controller, "2 nodes, no pods", "controller manager: kube-controller-manager, 1 stopped"),
    (on_the_host, "2 nodes, 1 pod, ready", "web: 172.18.0.11, Running, on the host's network"),
    (cordoned, "2 nodes, no pods", "node1: 172.18.0.11, public 198.51.100.11, SchedulingDisabled"),
    (no_kubelet, "2 nodes, no pods", "node1: 172.18.0.11, public 198.51.100.11, kubelet stopped"),
    (finished, "2 nodes, 1 pod, not ready", "job: 10.244.1.2, Completed"),
]


@pytest.mark.parametrize(("story", "title", "line"), STORIES)
def test_what_is_wrong_is_seen_and_said(story: Story, title: str, line: str) -> None:
    cluster = Cluster(nodes=1)
    story(cluster)
    figure = show.cluster(cluster)
    standings.check(figure.scene)
    assert figure.alt == title
    assert [each for each in str(figure).splitlines() if each.strip().startswith(line)], str(figure)


@pytest.mark.parametrize(
    ("story", "look"),
    [
        (clash, "pod unready"),
        (clash, "container ended"),
        (power_failure, "node off"),
        (no_scheduler, "component ended"),
    ],
)
def test_it_is_not_told_by_words_alone(story: Story, look: str) -> None:
    cluster = Cluster(nodes=1)
    assert look not in {box.look for box in show.cluster(cluster).scene.boxes}
    story(cluster)
    assert look in {box.look for box in show.cluster(cluster).scene.boxes}


def test_a_dead_pause_is_seen_until_the_kubelet_has_looked() -> None:
    cluster = Cluster(nodes=1)
    cluster.apply(pod("web"))
    with cluster.paused():
        cluster.pod("web").kill("pause")
        assert "web: 10.244.1.2, pause has ended" in str(show.cluster(cluster))
    cluster.settle()
    assert "web: 10.244.1.3, Running" in str(show.cluster(cluster))


# --- Services -------------------------------------------------------------------------------------------------------


def service_lines(cluster: Cluster, **how: Any) -> list[str]:
    """What a map says of Services."""
    return [line for line in str(show.cluster(cluster, **how)).splitlines() if line.startswith(("Service", "  endpoints", "…"))]


def test_a_service_and_who_is_behind_it() -> None:
    cluster = Cluster(nodes=2)
    cluster.apply(shipped() / "manifests" / "web.yaml")
    figure = show.cluster(cluster, highlight=("service/web",))
    assert figure.alt == "3 nodes, 4 pods, all ready, 1 Service"
    first, second = service_lines(cluster)
    assert first == "Service web: NodePort 10.96.0.20, port 80 → 80, node port 30080, for pods with app=web"
    assert sorted(re.findall(r"10\S+ \(web-\S+\)", second)) == sorted(f"{pod.ip} ({pod.name})" for pod in cluster.pods[1:])
    assert looks(figure)["service/web"] == "service now"
    assert len([line for line in figure.scene.lines if line.look == "endpoint"]) == 3
    assert "<ellipse" in figure.svg


PROBE = {"httpGet": {"port": 81}, "periodSeconds": 1}


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        pytest.param(
            ["run web --image=nginx --labels=app=web", "create service clusterip web --clusterip=10.96.0.30 --tcp=80:8080"],
            ["Service web: ClusterIP 10.96.0.30, port 80 → 8080, for pods with app=web", "  endpoints: 10.244.1.2 (web)"],
            id="a pod",
        ),
        pytest.param(
            ["create service clusterip web --clusterip=10.96.0.30 --tcp=80"],
            ["Service web: ClusterIP 10.96.0.30, port 80 → 80, for pods with app=web", "  endpoints: none"], id="nobody",
        ),
        pytest.param(
            ["create service clusterip web --clusterip=None --tcp=80"],
            ["Service web: headless, port 80 → 80, for pods with app=web", "  endpoints: none"], id="headless",
        ),
        pytest.param(
            ["create service externalname docs --external-name=kubernetes.io"],
            ["Service docs: ExternalName, an alias of kubernetes.io"], id="an alias",
        ),
    ],
)  # fmt: skip
def test_services_in_words(lines: list[str], said: list[str]) -> None:
    cluster = Cluster(nodes=1)
    for line in lines:
        cluster.kubectl(line)
    assert service_lines(cluster) == said


def test_an_endpoint_that_is_not_ready_has_no_line() -> None:
    cluster = Cluster(nodes=1)
    cluster.apply(pod("web", {"name": "web", "image": "nginx:1.29", "readinessProbe": PROBE}))
    cluster.kubectl("expose pod web --port=80 --selector=run=web --cluster-ip=10.96.0.30")
    cluster.kubectl("label pod web run=web")
    assert service_lines(cluster)[1] == "  endpoints: 10.244.1.2 (web, not ready)"
    assert "endpoint" not in {line.look for line in show.cluster(cluster).scene.lines}


def test_who_is_behind_a_service_need_not_be_a_pod() -> None:
    cluster = Cluster(nodes=1)
    spec = {"clusterIP": "10.96.0.30", "ports": [{"port": 5432}]}
    labels = {"kubernetes.io/service-name": "db"}
    cluster.apply([
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "db"}, "spec": spec},
        {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": {"name": "db-1", "labels": labels},
         "addressType": "IPv4", "ports": [{"port": 5432}], "endpoints": [{"addresses": ["192.0.2.100"]}]},
    ])  # fmt: skip
    assert service_lines(cluster) == [
        "Service db: ClusterIP 10.96.0.30, port 5432 → 5432, without a selector", "  endpoints: 192.0.2.100 (no pod)",
    ]  # fmt: skip
    assert "endpoint 192.0.2.100" in {text.text for text in show.cluster(cluster).scene.texts}


def test_of_many_services_the_rest_is_counted() -> None:
    cluster = Cluster(nodes=1)
    for number in range(10):
        cluster.kubectl(f"create service clusterip web{number} --clusterip=10.96.0.{30 + number} --tcp=80")
    said = service_lines(cluster, highlight=("service/web9",))
    assert said[-1] == "… and 2 Services more"
    assert said[0].startswith("Service web9")
    assert show.cluster(cluster).alt == "2 nodes, no pods, 10 Services"
    standings.check(show.cluster(cluster).scene)


def test_a_namespace_has_its_own_services() -> None:
    cluster = Cluster(nodes=1)
    cluster.kubectl("create service clusterip dns --clusterip=10.96.0.30 --tcp=53 -n kube-system")
    assert service_lines(cluster) == []
    assert service_lines(cluster, namespace="kube-system")[0].startswith("Service kube-system/dns: ClusterIP 10.96.0.30")


# --- how much is shown ----------------------------------------------------------------------------------------------


def test_pods_of_kube_system_are_counted_and_shown_when_asked_for() -> None:
    cluster = Cluster(nodes=1)
    made = pod("dns")
    made["metadata"]["namespace"] = "kube-system"
    cluster.apply([made, pod("web")])
    usual, asked = show.cluster(cluster), show.cluster(cluster, namespace="kube-system")
    assert "  + 1 pod in kube-system" in str(usual)
    assert "dns" not in str(usual)
    assert asked.alt == "2 nodes, 1 pod in the namespace kube-system, ready"
    assert "  kube-system/dns: 10.244.1.2, Running" in str(asked)
    assert "  + 1 pod in default" in str(asked)
    assert "API server" in str(asked)


def test_of_many_pods_the_rest_is_counted() -> None:
    cluster = Cluster(nodes=2)
    cluster.apply(deployment("web", 80))
    figure = show.cluster(cluster)
    standings.check(figure.scene)
    assert figure.alt == "3 nodes, 80 pods, all ready"
    assert str(figure).count("… and 28 pods more, all ready") == 2
    assert len([box for box in figure.scene.boxes if box.look == "pod"]) == 24


def test_of_many_nodes_the_rest_is_counted_and_nobody_wakes() -> None:
    cluster = Cluster(nodes=80)
    cluster.apply(deployment("web", 200))
    asleep, before = sorted(cluster.world.sleepers), (len(cluster.world.log), len(cluster.history), cluster.now)
    figure = show.cluster(cluster, highlight=("node77",))
    standings.check(figure.scene)
    assert sorted(cluster.world.sleepers) == asleep
    assert (len(cluster.world.log), len(cluster.history), cluster.now) == before
    assert figure.alt == "81 nodes, 200 pods, all ready"
    assert "… and 75 nodes more" in str(figure)
    assert "node77: 172.18.0.87, public 198.51.100.87, sleeps until it is touched" in str(figure)
    assert len([box for box in figure.scene.boxes if box.look == "node off now"]) == 1


def test_looking_changes_nothing_and_each_look_is_the_same() -> None:
    cluster = Cluster(nodes=2)
    cluster.apply(shipped() / "manifests" / "fr-bk.yaml")
    before = (len(cluster.world.log), len(cluster.history), cluster.now)
    first, second = show.cluster(cluster), show.cluster(cluster.fork())
    assert (len(cluster.world.log), len(cluster.history), cluster.now) == before
    assert (first.svg, str(first)) == (second.svg, str(second))
    assert first.png == second.png


def test_a_new_pod_comes_at_the_end() -> None:
    cluster = Cluster(nodes=1)
    for name in ("m", "z", "a"):
        cluster.apply(pod(name))
        cluster.sleep(1)
    boxes = {box.netns: (box.y, box.x) for box in show.cluster(cluster).scene.boxes}
    assert boxes["m"] < boxes["z"] < boxes["a"]


# --- options --------------------------------------------------------------------------------------------------------


@pytest.fixture
def web() -> Cluster:
    cluster = Cluster(nodes=1)
    cluster.apply([pod("web"), pod("web-2")])
    return cluster


def looks(figure: Figure) -> dict[str, str]:
    return {box.netns: box.look for box in figure.scene.boxes if box.netns}


def test_without_wires_there_is_no_network(web: Cluster) -> None:
    scene = show.cluster(web, wires=False).scene
    assert (scene.bars, scene.dots) == ((), ())
    assert "router" not in looks(show.cluster(web, wires=False))
    assert "172.18.0.11  public 198.51.100.11" in {text.text for text in scene.texts}


def test_without_containers_pods_are_names_and_addresses(web: Cluster) -> None:
    assert not [look for look in looks(show.cluster(web, containers=False)).values() if look in ("netns", "container")]
    assert "10.244.1.2" in {text.text for text in show.cluster(web, containers=False).scene.texts}


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (("web",), {"web"}),
        (("web…",), {"web", "web-2"}),
        (("node1", "router"), {"node1", "router"}),
        (("kube-scheduler", "external"), {"kube-scheduler", "external"}),
        ((), set()),
    ],
)
def test_what_is_highlighted_is_yellow(web: Cluster, names: tuple[str, ...], found: set[str]) -> None:
    figure = show.cluster(web, highlight=names)
    assert {name for name, look in looks(figure).items() if look.endswith(" now")} == found
    assert (palette.NOW in figure.svg) == bool(found)


def test_a_name_that_nothing_has_is_refused(web: Cluster) -> None:
    with pytest.raises(ValueError, match="nothing is called 'wbe' here"):
        show.cluster(web, highlight=("wbe",))
    with pytest.raises(TypeError, match="several names"):
        show.cluster(web, highlight="web")


def test_the_title_is_the_sentence_that_the_figure_proves(web: Cluster) -> None:
    figure = show.cluster(web, "Both pods are on one node")
    assert figure.alt == "Both pods are on one node"
    assert str(figure).startswith("Both pods are on one node\n")


BUSY = {"name": "web", "image": "busybox", "command": ["sleep", "infinity"]}
CASES = [
    pod("fine"),
    pod("clash", {"name": "one", "image": "nginx"}, {"name": "two", "image": "nginx"}),
    pod("bad-image", {"name": "web", "image": "nope/nope:1"}),
    pod("ends", {"name": "web", "image": "busybox", "command": ["true"]}),
    pod("done", {"name": "web", "image": "busybox", "command": ["true"]}, restartPolicy="Never"),
    pod("fails", {"name": "web", "image": "busybox", "command": ["false"]}, restartPolicy="Never"),
    pod("half", {"name": "one", "image": "busybox", "command": ["true"]}, BUSY, restartPolicy="Never"),
    pod("no-command", {"name": "web", "image": "busybox", "command": ["nope"]}),
    pod("init-fails", BUSY, initContainers=[{"name": "first", "image": "busybox", "command": ["false"]}]),
    pod("init-waits", BUSY, initContainers=[{"name": "first", "image": "busybox", "command": ["sleep", "infinity"]}]),
    pod("sidecar", BUSY, initContainers=[{**BUSY, "name": "side", "restartPolicy": "Always"}]),
    pod("init-image", BUSY, initContainers=[{"name": "first", "image": "nope/nope:1"}]),
    pod("big", {"name": "web", "image": "nginx", "resources": {"requests": {"cpu": "100"}}}),
]


@pytest.mark.parametrize("seconds", [0, 30, 400])
@pytest.mark.parametrize("case", CASES, ids=[case["metadata"]["name"] for case in CASES])
def test_a_pod_stands_as_kubectl_says(case: dict[str, Any], seconds: int) -> None:
    cluster = Cluster(nodes=1)
    cluster.apply(case)
    cluster.sleep(seconds)
    said = cluster.kubectl("get pods --no-headers").split()[2]
    assert standing(cluster.api.list("Pod", "default")[0])[1] == said
