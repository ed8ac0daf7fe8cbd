"""POST, PUT, PATCH, DELETE: what is kept, what comes back, and what stands in the history."""

from __future__ import annotations

from typing import Any

import pytest

from tests.kube.rest.asking import CONFIGMAPS, DEPLOYMENTS, JSON_PATCH, MERGE, PODS, STRATEGIC, TABLE, House, configmap, pod


def last(house: House) -> tuple[str, str, str]:
    write = house.plane.api.history[-1]
    return write.who, write.verb, write.path


def test_a_new_object(house: House) -> None:
    answer = house.ask("POST", CONFIGMAPS, configmap(a="b"), who="somebody")
    assert (answer.status, answer.body["kind"], answer.body["data"]) == (201, "ConfigMap", {"a": "b"})
    assert answer.body["metadata"]["namespace"] == "default"
    assert last(house) == ("somebody", "POST", CONFIGMAPS)


def test_yaml_is_read_too(house: House) -> None:
    answer = house.ask("POST", CONFIGMAPS, "metadata:\n  name: a\ndata: {x: 'y'}\n", content_type="application/yaml")
    assert answer.body["data"] == {"x": "y"}


def test_the_answer_to_a_write_may_be_a_table(house: House) -> None:
    assert house.ask("POST", CONFIGMAPS, configmap(), accept=TABLE).body["rows"][0]["cells"][0] == "a"


def test_what_says_nothing_is_not_kept(house: House) -> None:
    spec = house.ask("POST", PODS, pod(hostNetwork=False, nodeSelector={}, hostname="", volumes=[], priority=0)).body["spec"]
    assert spec.keys().isdisjoint({"hostNetwork", "nodeSelector", "hostname", "volumes"})
    assert spec["priority"] == 0


@pytest.mark.parametrize(("how", "patch", "why"), [
    (STRATEGIC, {"spec": {"replicas": "x"}}, '"map[spec:map[replicas:x]]": unrecognized type: int32'),
    (STRATEGIC, {"metadata": {"labels": {"a": 1}}}, '"map[metadata:map[labels:map[a:1]]]": cannot convert int64 to string'),
    (MERGE, {"spec": {"replicas": "x"}}, "cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas"),
    (JSON_PATCH, [{"op": "add", "path": "/kind", "value": "Foo"}], 'no kind "Foo" is registered for version "apps/v1"'),
])  # fmt: skip
def test_a_patch_that_makes_no_object_is_refused_as_a_whole(house: House, how: str, patch: Any, why: str) -> None:
    answer = house.ask("PATCH", f"{DEPLOYMENTS}/web", patch, content_type=how)
    assert (answer.status, answer.body["reason"]) == (422, "Invalid")
    [cause] = answer.body["details"]["causes"]
    assert (cause["field"], cause["reason"]) == ("patch", "FieldValueInvalid")
    assert why in cause["message"]


@pytest.mark.parametrize(("validation", "status", "warnings"), [
    ("Strict", 400, ()),
    ("Warn", 201, ('unknown field "dota"', 'duplicate field "data"')),
    ("", 201, ('unknown field "dota"', 'duplicate field "data"')),
    ("Ignore", 201, ()),
])  # fmt: skip
def test_how_strictly_a_body_is_read(house: House, validation: str, status: int, warnings: tuple[str, ...]) -> None:
    body = '{"metadata": {"name": "a"}, "dota": {}, "data": {"a": "b"}, "data": {"a": "c"}}'
    answer = house.ask("POST", f"{CONFIGMAPS}?fieldValidation={validation}&fieldManager=me", body)
    assert (answer.status, answer.warnings) == (status, warnings)
    assert status != 201 or answer.body["data"] == {"a": "c"}


def test_put_replaces_the_whole(house: House) -> None:
    house.ask("POST", CONFIGMAPS, configmap(a="b", c="d"))
    answer = house.ask("PUT", f"{CONFIGMAPS}/a", configmap(a="e"))
    assert (answer.status, answer.body["data"]) == (200, {"a": "e"})
    assert last(house) == ("kubectl", "PUT", f"{CONFIGMAPS}/a")


def test_some_kinds_are_made_by_put(house: House) -> None:
    leases = "/apis/coordination.k8s.io/v1/namespaces/default/leases"
    assert house.ask("PUT", f"{leases}/a", {"metadata": {"name": "a"}, "spec": {}}).status == 201
    assert house.ask("PUT", f"{CONFIGMAPS}/a", configmap()).status == 404


