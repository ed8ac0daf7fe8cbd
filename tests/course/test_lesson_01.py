"""Lesson 01: what a wrong answer gets to hear; and the Docker host, whose rules are the ones that Docker writes."""

from __future__ import annotations

import pytest

from k8snet import Cluster
from k8snet.course import check, docker_host
from k8snet.course.data import task
from tests.course.answers import after, told

DUO = task("01-5").solution[0]
PUBLISH = task("01-4").solution[0]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        pytest.param("172.17.0.2:80", "is the source when web1 sends it. The client has asked 192.0.2.10:8080", id="inside"),
        pytest.param("192.0.2.10:80", "no answer comes from 192.0.2.10:80", id="the port inside"),
        pytest.param("172.17.0.1", "no answer comes from 172.17.0.1", id="the bridge"),
    ],
)
def test_a_wrong_source(answer: str, says: str) -> None:
    assert says in told("01-1", answer)


def test_a_source_with_blanks_around_it_is_right() -> None:
    assert check("01-1", " 192.0.2.10:8080 ", docker_host.whole()).passed


def test_where_no_answer_comes_back_none_can_be_looked_at() -> None:
    world = docker_host.whole()
    world.sh("ip -n web1 route del default")
    assert "no answer from 192.0.2.10:8080 reaches the client" in told("01-1", "192.0.2.10:8080", world)


@pytest.mark.parametrize(
    ("key", "lines", "says"),
    [
        pytest.param("01-2", ["kubectl scale deployment web --replicas=1"], "1 pods of web are ready, and 3", id="one replica"),
        pytest.param("01-2", ["kubectl delete deployment web"], "0 pods of web are ready", id="no Deployment"),
        pytest.param("01-2", ["kubectl cordon node2"], "are on node1 and node2", id="cordoned, and nothing moves"),
        pytest.param("01-3", ["kubectl delete deployment site"], "0 pods of site are ready, and 1", id="no Deployment"),
        pytest.param("01-3", ["kubectl rollout restart deployment site"], "address already in use", id="a restart"),
        pytest.param(
            "01-3",
            ["""kubectl patch deployment site --type=json -p '[{"op":"remove","path":"/spec/template/spec/containers/1"}]'"""],
            "should have two containers, and has 1", id="one container less",
        ),
        pytest.param("01-3", [task("01-3").solution[0].replace("8080", "9090")], ":8080 (refused)", id="an unwanted port"),
        pytest.param("01-5", [DUO.replace("duo", "pair")], "there is no pod duo", id="another name"),
        pytest.param("01-5", [DUO.replace("8080", "80")], "its container admin said last: listen tcp :80", id="the same port"),
        pytest.param("01-5", [DUO.replace("8080", "8888")], ":8080 (refused)", id="another port"),
        pytest.param("01-5", [DUO.replace("nginx:1.29", "nginx:none")], "duo is not ready: web, ", id="no such image"),
        pytest.param(
            "01-5", [DUO.replace("image: nginx:1.29", "image: nginx:1.29\n      ports: [{containerPort: 80}]")],
            "has a containerPort", id="a declared port",
        ),
        pytest.param(
            "01-5", [DUO.replace("containers:", "nodeSelector: {disk: none}\n  containers:")],
            "duo is not ready: Pending", id="no node",
        ),
    ],
)  # fmt: skip
def test_a_wrong_cluster(key: str, lines: list[str], says: str) -> None:
    assert says in told(key, after(key, lines, failing=True))


@pytest.mark.parametrize(
    ("line", "says"),
    [
        pytest.param(PUBLISH.replace("8081", "8080"), "client asks 192.0.2.10:8081 and is refused", id="the same port"),
        pytest.param(PUBLISH.replace("0.3", "0.2"), "and web1 answers, not web2", id="the same container"),
        pytest.param(PUBLISH.replace(":80", ":8081"), "refused: the packet gets as far as web2", id="the port inside"),
        pytest.param(PUBLISH.replace("0.3", "0.9"), "does not reach 192.0.2.10 (unreachable): host asks", id="nobody's address"),
        pytest.param(PUBLISH.replace("-A", "-I").replace("8081", "8080"), "and web2 answers, not web1", id="before the first"),
    ],
)
def test_a_wrong_rule(line: str, says: str) -> None:
    assert says in told("01-4", after("01-4", [line]))


@pytest.mark.parametrize("other", [Cluster(nodes=1), "done", None])
def test_something_else_than_the_world_is_sent_back(other: object) -> None:
    assert check("01-4", other).lines == ("Not yet: hand over the world that you worked on.",)


def test_the_other_node_is_as_good() -> None:
    assert check("01-2", after("01-2", [task("01-2").solution[0].replace("node1", "node2")])).passed


def test_the_lines_of_the_docker_host_stand_for_themselves() -> None:
    world = docker_host.bare()
    for line in (*docker_host.WEB1, *docker_host.WEB2):
        world.sh(line)
    world.listen("web2", 80)
    assert world.connect("client", "192.0.2.10", 8080).fate == "refused"
    world.sh(docker_host.publish(8080, "172.17.0.3:80"))
    assert world.connect("client", "192.0.2.10", 8080).answered_by == "web2"
    assert world.connect("host", "192.0.2.10", 8080).answered_by == "web2"
    assert world.ping("web1", "192.0.2.100").fate == "delivered"
