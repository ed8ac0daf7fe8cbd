"""Lesson 06: what its judges say to answers that are wrong, and to right ones that are not the shown solution."""

from __future__ import annotations

import pytest

from k8snet.course import check, exercise
from k8snet.course.data import task
from tests.course.answers import after, told

BUILT, BUILT_NAME = task("06-5").solution[0], "microservice1-service"
ARGS = '[{"op":"replace","path":"/spec/template/spec/containers/0/args","value":["netexec","--http-port=80"]}]'
TEMPLATE = '{"spec":{"template":{"metadata":{"labels":{"app":"store","tier":"front"}}}}}'


def ports(*pairs: str) -> str:
    """A patch of the Service shop: the fields of its one port."""
    return f"""kubectl patch service shop -p '{{"spec":{{"ports":[{{{",".join(pairs)}}}]}}}}'"""


def instead(old: str, new: str) -> list[str]:
    """The solution of exercise 5, with something in another's place."""
    assert old in BUILT
    return [BUILT.replace(old, new)]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        pytest.param("ash", "app: shop, tier: back, and the selector asks for app: shop, tier: front", id="one of two"),
        pytest.param("pod/oak", "oak is no endpoint of the Service shop: its labels are name: shop", id="a name is no app"),
        pytest.param("shop", "there is no pod shop", id="the Deployment"),
    ],
)
def test_the_pod_that_nobody_invited(answer: str, says: str) -> None:
    assert says in told("06-1", answer, exercise("06-1"))
    assert check("06-1", " pod/elm ").passed


def test_a_pod_of_the_deployment_is_where_it_should_be() -> None:
    given = exercise("06-1")
    own = next(pod.name for pod in given.pods if pod.name.startswith("shop"))
    assert "it belongs to the Deployment shop, as it should" in told("06-1", own, given)


@pytest.mark.parametrize(
    ("key", "lines", "says"),
    [
        pytest.param("06-2", ["kubectl label deployment shop app=store --overwrite"], "asks for app: shop", id="its own label"),
        pytest.param("06-2", ["kubectl label pods -l app=store app=shop --overwrite"],
                     "does not lead to shop-", id="labels of the pods of today"),
        pytest.param("06-2", ["kubectl run mine --image=nginx:1.29 --labels=app=shop"], "does not lead to shop-", id="one more"),
        pytest.param("06-2", ["kubectl delete deployment shop"], "there is no Deployment shop", id="the Deployment gone"),
        pytest.param("06-2", ["kubectl delete service shop"], "there is no Service shop", id="the Service gone"),
        pytest.param("06-2", ["kubectl delete pod client"], "there is no pod client", id="the client gone"),
        pytest.param("06-2", [f"kubectl patch deployment shop -p '{TEMPLATE}'"], "is not as it was", id="another template"),
        pytest.param("06-2", [*task("06-2").solution, "kubectl scale deployment shop --replicas=1"], "not as it was", id="fewer"),
        pytest.param("06-3", ["kubectl delete service shop", "kubectl expose deployment shop --port=4000"],
                     "has no port 80", id="the pods' port for clients"),
        pytest.param("06-3", [ports('"port":80', '"targetPort":8080')], "refuses: no program of it listens", id="a third one"),
        pytest.param("06-3", [ports('"port":80', '"targetPort":"http"')], "no answer (refused)", id="a name that nobody has"),
        pytest.param("06-3", [f"kubectl patch deployment shop --type=json -p '{ARGS}'"], "is not as it was", id="the Deployment"),
        pytest.param("06-3", ["kubectl delete service shop", "kubectl create service clusterip shop --clusterip=None --tcp=80"],
                     "has no ClusterIP", id="headless"),
        pytest.param("06-4", [ports('"port":80', '"targetPort":8080')], "the pod shop-v1-", id="the other half"),
        pytest.param("06-4", ["kubectl delete deployment shop-v2"], "1 pods of shop are ready, and 2", id="one version less"),
        pytest.param("06-4", ["kubectl set selector service shop app=shop,version=v1"], "not lead to shop-v2", id="one left out"),
        pytest.param("06-5", instead("app: microservice1", f"app: {BUILT_NAME}"), "app: microservice1-service", id="name"),
        pytest.param("06-5", instead("      targetPort: 4000\n", ""), ":5000, and the pod microservice1-", id="no targetPort"),
        pytest.param("06-5", instead("port: 5000", "port: 4000"), "has no port 5000", id="the pods' port"),
        pytest.param("06-5", instead("30075", "30076"), "asks 172.18.0.11:30075, and gets no answer", id="another node port"),
        pytest.param("06-5", [f"kubectl expose deployment microservice1 --name={BUILT_NAME} --port=5000 --target-port=4000"],
                     "is not to be reached from outside", id="no node port"),
    ],
)  # fmt: skip
def test_what_is_still_wrong(key: str, lines: list[str], says: str) -> None:
    assert says in told(key, after(key, lines))


@pytest.mark.parametrize(
    ("key", "lines"),
    [
        pytest.param("06-2", ["kubectl delete service shop", "kubectl expose deployment shop --port=80"], id="made anew"),
        pytest.param("06-3", ["kubectl delete service shop", "kubectl expose deployment shop --port=80 --target-port=4000"],
                     id="made anew, with a port"),
        pytest.param("06-5", instead("  selector:", "  clusterIP: 10.96.0.60\n  selector:"), id="an address of one's own"),
    ],
)  # fmt: skip
def test_other_ways_that_lead_there(key: str, lines: list[str]) -> None:
    assert check(key, after(key, lines)).passed


def test_the_node_port_of_the_source_is_refused_in_the_api_servers_words() -> None:
    given = exercise("06-5")
    answer = given.kubectl("apply -f -", BUILT.partition("\n")[2].replace("30075", "36075"), check=False)
    assert "Invalid value: 36075: provided port is not in the valid range. The range of valid ports is 30000-32767" in answer
    assert "there is no Service microservice1-service" in told("06-5", given)


def test_the_checkers_leave_the_cluster_alone() -> None:
    for key in ("06-2", "06-5"):
        cluster = after(key, list(task(key).solution))
        before = len(cluster.history), len(cluster.world.log), cluster.now
        assert check(key, cluster).passed
        assert (len(cluster.history), len(cluster.world.log), cluster.now) == before
