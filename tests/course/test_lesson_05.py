"""Lesson 05: what its judges say to answers that are wrong, and to right ones that are not the shown solution."""

from __future__ import annotations

import pytest

from k8snet.course import check, exercise
from k8snet.course.data import task
from tests.course.answers import after, told

TEMPLATE = '{"spec":{"template":{"metadata":{"labels":{"part-of":"shop"}}}}}'
BUILT = task("05-5").solution[0]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        pytest.param("amber", "the scheduler has bound amber to node1", id="scheduled"),
        pytest.param("pod/cedar", "the scheduler has bound cedar to node1", id="with its kind"),
        pytest.param("kubectl", "there is no pod kubectl", id="who wrote it"),
    ],
)
def test_the_pod_that_never_met_the_scheduler(answer: str, says: str) -> None:
    assert says in told("05-1", answer, exercise("05-1"))
    assert check("05-1", " pod/birch ").passed


@pytest.mark.parametrize(
    ("key", "lines", "says"),
    [
        pytest.param("05-2", ["kubectl uncordon node2"], "2 node(s) didn't match Pod's node", id="still no label"),
        pytest.param("05-2", ["kubectl label node node2 disk=ssd"], "1 node(s) were unschedulable", id="still cordoned"),
        pytest.param("05-2", ["kubectl label node node1 disk=ssd"], "runs on node1", id="the wrong node"),
        pytest.param("05-2", ["kubectl delete deployment db"], "there is no Deployment db", id="gone"),
        pytest.param(
            "05-2", ["""kubectl patch deployment db -p '{"spec":{"template":{"spec":{"nodeSelector":null}}}}'"""],
            "asks for another disk now, or for none", id="the Deployment changed",
        ),
        pytest.param(
            "05-2", [*task("05-2").solution, "kubectl scale deployment db --replicas=1"], "1 pods of db are ready", id="fewer"
        ),
        pytest.param(
            "05-2", ["stop kube-scheduler", *task("05-2").solution, "kubectl delete pods --all"],
            "no scheduler has said anything", id="no scheduler",
        ),
        pytest.param("05-3", ["start kube-scheduler"], "wants 3 pods and has 0: nobody makes them", id="one that ran"),
        pytest.param("05-3", ["kubectl delete deployment api"], "there is no Deployment api", id="gone"),
        pytest.param(
            "05-3", [f"kubectl run mine{number} --image=nginx:1.29 --labels=app=api" for number in range(3)],
            "nobody made another in its place", id="pods made by hand",
        ),
        pytest.param("05-3", ["kubectl scale deployment api --replicas=0"], "0 pods of api are", id="none wanted"),
        pytest.param("05-3", ["start replicaset-controller", "stop kube-scheduler", "kubectl delete pods --all"],
                     "0 pods of api are ready, and 3", id="started, but now another is stopped"),
        pytest.param(
            "05-4", ["kubectl label deployment fr bk part-of=shop"], "is on the Deployment fr itself", id="the Deployment's label"
        ),
        pytest.param("05-4", ["kubectl label pods --all part-of=shop"], "made in its place, has no label", id="the pods' labels"),
        pytest.param("05-4", [f"kubectl patch deployment fr -p '{TEMPLATE}'"], "Deployment bk has no label", id="one of two"),
        pytest.param("05-4", ["kubectl delete deployment bk", f"kubectl patch deployment fr -p '{TEMPLATE}'"],
                     "there is no Deployment bk", id="one gone"),
        pytest.param("05-4", [f"kubectl patch deployment fr -p '{TEMPLATE}'", "kubectl scale deployment fr --replicas=2"],
                     "2 pods of fr are ready, and 3", id="fewer"),
        pytest.param("05-5", [BUILT.replace("replicas: 2", "replicas: 3")], "wants 3 pods, and", id="three"),
        pytest.param("05-5", [BUILT.replace("        tier: front\n", "")],
                     "have the labels app: microservice1, and the description says app: microservice1, tier", id="no tier"),
        pytest.param("05-5", [BUILT.replace("  template:", "      tier: front\n  template:")],
                     "asks for app: microservice1, tier: front", id="selector too narrow"),
        pytest.param("05-5", [BUILT.replace("4000", "8080")], "port 4000, and gets no answer (refused)", id="another port"),
        pytest.param("05-5", [BUILT.replace("agnhost:2.53", "nosuch:1")], "0 pods of microservice1 are", id="no such image"),
    ],
)
def test_what_is_still_wrong(key: str, lines: list[str], says: str) -> None:
    assert says in told(key, after(key, lines))


@pytest.mark.parametrize(
    ("key", "lines"),
    [
        pytest.param("05-3", ["start kube-controller-manager"], id="all controllers started"),
        pytest.param("05-4", [f"kubectl patch deployment {name} -p '{TEMPLATE}'" for name in ("bk", "fr")], id="the other order"),
        pytest.param("05-5", [BUILT.replace("args:", "ports: [{containerPort: 4000}]\n          args:")], id="a containerPort"),
    ],
)
def test_other_ways_that_lead_there(key: str, lines: list[str]) -> None:
    assert check(key, after(key, lines)).passed


def test_the_checkers_leave_the_cluster_alone() -> None:
    for key in ("05-3", "05-4"):
        cluster = after(key, list(task(key).solution))
        before = len(cluster.history), sorted(pod.name for pod in cluster.pods)
        assert check(key, cluster).passed
        assert (len(cluster.history), sorted(pod.name for pod in cluster.pods)) == before
