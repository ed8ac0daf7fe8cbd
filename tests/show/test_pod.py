"""A pod, large: what must hold of every picture, and what some of them say."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from k8snet import Cluster, show
from k8snet.errors import ApiError
from k8snet.show import palette, svg
from k8snet.show.chart import Plug
from k8snet.show.pod import Inside, describe, sentence
from k8snet.show.present import ASLEEP, OFF, ON, NodeNow, PodNow
from tests.show import standings

NGINX = {"name": "web", "image": "nginx:1.29"}
SLEEPS = {"name": "side", "image": "busybox:1.37", "command": ["sleep", "infinity"]}


def made(*containers: dict[str, Any], nodes: int = 1, **spec: Any) -> Cluster:
    cluster = Cluster(nodes=nodes)
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": {"containers": list(containers), **spec}}
    cluster.apply(pod)
    return cluster


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from([ON, OFF, ASLEEP, ""]), st.data())
def test_everything_has_its_own_place(power: str, data: st.DataObject) -> None:
    bridges = (Plug("cni0", "bridge", ("10.244.1.1/24",)),) if power == ON else ()
    node = NodeNow("node1", "172.18.0.11", power=power, notes=("NotReady",), bridges=bridges) if power else None
    now: PodNow = data.draw(standings.pods(1, "node1" if power else "", power or ON))
    scene = Inside(now, node).draw(sentence(now))
    standings.check(scene)
    text = svg.draw(scene, "\n".join(describe(now, node)))
    assert set(re.findall(r'(?:fill|stroke)="(#[^"]*)"', text)) <= palette.COLOURS
    assert {now.label, *(f"{now.label} {each.name}" for each in now.containers)} <= {box.netns for box in scene.boxes}


def test_two_containers_in_words() -> None:
    cluster = made(NGINX, SLEEPS)
    assert re.sub(r"pid \d+", "pid N", str(show.pod(cluster.pod("web")))) == """\
web: 2 containers share one network namespace
node1: 172.18.0.11, bridge cni0 10.244.1.1/24
web: 10.244.1.2, Running, sandbox attempt 0
  network namespace web; all containers share net, ipc, uts
  lo 127.0.0.1/8
  eth0 10.244.1.2/24, 0a:58:6f:4c:da:1c, wired to veth6f4cda1c on cni0
  pause: pause:3.10.1, /pause, pid N on the node, 1 inside, listens on nothing, running, first in what all share
  web: nginx:1.29, nginx: master process nginx -g daemon off;, pid N on the node, 1 inside, listens on 0.0.0.0:80/tcp, \
