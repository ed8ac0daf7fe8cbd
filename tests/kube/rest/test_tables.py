"""What the API server's tables show: rows for each rule of its printers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from k8snet.kube.objects import KINDS
from k8snet.kube.rest.tables import table

NOW = datetime(2026, 11, 1, 1, tzinfo=UTC)
CREATED = "2026-11-01T00:57:30Z"
AGE = "2m30s"


def shown(kind: str, manifest: dict[str, Any]) -> list[Any]:
    """The cells of one object."""
    made = {**manifest, "metadata": {"name": "it", "creationTimestamp": CREATED, **manifest.get("metadata", {})}}
    answer = table(KINDS[kind], [msgspec.convert(made, KINDS[kind].type)], NOW)
    (row,) = answer["rows"]
    assert len(row["cells"]) == len(answer["columnDefinitions"])
    cells: list[Any] = row["cells"]
    return cells


COLUMNS = {
    "Pod": "Name Ready Status Restarts Age +IP +Node +Nominated_Node +Readiness_Gates",
    "Node": "Name Status Roles Age Version +Internal-IP +External-IP +OS-Image +Kernel-Version +Container-Runtime",
    "Namespace": "Name Status Age",
    "Service": "Name Type Cluster-IP External-IP Port(s) Age +Selector",
    "Endpoints": "Name Endpoints Age",
    "EndpointSlice": "Name AddressType Ports Endpoints Age",
    "Event": "Last_Seen Type Reason Object +Subobject +Source Message +First_Seen +Count +Name",
    "ConfigMap": "Name Data Age",
    "Secret": "Name Type Data Age",
    "ServiceAccount": "Name Age",
    "Deployment": "Name Ready Up-to-date Available Age +Containers +Images +Selector",
    "ReplicaSet": "Name Desired Current Ready Age +Containers +Images +Selector",
    "DaemonSet": "Name Desired Current Ready Up-to-date Available Node_Selector Age +Containers +Images +Selector",
    "Lease": "Name Holder Age",
}
INTEGERS = {"ReplicaSet": 3, "DaemonSet": 5}


@pytest.mark.parametrize("kind", KINDS)
def test_columns(kind: str) -> None:
    columns = table(KINDS[kind], [], NOW)["columnDefinitions"]
    assert " ".join("+" * each["priority"] + each["name"].replace(" ", "_") for each in columns) == COLUMNS[kind]
    assert [each["name"] for each in columns if each["format"] == "name"] == ["Name"]
    assert sum(each["type"] == "integer" for each in columns) == INTEGERS.get(kind, 0)
    assert all(each["description"] and "\n" not in each["description"] for each in columns)
    assert [list(each) for each in columns] == [["name", "type", "format", "description", "priority"]] * len(columns)


def test_no_objects_no_rows() -> None:
    assert table(KINDS["Pod"], [], NOW)["rows"] == []


# --- pods --------------------------------------------------------------------------------------------------------


def container(state: dict[str, Any], *, name: str = "c1", ready: bool = False, restarts: int = 0, ended: str = "",
              **more: Any) -> dict[str, Any]:  # fmt: skip
    last = {"lastState": {"terminated": {"exitCode": 1, "finishedAt": ended}}} if ended else {}
    return {"name": name, "image": "i", "imageID": "", "ready": ready, "restartCount": restarts, "state": state, **last, **more}


def waiting(reason: str | None) -> dict[str, Any]:
    return {"waiting": {"reason": reason} if reason else {}}


def ended(code: int, reason: str | None = None, signal: int | None = None) -> dict[str, Any]:
    return {"terminated": {"exitCode": code, **({"reason": reason} if reason else {}), **({"signal": signal} if signal else {})}}


RUNNING: dict[str, Any] = {"running": {}}
READY = {"type": "Ready", "status": "True"}
INITIALIZED = {"type": "Initialized", "status": "True"}
DELETED = {"metadata": {"deletionTimestamp": CREATED}}


def pod(phase: str, *containers: dict[str, Any], inits: Sequence[dict[str, Any]] = (), sidecars: Sequence[str] = (),
        conditions: Sequence[dict[str, Any]] = (), more: dict[str, Any] | None = None,
        **status: Any) -> dict[str, Any]:  # fmt: skip
    names = [each["name"] for each in containers] or ["c1"]
    always = {"restartPolicy": "Always"}
    spec_inits = [{"name": each["name"], **(always if each["name"] in sidecars else {})} for each in inits]
    return {
        "spec": {"containers": [{"name": name} for name in names], "initContainers": spec_inits},
        "status": {"phase": phase, "containerStatuses": list(containers), "initContainerStatuses": list(inits),
                   "conditions": list(conditions), **status},
        **(more or {}),
    }  # fmt: skip


def init(state: dict[str, Any], name: str = "i1", **more: Any) -> dict[str, Any]:
    return container(state, name=name, **more)


DONE = ended(0, "Completed")
PODS: dict[str, tuple[dict[str, Any], str]] = {
    "no status yet": (pod("Pending"), "0/1 Pending 0"),
    "the pod's own reason": (pod("Failed", reason="Evicted"), "0/1 Evicted 0"),
    "it runs": (pod("Running", container(RUNNING, ready=True), conditions=[READY]), "1/1 Running 0"),
    "it runs but is not ready": (pod("Running", container(RUNNING)), "0/1 Running 0"),
    "one of two": (pod("Running", container(RUNNING, ready=True), container(RUNNING, name="c2")), "1/2 Running 0"),
    "ready without running does not count": (pod("Running", container({}, ready=True)), "0/1 Running 0"),
    "a container waits": (pod("Pending", container(waiting("ContainerCreating"))), "0/1 ContainerCreating 0"),
    "waiting without a reason": (pod("Pending", container(waiting(None))), "0/1 Pending 0"),
    "an image cannot be pulled": (pod("Pending", container(waiting("ErrImagePull"))), "0/1 ErrImagePull 0"),
    "the first container that waits is told": (
        pod("Pending", container(waiting("A")), container(waiting("B"), name="c2")), "0/2 A 0"),
    "crashing": (pod("Running", container(waiting("CrashLoopBackOff"), restarts=3)), "0/1 CrashLoopBackOff 3"),
    "restarted, and when": (
        pod("Running", container(waiting("CrashLoopBackOff"), restarts=3, ended="2026-11-01T00:59:55Z")),
        "0/1 CrashLoopBackOff 3 (5s ago)"),
    "the last restart of all": (
        pod("Running", container(RUNNING, restarts=1, ended="2026-11-01T00:50:00Z"),
            container(RUNNING, name="c2", restarts=1, ended="2026-11-01T00:59:00Z")), "0/2 Running 2 (60s ago)"),
    "an end without a restart": (pod("Running", container(RUNNING, ended="2026-11-01T00:50:00Z")), "0/1 Running 0"),
    "completed": (pod("Succeeded", container(DONE)), "0/1 Completed 0"),
    "an error": (pod("Failed", container(ended(1, "Error"))), "0/1 Error 0"),
    "out of memory": (pod("Running", container(ended(137, "OOMKilled"))), "0/1 OOMKilled 0"),
    "an exit code without a reason": (pod("Failed", container(ended(7))), "0/1 ExitCode:7 0"),
    "a signal without a reason": (pod("Failed", container(ended(137, signal=9))), "0/1 Signal:9 0"),
    "one completed, one runs, and the pod is ready": (
        pod("Running", container(DONE), container(RUNNING, name="c2", ready=True), conditions=[READY]), "1/2 Running 0"),
    "one completed, one runs, and the pod is not ready": (
        pod("Running", container(DONE), container(RUNNING, name="c2", ready=True)), "1/2 NotReady 0"),
    "one completed, one failed": (
        pod("Failed", container(DONE), container(ended(1, "Error"), name="c2")), "0/2 Error 0"),
    "one failed, one completed": (
        pod("Failed", container(ended(1, "Error")), container(DONE, name="c2")), "0/2 Error 0"),
    "one completed, one failed, one runs": (
        pod("Running", container(DONE), container(ended(2, "Error"), name="c2"), container(RUNNING, name="c3", ready=True)),
        "1/3 Error 0"),
    "not to be scheduled yet": (
        pod("Pending", conditions=[{"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}]),
        "0/1 SchedulingGated 0"),
    "not scheduled": (
        pod("Pending", conditions=[{"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}]), "0/1 Pending 0"),
    "it is deleted": (pod("Running", container(RUNNING, ready=True), more=DELETED), "1/1 Terminating 0"),
    "it is deleted, on a lost node": (pod("Running", reason="NodeLost", more=DELETED), "0/1 Unknown 0"),
    "it is deleted when it has ended": (pod("Succeeded", container(DONE), more=DELETED), "0/1 Completed 0"),
    "an init container runs": (pod("Pending", inits=[init(RUNNING)]), "0/1 Init:0/1 0"),
    "one init container is done": (pod("Pending", inits=[init(DONE), init(RUNNING, "i2")]), "0/1 Init:1/2 0"),
    "an init container waits for its turn": (pod("Pending", inits=[init(waiting("PodInitializing"))]), "0/1 Init:0/1 0"),
    "an init container waits": (
        pod("Pending", inits=[init(waiting("CrashLoopBackOff"), restarts=2)]), "0/1 Init:CrashLoopBackOff 2"),
    "an init container failed": (pod("Pending", inits=[init(ended(1, "Error"))]), "0/1 Init:Error 0"),
    "an init container's exit code": (pod("Pending", inits=[init(ended(3))]), "0/1 Init:ExitCode:3 0"),
    "an init container's signal": (pod("Pending", inits=[init(ended(3, signal=15))]), "0/1 Init:Signal:15 0"),
    "restarts of init containers while they run": (
        pod("Pending", inits=[init(RUNNING, restarts=2, ended="2026-11-01T00:59:50Z")]), "0/1 Init:0/1 2 (10s ago)"),
    "restarts of init containers are forgotten": (
        pod("Running", container(RUNNING, ready=True, restarts=1), inits=[init(DONE, restarts=4)]), "1/1 Running 1"),
    "containers are told once the pod is initialized": (
        pod("Running", container(waiting("CrashLoopBackOff")), inits=[init(RUNNING)], conditions=[INITIALIZED]),
        "0/1 CrashLoopBackOff 0"),
    "a sidecar counts": (
        pod("Running", container(RUNNING, ready=True), inits=[init(RUNNING, ready=True, started=True)], sidecars=("i1",)),
        "2/2 Running 0"),
    "a sidecar that is not ready": (
        pod("Running", container(RUNNING, ready=True), inits=[init(RUNNING, started=True)], sidecars=("i1",)), "1/2 Running 0"),
    "a sidecar that has not started": (
        pod("Pending", container(waiting("PodInitializing")), inits=[init(RUNNING, started=False)], sidecars=("i1",)),
        "0/2 Init:0/1 0"),
    "restarts of a sidecar count": (
        pod("Running", container(RUNNING, ready=True, restarts=1),
            inits=[init(RUNNING, ready=True, started=True, restarts=2, ended="2026-11-01T00:59:30Z")], sidecars=("i1",)),
        "2/2 Running 3 (30s ago)"),
}  # fmt: skip


@pytest.mark.parametrize("case", PODS)
def test_a_pod(case: str) -> None:
    manifest, expected = PODS[case]
    name, ready, status, restarts, age, *_ = shown("Pod", manifest)
    assert (name, age) == ("it", AGE)
    assert f"{ready} {status} {restarts}" == expected


GATES = {"readinessGates": [{"conditionType": "a"}, {"conditionType": "b"}]}


def test_a_pod_in_full() -> None:
    bare = shown("Pod", pod("Pending"))
    assert bare[5:] == ["<none>"] * 4
    full = pod("Running", podIPs=[{"ip": "10.244.1.2"}, {"ip": "fd00::2"}], nominatedNodeName="node2",
               conditions=[{"type": "a", "status": "True"}, {"type": "b", "status": "False"}])  # fmt: skip
    full["spec"] |= {"nodeName": "node1", **GATES}
    assert shown("Pod", full)[5:] == ["10.244.1.2", "node1", "node2", "1/2"]


ENDS = [("Succeeded", "The pod has completed successfully."), ("Failed", "The pod failed.")]


@pytest.mark.parametrize(("phase", "message"), ENDS)
def test_the_row_of_a_finished_pod_says_so(phase: str, message: str) -> None:
    made = msgspec.convert({"metadata": {"name": "it"}, "status": {"phase": phase}}, KINDS["Pod"].type)
    (row,) = table(KINDS["Pod"], [made], NOW)["rows"]
    assert row["conditions"] == [{"type": "Completed", "status": "True", "reason": phase, "message": message}]


def test_the_row_of_another_pod_does_not() -> None:
    made = msgspec.convert({"metadata": {"name": "it"}, "status": {"phase": "Running"}}, KINDS["Pod"].type)
    assert list(table(KINDS["Pod"], [made], NOW)["rows"][0]) == ["cells"]


def test_what_has_no_timestamp_has_no_age() -> None:
    made = msgspec.convert({"metadata": {"name": "it"}}, KINDS["ServiceAccount"].type)
    assert table(KINDS["ServiceAccount"], [made], NOW)["rows"] == [{"cells": ["it", "<unknown>"]}]


# --- nodes -------------------------------------------------------------------------------------------------------

INFO = dict.fromkeys(
    ("architecture", "bootID", "kubeProxyVersion", "machineID", "operatingSystem", "systemUUID", "osImage", "kernelVersion",
     "containerRuntimeVersion"), "") | {"kubeletVersion": "v1.37.1"}  # fmt: skip


def node(*, ready: str | None = "True", labels: dict[str, str] | None = None, unschedulable: bool = False,
         **status: Any) -> dict[str, Any]:  # fmt: skip
    conditions = [{"type": "Ready", "status": ready}] if ready else []
    return {
        "metadata": {"labels": labels or {}},
        "spec": {"unschedulable": unschedulable},
        "status": {"nodeInfo": INFO, "conditions": [{"type": "DiskPressure", "status": "False"}, *conditions], **status},
    }


ROLE = "node-role.kubernetes.io/"
NODES = [
    (node(), "Ready <none>"),
    (node(ready="False"), "NotReady <none>"),
    (node(ready="Unknown"), "NotReady <none>"),
    (node(ready=None), "Unknown <none>"),
    (node(unschedulable=True), "Ready,SchedulingDisabled <none>"),
    (node(ready=None, unschedulable=True), "Unknown,SchedulingDisabled <none>"),
    (node(labels={f"{ROLE}control-plane": ""}), "Ready control-plane"),
    (node(labels={f"{ROLE}worker": "", f"{ROLE}edge": "x", "kubernetes.io/role": "old"}), "Ready edge,old,worker"),
    (node(labels={ROLE: "", "kubernetes.io/role": ""}), "Ready <none>"),
]


@pytest.mark.parametrize(("manifest", "expected"), NODES, ids=[each for _, each in NODES])
def test_a_node(manifest: dict[str, Any], expected: str) -> None:
    name, status, roles, age, version, *_ = shown("Node", manifest)
    assert (name, age, version) == ("it", AGE, "v1.37.1")
    assert f"{status} {roles}" == expected


def test_a_node_in_full() -> None:
    assert shown("Node", node())[5:] == ["<none>", "<none>", "<unknown>", "<unknown>", "<unknown>"]
    addresses = [{"type": "Hostname", "address": "node1"}, {"type": "InternalIP", "address": "172.18.0.11"},
                 {"type": "InternalIP", "address": "fd00::11"}, {"type": "ExternalIP", "address": "198.51.100.11"}]  # fmt: skip
    info = INFO | {"osImage": "Debian", "kernelVersion": "6.12.0", "containerRuntimeVersion": "containerd://2.1"}
    wide = shown("Node", node(addresses=addresses, nodeInfo=info))[5:]
    assert wide == ["172.18.0.11", "198.51.100.11", "Debian", "6.12.0", "containerd://2.1"]


# --- services ----------------------------------------------------------------------------------------------------


def service(type_: str | None = "ClusterIP", ingress: list[dict[str, str]] | None = None, **spec: Any) -> dict[str, Any]:
    balancer = {"status": {"loadBalancer": {"ingress": ingress}}} if ingress is not None else {}
    return {"spec": {"clusterIPs": ["10.96.0.20"], **({"type": type_} if type_ else {}), **spec}, **balancer}


TCP, UDP = {"port": 80, "protocol": "TCP"}, {"port": 53, "protocol": "UDP"}
NODE_PORT = TCP | {"nodePort": 30080}
IP, NAME = {"ip": "198.51.100.7"}, {"hostname": "a-very-long-name.example.com"}
SERVICES = [
    (service(ports=[TCP]), "ClusterIP 10.96.0.20 <none> 80/TCP"),
    (service(ports=[TCP, UDP]), "ClusterIP 10.96.0.20 <none> 80/TCP,53/UDP"),
    (service(), "ClusterIP 10.96.0.20 <none> <none>"),
    (service(clusterIPs=["None"], ports=[TCP]), "ClusterIP None <none> 80/TCP"),
    (service(clusterIPs=["10.96.0.20", "fd00::20"]), "ClusterIP 10.96.0.20 <none> <none>"),
    (service(externalIPs=["192.0.2.1", "192.0.2.2"]), "ClusterIP 10.96.0.20 192.0.2.1,192.0.2.2 <none>"),
    (service("NodePort", ports=[NODE_PORT]), "NodePort 10.96.0.20 <none> 80:30080/TCP"),
    (service("NodePort", externalIPs=["192.0.2.1"]), "NodePort 10.96.0.20 192.0.2.1 <none>"),
    (service("LoadBalancer", ports=[NODE_PORT]), "LoadBalancer 10.96.0.20 <pending> 80:30080/TCP"),
    (service("LoadBalancer", ingress=[]), "LoadBalancer 10.96.0.20 <pending> <none>"),
    (service("LoadBalancer", ingress=[NAME, IP, IP]), "LoadBalancer 10.96.0.20 198.51.100.7,a-very-long-name.example.com <none>"),
    (service("LoadBalancer", ingress=[IP], externalIPs=["192.0.2.1"]), "LoadBalancer 10.96.0.20 198.51.100.7,192.0.2.1 <none>"),
    (service("LoadBalancer", externalIPs=["192.0.2.1"]), "LoadBalancer 10.96.0.20 192.0.2.1 <none>"),
    (service("ExternalName", clusterIPs=[], externalName="example.com"), "ExternalName <none> example.com <none>"),
    (service(None), " 10.96.0.20 <unknown> <none>"),
]


@pytest.mark.parametrize(("manifest", "expected"), SERVICES, ids=[each for _, each in SERVICES])
def test_a_service(manifest: dict[str, Any], expected: str) -> None:
    name, *cells, age, selector = shown("Service", manifest)
    assert (name, age, selector) == ("it", AGE, "<none>")
    assert " ".join(cells) == expected


def test_a_service_s_selector() -> None:
    assert shown("Service", service(selector={"tier": "front", "app": "web"}))[-1] == "app=web,tier=front"


def ips(*last: int) -> list[dict[str, str]]:
    return [{"ip": f"10.244.1.{each}"} for each in last]


HTTP, HTTPS = {"port": 80}, {"port": 443}
ENDPOINTS = [
    ({}, "<none>"),
    ({"subsets": []}, "<none>"),
    ({"subsets": [{"addresses": ips(2), "ports": [HTTP]}]}, "10.244.1.2:80"),
    ({"subsets": [{"addresses": ips(2, 3), "ports": [HTTP, HTTPS]}]}, "10.244.1.2:80,10.244.1.3:80,10.244.1.2:443 + 1 more..."),
    ({"subsets": [{"addresses": ips(2), "ports": [HTTP]}, {"addresses": ips(3)}]}, "10.244.1.2:80,10.244.1.3"),
    ({"subsets": [{"addresses": ips(2, 3, 4)}]}, "10.244.1.2,10.244.1.3,10.244.1.4"),
    ({"subsets": [{"addresses": ips(2, 3, 4, 5, 6)}]}, "10.244.1.2,10.244.1.3,10.244.1.4 + 2 more..."),
    ({"subsets": [{"notReadyAddresses": ips(2), "ports": [HTTP]}]}, ""),
    ({"subsets": [{"addresses": [{"ip": "fd00::2"}], "ports": [HTTP]}]}, "[fd00::2]:80"),
]


@pytest.mark.parametrize(("manifest", "expected"), ENDPOINTS)
def test_endpoints(manifest: dict[str, Any], expected: str) -> None:
    assert shown("Endpoints", manifest) == ["it", expected, AGE]


SLICES = [
    ([], [], "<unset>", "<unset>"),
    ([{"port": 80, "name": "http"}], [["10.244.1.2"]], "80", "10.244.1.2"),
    ([{"name": "http"}, {}], [["10.244.1.2"], ["10.244.1.3"]], "http,*", "10.244.1.2,10.244.1.3"),
    ([{"port": each} for each in (1, 2, 3, 4)], [["a", "b"], ["c", "d"], ["e"]], "1,2,3 + 1 more...", "a,b,c + 2 more..."),
    ([{"name": ""}], [[]], "<unset>", "<unset>"),
]


@pytest.mark.parametrize(("ports", "endpoints", "shown_ports", "shown_endpoints"), SLICES)
def test_an_endpoint_slice(ports: list[Any], endpoints: list[list[str]], shown_ports: str, shown_endpoints: str) -> None:
    manifest = {"addressType": "IPv4", "ports": ports, "endpoints": [{"addresses": each} for each in endpoints]}
    assert shown("EndpointSlice", manifest) == ["it", "IPv4", shown_ports, shown_endpoints, AGE]


# --- workloads ---------------------------------------------------------------------------------------------------

SELECTOR = {"matchLabels": {"tier": "front", "app": "web"}, "matchExpressions": [
    {"key": "zone", "operator": "In", "values": ["b", "a"]}, {"key": "old", "operator": "DoesNotExist"},
    {"key": "env", "operator": "NotIn", "values": ["dev"]}, {"key": "b", "operator": "Exists"}]}  # fmt: skip
SELECTED = "app=web,b,env notin (dev),!old,tier=front,zone in (a,b)"
TEMPLATE = {"spec": {"containers": [{"name": "a", "image": "nginx:1"}, {"name": "b", "image": "busybox"}]}}


def test_a_deployment() -> None:
    status = {"replicas": 5, "readyReplicas": 2, "updatedReplicas": 4, "availableReplicas": 1}
    cells = shown("Deployment", {"spec": {"replicas": 3, "selector": SELECTOR, "template": TEMPLATE}, "status": status})
    assert cells == ["it", "2/3", 4, 1, AGE, "a,b", "nginx:1,busybox", SELECTED]


def test_a_deployment_of_nothing() -> None:
    cells = shown("Deployment", {"spec": {"replicas": 0, "selector": {}, "template": {}}})
    assert cells == ["it", "0/0", 0, 0, AGE, "", "", ""]


def test_a_replicaset() -> None:
    status = {"replicas": 2, "readyReplicas": 1}
    cells = shown("ReplicaSet", {"spec": {"replicas": 3, "selector": SELECTOR, "template": TEMPLATE}, "status": status})
    assert cells == ["it", 3, 2, 1, AGE, "a,b", "nginx:1,busybox", SELECTED]
    assert shown("ReplicaSet", {"spec": {"selector": {}, "template": {}}})[-1] == "<none>"


def test_a_daemonset() -> None:
    status = {"desiredNumberScheduled": 5, "currentNumberScheduled": 4, "numberReady": 3, "updatedNumberScheduled": 2,
              "numberAvailable": 1, "numberMisscheduled": 9}  # fmt: skip
    template = {"spec": TEMPLATE["spec"] | {"nodeSelector": {"disk": "ssd", "arch": "arm"}}}
    cells = shown("DaemonSet", {"spec": {"selector": SELECTOR, "template": template}, "status": status})
    assert cells == ["it", 5, 4, 3, 2, 1, "arch=arm,disk=ssd", AGE, "a,b", "nginx:1,busybox", SELECTED]
    assert shown("DaemonSet", {"spec": {"selector": SELECTOR, "template": TEMPLATE}})[6] == "<none>"


# --- the others --------------------------------------------------------------------------------------------------

OTHERS = [
    ("Namespace", {"status": {"phase": "Terminating"}}, ["it", "Terminating", AGE]),
    ("ConfigMap", {"data": {"a": "1", "b": "2"}, "binaryData": {"c": "AA=="}}, ["it", 3, AGE]),
    ("ConfigMap", {}, ["it", 0, AGE]),
    ("Secret", {"type": "Opaque", "data": {"a": "MQ=="}}, ["it", "Opaque", 1, AGE]),
    ("ServiceAccount", {}, ["it", AGE]),
    ("Lease", {"spec": {"holderIdentity": "node1"}}, ["it", "node1", AGE]),
    ("Lease", {}, ["it", "", AGE]),
]


@pytest.mark.parametrize(("kind", "manifest", "expected"), OTHERS)
def test_the_others(kind: str, manifest: dict[str, Any], expected: list[Any]) -> None:
    assert shown(kind, manifest) == expected


def event(**more: Any) -> dict[str, Any]:
    return {"involvedObject": {"kind": "Pod", "name": "web"}, "type": "Normal", "reason": "Pulled", "message": "m", **more}


FIRST, LAST = "2026-11-01T00:50:00Z", "2026-11-01T00:59:55Z"
MICRO = "2026-11-01T00:59:50.000000Z"
EVENTS = [
    (event(firstTimestamp=FIRST, lastTimestamp=LAST, count=3), "5s", "10m", 3),
    (event(firstTimestamp=FIRST), "10m", "10m", 1),
    (event(eventTime=MICRO), "10s", "10s", 1),
    (event(eventTime=MICRO, series={"count": 7, "lastObservedTime": "2026-11-01T00:59:58.500000Z"}), "1s", "10s", 7),
    (event(), "<unknown>", "<unknown>", 1),
]


@pytest.mark.parametrize(("manifest", "last", "first", "count"), EVENTS)
def test_when_an_event_was(manifest: dict[str, Any], last: str, first: str, count: int) -> None:
    assert shown("Event", manifest) == [last, "Normal", "Pulled", "pod/web", "", "", "m", first, count, "it"]


WHOM = [
    (event(source={"component": "kubelet", "host": "node1"}), "pod/web", "kubelet, node1"),
    (event(source={"component": "scheduler"}), "pod/web", "scheduler"),
    (event(reportingComponent="kubelet", reportingInstance="node1"), "pod/web", "kubelet, node1"),
    (event(source={"component": "a"}, reportingComponent="b", reportingInstance="c"), "pod/web", "a, c"),
    (event(involvedObject={"kind": "ReplicaSet", "name": "web-1"}), "replicaset/web-1", ""),
    (event(involvedObject={"kind": "Node"}), "node", ""),
]


@pytest.mark.parametrize(("manifest", "about", "source"), WHOM)
def test_whom_an_event_is_about_and_who_tells_it(manifest: dict[str, Any], about: str, source: str) -> None:
    cells = shown("Event", manifest)
    assert (cells[3], cells[5]) == (about, source)


def test_an_event_s_message_has_no_spaces_around_it() -> None:
    about = {"kind": "Pod", "name": "web", "fieldPath": "spec.containers{web}"}
    cells = shown("Event", event(message=" two\nlines \n", involvedObject=about))
    assert (cells[4], cells[6]) == ("spec.containers{web}", "two\nlines")
