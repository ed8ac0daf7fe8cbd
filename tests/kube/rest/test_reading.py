"""GET: objects, lists, tables; which objects a list has."""

from __future__ import annotations

from typing import Any

import pytest

from k8snet.kube.api import EPOCH
from k8snet.kube.fielddocs import fields
from k8snet.kube.objects import Event, ObjectMeta, ObjectReference, changed
from k8snet.kube.rest import Request
from k8snet.kube.rest.wire import document
from tests.kube.rest.asking import CONFIGMAPS, DEPLOYMENTS, PODS, TABLE, House, configmap


def names(body: dict[str, Any]) -> list[str]:
    return [each["metadata"]["name"] for each in body["items"]]


def test_an_object_says_its_kind_and_a_list_says_that_of_its_items(shown: House) -> None:
    one, many = shown.get(f"{DEPLOYMENTS}/web"), shown.get(DEPLOYMENTS)
    assert (one["kind"], one["apiVersion"], one["metadata"]["name"]) == ("Deployment", "apps/v1", "web")
    assert (many["kind"], many["apiVersion"], names(many)) == ("DeploymentList", "apps/v1", ["web"])
    assert many["metadata"] == {"resourceVersion": str(shown.plane.api.store.version)}
    assert many["items"] == [{key: value for key, value in one.items() if key not in ("kind", "apiVersion")}]


@pytest.mark.parametrize(("query", "count"), [
    ("", 3),
    ("labelSelector=app%3Dweb", 3),
    ("labelSelector=app!%3Dweb", 0),
    ("labelSelector=app+in+(web,db),!old", 3),
    ("fieldSelector=status.phase%3DRunning", 3),
    ("fieldSelector=spec.nodeName%3Dnode9", 0),
    ("limit=1", 3),
    ("labelSelector=app%3Dweb&fieldSelector=spec.nodeName%3Dnode1", 3),
])  # fmt: skip
def test_lists_are_chosen_by_labels_and_fields(shown: House, query: str, count: int) -> None:
    assert len(shown.get(f"{PODS}?{query}")["items"]) == count


def test_a_list_of_all_namespaces_is_sorted(shown: House) -> None:
    items = shown.get("/api/v1/pods")["items"]
    places = [(each["metadata"]["namespace"], each["metadata"]["name"]) for each in items]
    assert places == sorted(places)
    assert {namespace for namespace, _ in places} == {"default", "kube-system"}


def test_a_table_has_the_columns_and_the_metadata_of_each_object(shown: House) -> None:
    body = shown.get(f"{PODS}?labelSelector=app%3Dweb", accept=TABLE)
    assert (body["kind"], body["apiVersion"]) == ("Table", "meta.k8s.io/v1")
    assert [each["name"] for each in body["columnDefinitions"][:5]] == ["Name", "Ready", "Status", "Restarts", "Age"]
    row = body["rows"][0]
    assert row["cells"][:3] == [shown.pods[0], "1/1", "Running"]
    assert (row["object"]["kind"], row["object"]["apiVersion"]) == ("PartialObjectMetadata", "meta.k8s.io/v1")
    assert row["object"]["metadata"]["name"] == shown.pods[0]
    assert set(row["object"]) == {"kind", "apiVersion", "metadata"}


@pytest.mark.parametrize(("include", "kind"), [("None", None), ("Metadata", "PartialObjectMetadata"), ("Object", "Deployment")])
def test_how_much_of_the_object_a_row_carries(shown: House, include: str, kind: str | None) -> None:
    row = shown.get(f"{DEPLOYMENTS}/web?includeObject={include}", accept=TABLE)["rows"][0]
    assert row.get("object", {}).get("kind") == kind


@pytest.mark.parametrize(("accept", "kind"), [
    ("application/json", "PodList"),
    ("*/*", "PodList"),
    ("", "PodList"),
    ("application/vnd.kubernetes.protobuf,application/json", "PodList"),
    ("application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json", "PodList"),
    (TABLE, "Table"),
    ("application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json", "PartialObjectMetadataList"),
])  # fmt: skip
def test_the_first_form_that_there_is_is_taken(shown: House, accept: str, kind: str) -> None:
    assert shown.get(PODS, accept=accept)["kind"] == kind


def test_metadata_alone(shown: House) -> None:
    accept = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json"
    body = shown.get(f"{DEPLOYMENTS}/web", accept=accept)
    assert (body["kind"], set(body)) == ("PartialObjectMetadata", {"kind", "apiVersion", "metadata"})


def test_what_go_never_leaves_out(house: House) -> None:
    node, service = house.get("/api/v1/nodes/node1"), house.get("/api/v1/namespaces/default/services/kubernetes")
    lease = house.get("/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/node1")
    event = house.get("/api/v1/events")["items"][0]
    assert service["status"] == {"loadBalancer": {}}
    assert "spec" in node
    assert lease["spec"]["renewTime"] == "2026-11-01T00:00:00.000000Z"
    assert (event["eventTime"], event["reportingInstance"]) == (None, "")
    house.plane.paused = True
    made = house.ask("POST", "/apis/apps/v1/namespaces/default/replicasets", {
        "metadata": {"name": "a"}, "spec": {"selector": {"matchLabels": {"a": "b"}}, "template": {
            "metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "a", "image": "nginx"}]}}}}).body
    assert made["status"] == {"replicas": 0}


def test_endpoints_come_with_a_warning(shown: House) -> None:
    answer = shown.ask("GET", "/api/v1/endpoints")
    assert answer.warnings == ("v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",)
    assert shown.ask("GET", PODS).warnings == ()


def test_a_query_may_stand_in_the_path_or_beside_it(shown: House) -> None:
    beside = shown.rest.handle(Request("GET", PODS, query={"labelSelector": "app=db"}))
    paired = shown.rest.handle(Request("GET", PODS, query=(("labelSelector", "app=db"),)))
    assert beside.body["items"] == paired.body["items"] == shown.get(f"{PODS}?labelSelector=app=db")["items"] == []


def test_reading_changes_nothing(house: House) -> None:
    before, version = list(house.plane.api.history), house.plane.api.store.version
    for path in (PODS, f"{DEPLOYMENTS}/web", f"{DEPLOYMENTS}/web/scale", "/apis", f"{CONFIGMAPS}?watch=1"):
        house.get(path)
        house.ask("HEAD", path)
    assert (house.plane.api.history, house.plane.api.store.version) == (before, version)


def test_events_are_found_by_what_they_are_about(shown: House) -> None:
    items = shown.get("/api/v1/events?fieldSelector=involvedObject.kind%3DDeployment,reason%3DScalingReplicaSet")["items"]
    assert [each["involvedObject"]["name"] for each in items] == ["web"]


def test_a_document_that_was_read_can_be_written(house: House) -> None:
    house.ask("POST", CONFIGMAPS, configmap(a="b"))
    seen = house.get(f"{CONFIGMAPS}/a")
    assert house.ask("PUT", f"{CONFIGMAPS}/a", seen).body == seen


def test_times_with_microseconds_are_those_of_their_types() -> None:
    bare = Event(metadata=ObjectMeta(), involvedObject=ObjectReference(), eventTime=EPOCH, lastTimestamp=EPOCH)
    series = next(each.of for each in fields(Event) if each.name == "series")
    assert series is not None
    told = document(changed(bare, series=series(count=2, lastObservedTime=EPOCH)))
    assert (told["eventTime"], told["series"]["lastObservedTime"]) == ("2026-11-01T00:00:00.000000Z",) * 2
    assert (told["firstTimestamp"], told["lastTimestamp"]) == (None, "2026-11-01T00:00:00Z")