running, own: mnt, pid
  side: busybox:1.37, sleep infinity, pid N on the node, 1 inside, listens on nothing, running, own: mnt, pid"""


def test_what_the_picture_says_is_what_the_tools_print() -> None:
    cluster = made(NGINX)
    web, figure = cluster.pod("web"), str(show.pod(cluster.pod("web")))
    mac = re.search(r"link/ether (\S+)", web.sh("ip link show eth0"))
    assert mac is not None
    assert mac[1] in figure
    veth = re.search(r"(veth\w+)@", cluster.node("node1").sh("ip link show type veth"))
    assert veth is not None
    assert f"wired to {veth[1]} on cni0" in figure


def test_of_two_that_want_one_port_the_second_is_shown_with_the_reason() -> None:
    cluster = made(NGINX, {"name": "two", "image": "nginx:1.29"})
    cluster.sleep(100)
    figure = show.pod(cluster.pod("web"))
    standings.check(figure.scene)
    assert figure.alt == "web: two does not run, because web has its port"
    texts = {text.text for text in figure.scene.texts}
    assert {"0.0.0.0:80 failed (98: Address", "web has that port", "exited with code 1:", "CrashLoopBackOff, 4 restarts"} <= texts
    looks = {box.netns: box.look for box in figure.scene.boxes}
    assert (looks["web web"], looks["web two"]) == ("container", "container ended")
    assert len([line for line in figure.scene.lines if line.look == "strike"]) == 2


def test_whoever_finds_a_port_taken_may_say_it_as_go_does() -> None:
    agnhost = {"name": "two", "image": "registry.k8s.io/e2e-test-images/agnhost:2.53", "args": ["netexec", "--http-port=80"]}
    assert show.pod(made(NGINX, agnhost).pod("web")).alt == "web: two does not run, because web has its port"


def test_a_port_of_the_host_is_taken_by_another_pod() -> None:
    cluster = made(NGINX, hostNetwork=True)
    spec = {"containers": [NGINX], "hostNetwork": True}
    cluster.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "other"}, "spec": spec})
    assert show.pod(cluster.pod("other")).alt == "other: web does not run, because web of the pod web has its port"
    assert "on the network of node1; all containers share ipc" in str(show.pod(cluster.pod("web")))


def test_a_dead_pause_and_the_next_sandbox() -> None:
    cluster = made(NGINX, SLEEPS)
    with cluster.paused():
        cluster.pod("web").kill("pause")
        figure = show.pod(cluster.pod("web"))
        assert figure.alt == "web: pause has ended, 2 containers still run"
        assert "  pause: pause:3.10.1, /pause, exited with code 137: Error" in str(figure)
        assert "eth0 10.244.1.2/24" in str(figure), "the network namespace is still there"
    cluster.settle()
    assert "web: 10.244.1.3, Running, sandbox attempt 1" in str(show.pod(cluster.pod("web")))


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({}, ["all containers share net, ipc, uts\n", "on the node, 1 inside, listens on 0.0.0.0:80/tcp", "own: mnt, pid"]),
        ({"shareProcessNamespace": True}, ["all containers share net, ipc, uts, pid\n", "on the node, listens", "own: mnt"]),
        ({"hostNetwork": True}, ["all containers share ipc\n", "on the network of node1"]),
        ({"hostNetwork": True, "hostIPC": True}, ["all containers share no namespace of the pod's own\n"]),
    ],
)
def test_which_namespaces_are_shared(spec: dict[str, Any], words: list[str]) -> None:
    text = str(show.pod(made(NGINX, **spec).pod("web")))
    assert [word for word in words if word not in text] == []


def test_init_containers_and_sidecars_say_what_they_are() -> None:
    inits = [{"name": "first", "image": "busybox", "command": ["true"]}, {**NGINX, "name": "proxy", "restartPolicy": "Always"}]
    text = str(show.pod(made(SLEEPS, initContainers=inits).pod("web")))
    assert "  first (init): busybox, true, exited with code 0: Completed\n" in text
    assert "  proxy (sidecar): nginx:1.29, " in text
    assert text.startswith("web: 2 containers share one network namespace\n")


def test_a_pod_on_no_node_says_why() -> None:
    cluster = made({**NGINX, "resources": {"requests": {"cpu": "100"}}})
    text = str(show.pod(cluster.pod("web")))
    assert text.startswith("web: Pending\nweb: no address, Pending, no sandbox\n  0/2 nodes are available: 1 Insufficient cpu, ")
    assert text.endswith("\n  web: nginx:1.29, not started")


def test_a_machine_that_sleeps_is_not_woken() -> None:
    cluster = made(NGINX, nodes=80)
    asleep = sorted(cluster.world.sleepers)
    figure = show.pod(cluster.pod("web"))
    assert sorted(cluster.world.sleepers) == asleep
    assert "its machine sleeps: eth0 with 10.244.1.2 is made when somebody touches it" in str(figure)
    cluster.pod("web").sh("ip link")
    assert "eth0 10.244.1.2/24, 0a:58:" in str(show.pod(cluster.pod("web")))


def test_looking_changes_nothing_and_each_look_is_the_same() -> None:
    cluster = made(NGINX, SLEEPS)
    before = (len(cluster.world.log), len(cluster.history), cluster.now)
    first, second = show.pod(cluster.pod("web")), show.pod(cluster.fork().pod("web"))
    assert (len(cluster.world.log), len(cluster.history), cluster.now) == before
    assert (first.svg, str(first), first.png) == (second.svg, str(second), second.png)


def test_a_pod_that_is_gone_has_no_picture() -> None:
    cluster = made(NGINX)
    web = cluster.pod("web")
    cluster.delete("Pod", "web")
    with pytest.raises(ApiError, match='pods "web" not found'):
        show.pod(web)