PATCHES: list[tuple[str, Any, str, Any]] = [
    (MERGE, {"spec": {"replicas": 1}}, "spec.replicas", 1),
    (MERGE, {"metadata": {"labels": {"app": None, "x": "y"}}}, "metadata.labels", {"x": "y"}),
    (STRATEGIC, {"spec": {"template": {"spec": {"containers": [{"name": "nginx", "image": "nginx:1.28"}]}}}},
     "spec.template.spec.containers.0.image", "nginx:1.28"),
    (STRATEGIC, {"spec": {"template": {"spec": {"containers": [{"name": "nginx", "image": "nginx:1.28"}]}}}},
     "spec.template.spec.containers.0.ports.0.containerPort", 80),
    (STRATEGIC, {"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}}, "spec.strategy", {"type": "Recreate"}),
    (JSON_PATCH, [{"op": "replace", "path": "/spec/replicas", "value": 2}], "spec.replicas", 2),
    (JSON_PATCH, [{"op": "add", "path": "/metadata/annotations/a~1b", "value": "c"}], "metadata.annotations.a/b", "c"),
]  # fmt: skip


@pytest.mark.parametrize(("media", "patch", "place", "value"), PATCHES)
def test_patches(house: House, media: str, patch: Any, place: str, value: Any) -> None:
    answer = house.ask("PATCH", f"{DEPLOYMENTS}/web?fieldValidation=Strict", patch, content_type=media)
    assert answer.status == 200, answer.body
    found: Any = answer.body
    for step in place.split("."):
        found = found[int(step)] if step.isdecimal() else found[step]
    assert found == value
    assert last(house) == ("kubectl", "PATCH", f"{DEPLOYMENTS}/web")


def test_a_patch_with_a_version_is_for_that_version(house: House) -> None:
    patch = {"metadata": {"resourceVersion": "1"}, "spec": {"replicas": 1}}
    assert house.ask("PATCH", f"{DEPLOYMENTS}/web", patch, content_type=MERGE).body["reason"] == "Conflict"


def test_a_patch_that_changes_nothing_writes_nothing(house: House) -> None:
    version = house.plane.api.store.version
    assert house.ask("PATCH", f"{DEPLOYMENTS}/web", {"spec": {"replicas": 3}}, content_type=MERGE).status == 200
    assert house.plane.api.store.version == version


def test_the_status_is_written_apart(house: House) -> None:
    place = f"{DEPLOYMENTS}/web/status"
    answer = house.ask("PATCH", place, {"spec": {"replicas": 9}, "status": {"observedGeneration": 7}}, content_type=MERGE)
    assert (answer.body["spec"]["replicas"], answer.body["status"]["observedGeneration"]) == (3, 7)
    assert last(house) == ("kubectl", "PATCH", place)
    assert house.get(place)["status"]["observedGeneration"] == 7


@pytest.mark.parametrize(("method", "path", "body", "how"), [
    ("POST", f"{CONFIGMAPS}?dryRun=All", configmap(), {}),
    ("PUT", f"{DEPLOYMENTS}/web/scale?dryRun=All", {"spec": {"replicas": 1}}, {}),
    ("PATCH", f"{DEPLOYMENTS}/web?dryRun=All", {"spec": {"replicas": 1}}, {"content_type": MERGE}),
    ("DELETE", f"{DEPLOYMENTS}/web?dryRun=All", "", {}),
    ("DELETE", f"{DEPLOYMENTS}/web", {"dryRun": ["All"]}, {}),
    ("DELETE", f"{PODS}?dryRun=All", "", {}),
])  # fmt: skip
def test_a_dry_run_leaves_nothing(house: House, method: str, path: str, body: Any, how: dict[str, Any]) -> None:
    lists = ("/apis/apps/v1/deployments", "/api/v1/pods", "/api/v1/configmaps")
    before, length = [house.get(each) for each in lists], len(house.plane.api.history)
    assert house.ask(method, path, body, **how).status in (200, 201)
    assert ([house.get(each) for each in lists], len(house.plane.api.history)) == (before, length)


def test_a_dry_run_shows_what_would_be(house: House) -> None:
    made = house.ask("POST", f"{CONFIGMAPS}?dryRun=All", configmap()).body
    assert "uid" in made["metadata"]
    assert "resourceVersion" not in made["metadata"]
    seen = house.get(f"{DEPLOYMENTS}/web")
    patched = house.ask("PATCH", f"{DEPLOYMENTS}/web?dryRun=All", {"spec": {"replicas": 1}}, content_type=MERGE).body
    assert patched["spec"]["replicas"] == 1
    assert patched["metadata"]["resourceVersion"] == seen["metadata"]["resourceVersion"]


# --- deletion -----------------------------------------------------------------------------------------------------


def test_a_status_tells_of_what_is_gone(house: House) -> None:
    uid = house.ask("POST", CONFIGMAPS, configmap()).body["metadata"]["uid"]
    answer = house.ask("DELETE", f"{CONFIGMAPS}/a")
    assert (answer.status, answer.body) == (200, {
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
        "details": {"name": "a", "kind": "configmaps", "uid": uid}})


def test_a_pod_that_runs_comes_back_marked(house: House) -> None:
    name = house.pods[0]
    answer = house.ask("DELETE", f"{PODS}/{name}", {"gracePeriodSeconds": 5})
    assert (answer.status, answer.body["kind"]) == (200, "Pod")
    assert answer.body["metadata"]["deletionGracePeriodSeconds"] == 5


@pytest.mark.parametrize(("path", "body"), [("?gracePeriodSeconds=0", ""), ("", {"gracePeriodSeconds": 0})])
def test_a_pod_can_go_at_once(house: House, path: str, body: Any) -> None:
    name = house.pods[0]
    answer = house.ask("DELETE", f"{PODS}/{name}{path}", body)
    assert (answer.body["kind"], answer.body["metadata"]["name"]) == ("Pod", name)
    assert house.ask("GET", f"{PODS}/{name}").status == 404


@pytest.mark.parametrize(("policy", "finalizer"), [("Foreground", "foregroundDeletion"), ("Orphan", "orphan")])
def test_an_object_that_waits_for_others_comes_back(house: House, policy: str, finalizer: str) -> None:
    answer = house.ask("DELETE", f"{DEPLOYMENTS}/web", {"propagationPolicy": policy})
    assert answer.body["metadata"]["finalizers"] == [finalizer]


def test_a_whole_list_is_deleted(house: House) -> None:
    for name in "abc":
        house.ask("POST", CONFIGMAPS, {"metadata": {"name": name, "labels": {"half": str(name < "c")}}})
    answer = house.ask("DELETE", f"{CONFIGMAPS}?labelSelector=half%3DTrue")
    assert (answer.body["kind"], len(answer.body["items"])) == ("ConfigMapList", 2)
    assert [each["metadata"]["name"] for each in house.get(CONFIGMAPS)["items"]] == ["c"]


# --- parts --------------------------------------------------------------------------------------------------------


def test_a_scale(house: House) -> None:
    body = house.get(f"{DEPLOYMENTS}/web/scale")
    assert (body["kind"], body["apiVersion"], body["spec"], body["status"]) == (
        "Scale", "autoscaling/v1", {"replicas": 3}, {"replicas": 3, "selector": "app=web"})
    answer = house.ask("PUT", f"{DEPLOYMENTS}/web/scale", body | {"spec": {"replicas": 0}})
    assert answer.body["spec"] == {}
    assert last(house) == ("kubectl", "PUT", f"{DEPLOYMENTS}/web/scale")
    assert house.ask("PUT", f"{DEPLOYMENTS}/web/scale", body).body["reason"] == "Conflict"
    assert house.ask("PATCH", f"{DEPLOYMENTS}/web/scale", {"spec": {"replicas": 2}},
        content_type=MERGE).body["spec"] == {"replicas": 2}
    house.plane.settle()
    assert len(house.pods) == 2


def test_a_scale_as_a_table(shown: House) -> None:
    body = shown.get(f"{DEPLOYMENTS}/web/scale", accept=TABLE)
    assert [each["name"] for each in body["columnDefinitions"]] == ["Name", "Desired", "Available", "Age"]
    assert body["rows"][0]["cells"] == ["web", 3, 3, "0s"]


def test_a_binding(house: House) -> None:
    house.plane.paused = True
    house.ask("POST", PODS, pod())
    answer = house.ask("POST", f"{PODS}/a/binding", {"target": {"kind": "Node", "name": "node1"}})
    assert (answer.status, answer.body["status"], answer.body["code"]) == (201, "Success", 201)
    assert house.get(f"{PODS}/a")["spec"]["nodeName"] == "node1"
    assert last(house) == ("kubectl", "POST", f"{PODS}/a/binding")
    again = house.ask("POST", f"{PODS}/a/binding", {"target": {"name": "node1"}})
    assert again.body["message"] == 'Operation cannot be fulfilled on pods/binding "a": pod a is already assigned to node "node1"'
    assert again.body["details"] == {"name": "a", "kind": "pods/binding"}
    assert house.ask("POST", f"{PODS}/a/binding", {}).body["message"] == 'Binding "a" is invalid: target.name: Required value'


def test_an_eviction(house: House) -> None:
    name = house.pods[0]
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name}, "deleteOptions": {"gracePeriodSeconds": 7}}
    answer = house.ask("POST", f"{PODS}/{name}/eviction", body)
    assert (answer.status, answer.body["status"]) == (201, "Success")
    assert house.get(f"{PODS}/{name}")["metadata"]["deletionGracePeriodSeconds"] == 7
    assert house.ask("POST", f"{PODS}/nope/eviction", {}).body["message"] == 'pods "nope" not found'


def test_a_namespace_is_finalized(house: House) -> None:
    house.ask("POST", "/api/v1/namespaces", {"metadata": {"name": "shop"}})
    house.ask("DELETE", "/api/v1/namespaces/shop")
    seen = house.get("/api/v1/namespaces/shop")
    assert seen["status"] == {"phase": "Terminating"}
    assert house.ask("PUT", "/api/v1/namespaces/shop/finalize", seen | {"spec": {}}).status == 200
    assert house.ask("GET", "/api/v1/namespaces/shop").status == 404
