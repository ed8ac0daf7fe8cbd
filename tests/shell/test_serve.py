"""A served cluster: what HTTP adds, and whether the real kubectl is content with it.

Two versions of kubectl are asked; neither may complain of anything on stderr, nor be refused anything but what the model's
server does not have.
"""

from __future__ import annotations

import http.client
import json
import re
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from k8snet import Cluster
from k8snet.launch import shipped
from k8snet.serve import HOST, Served, serve
from tests.kube.rest.patches import STRATEGIC, Row
from tests.shell import real

MANIFESTS = shipped() / "manifests"
DEPLOYMENT = MANIFESTS / "deployment.yaml"
BOX = {"name": "a", "image": "nginx"}
LATE = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "late"}, "spec": {"containers": [BOX]}}
CONFIGMAPS = "/api/v1/namespaces/default/configmaps"


@pytest.fixture
def served() -> Iterator[Served]:
    cluster = Cluster(nodes=2)
    cluster.apply(DEPLOYMENT)
    with serve(cluster) as found:
        yield found


@pytest.fixture(params=real.VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    which: str = request.param
    return which


def ask(served: Served, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any, http.client.HTTPResponse]:
    connection = http.client.HTTPConnection(HOST, int(served.url.rpartition(":")[2]), timeout=10)
    try:
        text = None if body is None else json.dumps(body)
        connection.request(method, path, text, {"Content-Type": "application/json", **headers})
        answer = connection.getresponse()
        found = answer.read().decode()
    finally:
        connection.close()
    is_json = answer.headers["Content-Type"].startswith("application/json") and found
    return answer.status, json.loads(found) if is_json else found, answer


# --- what HTTP adds -----------------------------------------------------------------------------------------------


def test_it_is_on_this_machine_alone(served: Served) -> None:
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", served.url)
    assert ask(served, "GET", "/readyz")[:2] == (200, "ok")


@pytest.mark.parametrize(("host", "status"), [("127.0.0.1:1", 200), ("localhost", 200), ("localhost:80", 200), ("evil.example",
    403),
                                              ("evil.example:80", 403), ("127.0.0.1.evil.example:80", 403)])
def test_whoever_means_another_host_is_refused(served: Served, host: str, status: int) -> None:
    assert ask(served, "GET", "/readyz", Host=host)[0] == status


def test_a_body_that_is_too_large(served: Served) -> None:
    assert ask(served, "POST", CONFIGMAPS, **{"Content-Length": str(1 << 30)})[0] == 413
    assert ask(served, "POST", CONFIGMAPS, **{"Content-Length": "x"})[0] == 400


def test_one_connection_serves_many_requests(served: Served) -> None:
    connection = http.client.HTTPConnection(HOST, int(served.url.rpartition(":")[2]), timeout=10)
    for method, path, status in (("GET", "/version", 200), ("HEAD", "/version", 200), ("GET", "/nope", 404), ("GET", "/readyz",
        200)):
        connection.request(method, path)
        answer = connection.getresponse()
        assert (answer.status, answer.read() != b"") == (status, method != "HEAD")
    connection.close()


def test_warnings_are_header_fields(served: Served) -> None:
    status, _, answer = ask(served, "POST", f"{CONFIGMAPS}?fieldValidation=Warn", {"metadata": {"name": "a"}, "dota": {}})
    assert (status, answer.headers["Warning"]) == (201, r'299 - "unknown field \"dota\""')


@pytest.mark.parametrize(("agent", "who"), [("kubectl/v1.37.1 (linux/amd64) kubernetes/x", "kubectl"), ("curl/8.0", "curl"), ("",
    "client")])
def test_the_history_says_which_program_wrote(served: Served, agent: str, who: str) -> None:
    ask(served, "POST", CONFIGMAPS, {"metadata": {"name": "a"}}, **{"User-Agent": agent})
    assert served.cluster.history[-1].who == who


def test_after_a_write_the_cluster_settles_unless_it_is_paused(served: Served) -> None:
    place = "/apis/apps/v1/namespaces/default/deployments/web/scale"
    ask(served, "PUT", place, {"spec": {"replicas": 5}})
    assert len(served.cluster.pods) == 5
    with served.cluster.paused():
        ask(served, "PUT", place, {"spec": {"replicas": 1}})
        assert len(served.cluster.pods) == 5


def test_a_kubeconfig(served: Served, tmp_path: Path) -> None:
    text = served.kubeconfig(tmp_path / "config", "mine")
    found = yaml.safe_load(text)
    assert (tmp_path / "config").read_text() == text
    assert (found["current-context"], found["clusters"][0]["cluster"]["server"]) == ("mine", served.url)
    assert yaml.safe_load(served.kubeconfig())["current-context"] == "k8snet"


def test_a_closed_server_answers_nobody() -> None:
    served = serve(Cluster(nodes=1))
    assert ask(served, "GET", "/readyz")[0] == 200
    served.close()
    served.close()
    with pytest.raises(OSError, match=r"refused|reset"):
        ask(served, "GET", "/readyz")


def test_two_clusters_are_served_side_by_side() -> None:
    with serve(Cluster(nodes=1)) as one, serve(Cluster(nodes=2)) as two:
        counts = [len(ask(each, "GET", "/api/v1/nodes")[1]["items"]) for each in (one, two)]
    assert counts == [2, 3]


# --- watches ------------------------------------------------------------------------------------------------------


class Watcher(threading.Thread):
    """Somebody who watches, and notes what is told."""

    def __init__(self, served: Served, path: str) -> None:
        super().__init__(daemon=True)
        self.events: list[tuple[str, str]] = []
        self._connection = http.client.HTTPConnection(HOST, int(served.url.rpartition(":")[2]), timeout=10)
        self._connection.request("GET", path)
        self._answer = self._connection.getresponse()
        self.start()

    def run(self) -> None:
        try:
            for line in self._answer:
                event = json.loads(line)
                self.events.append((event["type"], event["object"]["metadata"]["name"]))
        except (http.client.HTTPException, OSError):
            pass
        finally:
            self._connection.close()

    def saw(self, *events: tuple[str, str]) -> bool:
        """Whether these have been told, after a while at the latest."""
        end = time.monotonic() + 5
        while self.events != list(events) and time.monotonic() < end:
            time.sleep(0.01)
        return self.events == list(events)


def test_a_watch_hears_of_writes_as_they_are_made(served: Served) -> None:
    watcher = Watcher(served, f"{CONFIGMAPS}?watch=true")
    ask(served, "POST", CONFIGMAPS, {"metadata": {"name": "a"}})
    assert watcher.saw(("ADDED", "a"))
    with served.locked():
        served.cluster.delete("ConfigMap", "a")
    assert watcher.saw(("ADDED", "a"), ("DELETED", "a"))


def test_a_watch_ends_when_its_time_is_up(served: Served) -> None:
    begin = time.monotonic()
    watcher = Watcher(served, f"{CONFIGMAPS}?watch=true&timeoutSeconds=1")
    watcher.join(5)
    assert not watcher.is_alive()
    assert time.monotonic() - begin >= 0.9


def test_a_watch_ends_with_the_server() -> None:
    served = serve(Cluster(nodes=1))
    watcher = Watcher(served, f"{CONFIGMAPS}?watch=true")
    served.close()
    watcher.join(5)
    assert not watcher.is_alive()


def test_a_watch_whose_client_has_gone_ends(served: Served) -> None:
    before = threading.active_count()
    connection = http.client.HTTPConnection(HOST, int(served.url.rpartition(":")[2]), timeout=10)
    connection.request("GET", f"{CONFIGMAPS}?watch=true")
    connection.getresponse().close()
    connection.close()
    end = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < end:
        time.sleep(0.05)
    assert threading.active_count() == before


# --- the real kubectl ---------------------------------------------------------------------------------------------

NAMES = r"web-5b54d89d5b-\w{5}"
POD_ROW = rf"{NAMES} +1/1 +Running +0 +0s"
Story = list[tuple[str, str]]
"""Command lines, and what each must print: a regular expression for all of it, or ``refused: `` and a part of its complaint."""

STORIES: dict[str, Story] = {
    "get": [
        ("get pods", rf"NAME +READY +STATUS +RESTARTS +AGE\n(?:{POD_ROW}\n){{3}}"),
        ("get pods -o wide",
         rf"NAME .* NOMINATED NODE +READINESS GATES\n(?:{POD_ROW} +10\.244\.\d\.\d +node\d +<none> +<none>\n){{3}}"),
        ("get pods -o name", rf"(?:pod/{NAMES}\n){{3}}"),
        ("get pods -A", rf"NAMESPACE +NAME .*\n(?:default +{POD_ROW}\n){{3}}(?:kube-system .*\n){{4}}"),
        ("get pods -l app=web --field-selector spec.nodeName=node2 -o name", rf"pod/{NAMES}\n"),
        ("get pods -l app=db -o name", ""),
        ("get deploy/web -o yaml", r"apiVersion: apps/v1\nkind: Deployment\nmetadata:\n(?:.*\n)+"),
        ("get node node1 -o jsonpath={.spec.podCIDR}", r"10\.244\.1\.0/24"),
        ("get pods -o custom-columns=N:.metadata.name,ON:.spec.nodeName", rf"N +ON\n(?:{NAMES} +node\d\n){{3}}"),
        ("get pods --show-labels -L app --sort-by=.metadata.name",
         rf"(?:.*\n)(?:{POD_ROW} +web +app=web,pod-template-hash=5b54d89d5b\n){{3}}"),
        ("get all", r"(?:NAME .*\n(?:\w+(?:\.apps)?/.*\n)+\n?){4}"),
        ("get nodes",
         r"NAME .*\ncontrol-plane +Ready +control-plane +0s +v1\.37\.0\n(?:node\d +Ready +<none> +0s +v1\.37\.0\n){2}"),
        ("get events --field-selector involvedObject.kind=Deployment",
         r"LAST SEEN .*\n0s +Normal +ScalingReplicaSet +deployment/web +.*\n"),
        ("get svc,ns,leases -A -o name", r"(?:[\w./-]+\n)+"),
        ("get --raw /readyz", "ok"),
    ],
    "describe": [(f"describe {each}", r"Name: +[\w-]+\n(?:.*\n)+") for each in (
        "pods", "deploy web", "rs", "node node1", "svc kubernetes", "ns default", "lease -n kube-node-lease node1")],
    "explain": [
        ("explain pod.spec.containers.ports",
         r"KIND: +Pod\nVERSION: +v1\n(?:.*\n)*.*containerPort\t<integer> -required-\n(?:.*\n)*"),
        ("explain deployments", r"(?:GROUP: +apps\n)?KIND: +Deployment\nVERSION: +(?:apps/)?v1\n(?:.*\n)*"),
        ("explain lease.spec --recursive", r"(?:.*\n)*.*renewTime\t<(?:MicroTime|string)>\n(?:.*\n)*"),
        ("api-resources --namespaced=false", r"NAME .*\nnamespaces +ns +v1 +false +Namespace\nnodes +no +v1 +false +Node\n"),
        ("api-resources -o name", r"(?:[\w.]+\n){14}"),
        ("api-versions", r"apps/v1\ncoordination.k8s.io/v1\ndiscovery.k8s.io/v1\npolicy/v1\nv1\n"),
        ("cluster-info", r"(?s).*control plane.* is running at .*"),
    ],
    "apply": [
        ("create ns shop", "namespace/shop created\n"),
        (f"apply -f {MANIFESTS}/figure.yaml -n default", r"(?:pod/pod-\w created\n){4}"),
        (f"apply -f {DEPLOYMENT} -n shop --dry-run=server", r"deployment.apps/web created \(server dry run\)\n"),
        (f"apply -f {DEPLOYMENT} -n shop", "deployment.apps/web created\n"),
        (f"apply -f {DEPLOYMENT} -n shop", "deployment.apps/web unchanged\n"),
        ("scale deploy/web -n shop --replicas=1", "deployment.apps/web scaled\n"),
        (f"apply -f {DEPLOYMENT} -n shop", "deployment.apps/web configured\n"),
        (f"diff -f {DEPLOYMENT} -n shop", ""),
        (f"replace -f {DEPLOYMENT} -n shop", "deployment.apps/web replaced\n"),
        (f"delete -f {DEPLOYMENT} -n shop", r'deployment.apps "web" deleted(?: from shop namespace)?\n'),
        ("delete ns shop", 'namespace "shop" deleted\n'),
    ],
    "create": [
        ("create deploy x --image=nginx", "deployment.apps/x created\n"),
        ("wait --for=condition=Available deploy/x --timeout=5s", "deployment.apps/x condition met\n"),
        ("rollout status deploy/x", 'deployment "x" successfully rolled out\n'),
        ("create cm c --from-literal=a=b", "configmap/c created\n"),
        ("get cm c -o jsonpath={.data}", r'{"a":"b"}'),
        ("create secret generic s --from-literal=a=b", "secret/s created\n"),
        ("get secret s -o jsonpath={.data.a}", "Yg=="),
        ("create sa robot", "serviceaccount/robot created\n"),
        ("run box --image=busybox --restart=Never -- sleep 1d", "pod/box created\n"),
        ("get pod box", r"NAME +READY .*\nbox +1/1 +Running +0 +0s\n"),
        ("run web --image=nginx", "pod/web created\n"),
        ("logs web", "/docker-entrypoint.sh: Configuration complete; ready for start up\n"),
        ("logs -f web --tail=1 --timestamps", r"2026-11-01T00:00:00.000000000Z /docker-entrypoint.sh: .*\n"),
        ("delete pod box --grace-period=1", r'pod "box" deleted(?: from default namespace)?\n'),
        ("delete cm,secret --all",
         r'configmap "c" deleted(?: from default namespace)?\nsecret "s" deleted(?: from default namespace)?\n'),
        ("delete deploy x --cascade=foreground", r'deployment.apps "x" deleted(?: from default namespace)?\n'),
        ("get deploy x --ignore-not-found", ""),
    ],
    "change": [
        ("label deploy web tier=front", "deployment.apps/web labeled\n"),
        ("label pods -l app=web x=y", rf"(?:pod/{NAMES} labeled\n){{3}}"),
        ("label deploy web tier-", r"deployment.apps/web (?:un)?labeled\n"),
        ("annotate deploy web a=b", "deployment.apps/web annotated\n"),
        ("set image deploy/web nginx=nginx:1.28", "deployment.apps/web image updated\n"),
        ("set env deploy/web A=b", "deployment.apps/web env updated\n"),
        ("rollout status deploy/web", 'deployment "web" successfully rolled out\n'),
        ("rollout history deploy/web", r"deployment.apps/web \nREVISION +CHANGE-CAUSE\n1 +<none>\n2 +<none>\n3 +<none>\n\n"),
        ("rollout restart deploy/web", "deployment.apps/web restarted\n"),
        ("patch deploy web -p {\"spec\":{\"replicas\":2}}", "deployment.apps/web patched\n"),
        ("patch deploy web --type=json -p [{\"op\":\"remove\",\"path\":\"/spec/minReadySeconds\"}]",
         "refused: The request is invalid"),
        ("patch node node1 --type=merge -p {\"metadata\":{\"labels\":{\"q\":\"r\"}}}", "node/node1 patched\n"),
    ],
    "nodes": [
        ("taint node node1 a=b:NoSchedule", "node/node1 tainted\n"),
        ("taint node node1 a-", "node/node1 untainted\n"),
        ("cordon node2", "node/node2 cordoned\n"),
        ("get node node2", r"NAME .*\nnode2 +Ready,SchedulingDisabled .*\n"),
        ("drain node1 --ignore-daemonsets --timeout=5s",
         rf"node/node1 cordoned\n(?:evicting pod default/{NAMES}\n)+(?:pod/{NAMES} evicted\n)+"
         r"node/node1 (?:drained|evicted)\n"),
        ("get pods --field-selector spec.nodeName=node1 -o name", ""),
        ("uncordon node1", "node/node1 uncordoned\n"),
        ("drain node2 --disable-eviction --timeout=5s",
         rf"node/node2 already cordoned\n(?:pod/{NAMES} deleted\n)+node/node2 (?:drained|deleted)\n"),
    ],
    "refusals": [
        ("get pod nope", 'refused: Error from server (NotFound): pods "nope" not found'),
        ("get nope", 'refused: error: the server doesn\'t have a resource type "nope"'),
        ("get pods -l app,,", "refused: Error from server (BadRequest): Unable to find"),
        ("scale deploy/nope --replicas=1", 'refused: Error from server (NotFound): deployments.apps "nope" not found'),
        ("create deploy Web --image=nginx", 'refused: "Web" is invalid: '),
        ("create ns default", 'refused: Error from server (AlreadyExists): namespaces "default" already exists'),
        ("delete ns default",
         'refused: Error from server (Forbidden): namespaces "default" is forbidden: this namespace may not be deleted'),
        ("logs deploy/web -p", "refused: Error from server (BadRequest): previous terminated container"),
        (f"apply --server-side -f {DEPLOYMENT}", "refused: Error from server (NotImplemented): not modelled: server-side apply"),
        ("top node", "refused: error: Metrics API not available"),
    ],
}  # fmt: skip


REMARKS = {("1.20", "describe svc kubernetes"):
           "Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice\n"}  # fmt: skip
"""What the server remarks: kubectl 1.20 looks for who is behind a Service in its Endpoints."""


@pytest.mark.parametrize("story", STORIES)
def test_the_real_kubectl_is_content(served: Served, version: str, story: str) -> None:
    binary = real.kubectl(version)
    for line, wanted in STORIES[story]:
        ran = real.run(binary, served, line.split(" ") if "{" in line else line)
        if wanted.startswith("refused: "):
            assert (ran.code, wanted.removeprefix("refused: ") in ran.stderr) == (1, True), (line, ran)
        else:
            assert (ran.stderr, ran.code) == (REMARKS.get((version, line), ""), 0), (line, ran)
            assert re.fullmatch(wanted, ran.stdout), (line, ran.stdout)


@pytest.mark.parametrize("row", STRATEGIC, ids=lambda row: row.about)
def test_the_real_kubectl_merges_alike(row: Row) -> None:
    words = ["patch", "--local", "-f", "-", "--type", "strategic", "-p", json.dumps(row.patch), "-o", "json"]
    ran = real.run(real.kubectl("1.37"), None, words, json.dumps(row.document))
    assert (ran.stderr, ran.code) == ("", 0)
    assert without_nothing(json.loads(ran.stdout)) == without_nothing(row.result)


def without_nothing(value: Any) -> Any:
    """A document without what is empty: kubectl prints all that Go never leaves out."""
    if isinstance(value, dict):
        return {key: without_nothing(each) for key, each in value.items() if each not in ({}, [], "", None)}
    return [without_nothing(each) for each in value] if isinstance(value, list) else value


def test_no_request_is_refused_that_is_not_to_be(served: Served) -> None:
    binary, seen = real.kubectl("1.37"), set[str]()
    for line in ("get pods", "get all -A", f"apply -f {DEPLOYMENT}", "scale deploy/web --replicas=2", "drain node1 --timeout=5s",
                 "explain pod", "rollout status deploy/web", "describe pods", "describe deploy web", "logs deploy/web", "events"):
        ran = real.run(binary, served, f"{line} -v=6")
        assert ran.code == 0, (line, ran.stderr)
        seen |= {each for each in re.findall(r'url="http://[\d.:]+(\S+)" status="(?!2)[^"]*"', ran.stderr)
                 if not re.search(r"/pods/web-\S+", each)}  # drain asks for evicted pods until they are not found
    assert seen == set()


@pytest.mark.parametrize("line", ["get pods -w", "get pods -w -o name", "get pods --watch-only --output-watch-events"])
def test_a_watching_kubectl_sees_a_pod_come(served: Served, version: str, line: str) -> None:
    with tempfile.TemporaryDirectory() as home:
        config = str(Path(home) / "config")
        served.kubeconfig(config)
        watching = subprocess.Popen(
            [real.kubectl(version), *line.split()], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=real._environment(home, config),
        )  # fmt: skip
        assert watching.stdout is not None
        assert watching.stderr is not None
        killer = threading.Timer(real.SECONDS, watching.kill)
        killer.start()
        try:
            if "only" not in line:
                assert [watching.stdout.readline() for _ in range(3)][-1]
            else:
                time.sleep(1)
            with served.locked():
                served.cluster.apply(LATE)
            found = ""
            while "late" not in found:
                found = watching.stdout.readline()
                assert found, watching.stderr.read()
        finally:
            killer.cancel()
            watching.kill()
            watching.communicate()
