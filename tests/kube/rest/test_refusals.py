"""What is refused, and how: the Status, its code, and what it is about."""

from __future__ import annotations

from typing import Any

import pytest

from tests.kube.rest.asking import CONFIGMAPS, DEPLOYMENTS, JSON_PATCH, MERGE, PODS, STRATEGIC, House, configmap, pod

NO_PLACE = "the server could not find the requested resource"
NO_METHOD = "the server does not allow this method on the requested resource"
UNKNOWN_FIELD = {"metadata": {"name": "a"}, "dota": {}}
DELETE = '{"apiVersion": "v1", "kind": "DeleteOptions", '

Row = tuple[str, str, Any, dict[str, str], int, str, str | None, Any]
ROWS: list[Row] = [
    # nothing there
    ("GET", f"{PODS}/nope", "", {}, 404, "NotFound", 'pods "nope" not found', {"name": "nope", "kind": "pods"}),
    ("GET", f"{DEPLOYMENTS}/nope", "", {}, 404, "NotFound", 'deployments.apps "nope" not found',
     {"name": "nope", "group": "apps", "kind": "deployments"}),
    ("DELETE", f"{PODS}/nope", "", {}, 404, "NotFound", 'pods "nope" not found', {"name": "nope", "kind": "pods"}),
    ("PATCH", f"{PODS}/nope", "{}", {"content_type": MERGE}, 404, "NotFound", 'pods "nope" not found', {"name": "nope",
     "kind": "pods"}),
    ("GET", f"{PODS}/a%20b%3F", "", {}, 404, "NotFound", 'pods "a b?" not found', {"name": "a b?", "kind": "pods"}),
    ("GET", f"{DEPLOYMENTS}/nope/scale", "", {}, 404, "NotFound", 'deployments.apps "nope" not found',
     {"name": "nope", "group": "apps", "kind": "deployments"}),
    ("POST", PODS.replace("default", "shop"), pod(), {}, 404, "NotFound", 'namespaces "shop" not found',
     {"name": "shop", "kind": "namespaces"}),
    # numbers that are none
    ("DELETE", f"{PODS}/web?gracePeriodSeconds=--5", "", {}, 400, "BadRequest",
     'strconv.ParseInt: parsing "--5": invalid syntax', None),
    *(("DELETE", f"{PODS}/web", {"gracePeriodSeconds": value}, {}, 400, "BadRequest",
       f'DeleteOptions in version "v1" cannot be handled as a DeleteOptions: json: cannot unmarshal {said} into Go struct field '
       "DeleteOptions.gracePeriodSeconds of type int64", None) for value, said in (("5", "string"), (True, "bool"))),
    ("GET", f"{PODS}?watch=1&timeoutSeconds=x", "", {}, 400, "BadRequest", 'strconv.ParseInt: parsing "x": invalid syntax', None),
    *(("PATCH", f"{DEPLOYMENTS}/web/scale", {"spec": {"replicas": value}}, {"content_type": MERGE}, 400, "BadRequest",
       f'Scale in version "v1" cannot be handled as a Scale: json: cannot unmarshal {said} into Go struct field '
       "ScaleSpec.spec.replicas of type int32", None) for value, said in ((3000000000, "number 3000000000"), ("x", "string"))),
    # no such path or method
    *(("GET", path, "", {}, 404, "NotFound", NO_PLACE, {}) for path in
      ("/nope", "/api/v2/pods", "/api/v1/foos", "/apis/apps/v1/pods", f"{PODS}/a/b", f"{PODS}/a/log/b", "/api/v1/pods/a",
       "/api/v1/namespaces/default/nodes", "/apis/batch/v1/jobs", "/openapi/v4")),
    ("POST", f"{PODS}/web", pod(), {}, 405, "MethodNotAllowed", NO_METHOD, {}),
    ("PUT", PODS, pod(), {}, 405, "MethodNotAllowed", NO_METHOD, {}),
    ("POST", "/api/v1/pods", pod(), {}, 405, "MethodNotAllowed", NO_METHOD, {}),
    ("DELETE", "/api/v1/namespaces", "", {}, 405, "MethodNotAllowed", NO_METHOD, {}),
    ("POST", "/version", "", {}, 405, "MethodNotAllowed", NO_METHOD, {}),
    ("DELETE", f"{PODS}/web/log", "", {}, 405, "MethodNotAllowed", NO_METHOD, {}),
    # formats
    ("GET", PODS, "", {"accept": "application/cbor"}, 406, "NotAcceptable",
     "only the following media types are accepted: application/json", None),
    ("POST", CONFIGMAPS, "x", {"content_type": "text/csv"}, 415, "UnsupportedMediaType",
     "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, "
     "application/vnd.kubernetes.protobuf", None),
    ("PATCH", f"{DEPLOYMENTS}/web", "{}", {}, 415, "UnsupportedMediaType",
     "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, "
     "application/merge-patch+json, application/apply-patch+yaml, application/strategic-merge-patch+json", None),
    # bodies
    ("POST", CONFIGMAPS, "", {}, 400, "BadRequest",
     "the object provided is unrecognized (must be of type ConfigMap): couldn't get "
     "version/kind; json parse error: unexpected end of JSON input (<empty>)", None),
    ("POST", CONFIGMAPS, '["a list of some length, so it is cut"]', {}, 400, "BadRequest",
     "the object provided is unrecognized (must be of "
     "type ConfigMap): couldn't get version/kind; json parse error: json: cannot unmarshal array into Go value of type "
     r'struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" } '
     '(["a list of some length, so it ...)', None),
    ("POST", f"{CONFIGMAPS}?fieldValidation=Strict", UNKNOWN_FIELD, {}, 400, "BadRequest",
     'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "dota"', None),
    ("POST", f"{CONFIGMAPS}?fieldValidation=Strict", '{"metadata": {"name": "a"}, "data": {}, "data": {}}', {}, 400, "BadRequest",
     'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: duplicate field "data"', None),
    ("POST", CONFIGMAPS, {"metadata": {"name": "a"}, "data": 5}, {}, 400, "BadRequest",
     'ConfigMap in version "v1" cannot be handled as a '
     "ConfigMap: json: cannot unmarshal number into Go struct field ConfigMap.data of type map[string]string", None),
    ("POST", CONFIGMAPS, {"apiVersion": "v2", "kind": "ConfigMap"}, {}, 400, "BadRequest",
     "the API version in the data (v2) does not match the expected API version (v1)", None),
    ("POST", CONFIGMAPS, {"apiVersion": "v1", "kind": "Foo"}, {}, 400, "BadRequest",
     'Foo in version "v1" cannot be handled as a ConfigMap: '
     'no kind "Foo" is registered for version "v1" in scheme "pkg/api/legacyscheme/scheme.go:30"', None),
    ("POST", CONFIGMAPS, {"metadata": {"name": "a", "namespace": "shop"}}, {}, 400, "BadRequest",
     "the namespace of the provided object does not match the namespace sent on the request", None),
    ("PUT", f"{DEPLOYMENTS}/web", {"metadata": {"name": "other"}}, {}, 400, "BadRequest",
     "the name of the object (other) does not match the name on the URL (web)", None),
    ("PATCH", f"{DEPLOYMENTS}/web", {"metadata": {"name": "other"}}, {"content_type": MERGE}, 400, "BadRequest",
     "the name of the object (other) does not match the name on the URL (web)", None),
    ("PATCH", f"{DEPLOYMENTS}/web", "[]", {"content_type": STRATEGIC}, 400, "BadRequest",
     "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}", None),
    ("PATCH", f"{DEPLOYMENTS}/web", [{"op": "remove", "path": "/spec/nope"}], {"content_type": JSON_PATCH}, 422, "Invalid",
     "the server rejected our request due to an error in our request", {}),
    # selectors
    ("GET", f"{PODS}?labelSelector=a%20in%20(", "", {}, 400, "BadRequest",
     "unable to parse requirement: found '', expected: ',', ')' or identifier", None),
    ("GET", f"{PODS}?fieldSelector=spec.image%3Dx", "", {}, 400, "BadRequest", "field label not supported: spec.image", None),
    # what the objects say
    ("POST", CONFIGMAPS, configmap("A"), {}, 422, "Invalid", None, "causes"),
    ("POST", f"{CONFIGMAPS}?dryRun=Some", configmap(), {}, 422, "Invalid", 'CreateOptions.meta.k8s.io "" is invalid: dryRun: '
     'Unsupported value: ["Some"]: supported values: "All"', "causes"),
    ("DELETE", f"{PODS}/x", DELETE + '"propagationPolicy": "Sideways"}', {}, 422, "Invalid",
     'DeleteOptions.meta.k8s.io "" is invalid: '
     'propagationPolicy: Invalid value: "Sideways": needs to be one of {"Foreground","Background","Orphan",nil}', "causes"),
    ("PUT", f"{DEPLOYMENTS}/web/scale", {"spec": {"replicas": -1}}, {}, 422, "Invalid", 'Scale.autoscaling "web" is invalid: '
     "spec.replicas: Invalid value: -1: must be greater than or equal to 0", "causes"),
    ("PUT", f"{DEPLOYMENTS}/web/scale", {"spec": {"replicas": "x"}}, {}, 400, "BadRequest",
     'Scale in version "v1" cannot be handled as a '
     "Scale: json: cannot unmarshal string into Go struct field ScaleSpec.spec.replicas of type int32", None),
    ("DELETE", "/api/v1/namespaces/kube-system", "", {}, 403, "Forbidden",
     'namespaces "kube-system" is forbidden: this namespace may not '
     "be deleted", {"name": "kube-system", "kind": "namespaces"}),
    # no model of it
    ("PATCH", f"{DEPLOYMENTS}/web", "{}", {"content_type": "application/apply-patch+yaml"}, 501, "NotImplemented",
     "not modelled: server-side apply (known: kubectl apply without --server-side)", None),
    ("POST", "/api/v1/namespaces/default/events", {"metadata": {"name": "a"}}, {}, 501, "NotImplemented",
     "not modelled: events of one's own (known: those that components tell of)", None),
    ("POST", f"{PODS}/web/exec", "", {}, 501, "NotImplemented",
     "not modelled: the subresource pods/exec (known: the pod's .sh(…))", None),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]} {row[1]} {row[4]}")
def test_refusals(shown: House, row: Row) -> None:
    method, path, body, how, code, reason, message, details = row
    answer = shown.ask(method, path, body, **how)
    assert (answer.status, answer.body["code"], answer.body["reason"]) == (code, code, reason)
    assert {key: answer.body[key] for key in ("kind", "apiVersion", "metadata", "status")} == {
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
    assert message in (None, answer.body["message"])
    if details == "causes":
        assert answer.body["details"]["causes"]
    else:
        assert answer.body.get("details") == details


def test_an_invalid_object_is_told_of_field_by_field(shown: House) -> None:
    answer = shown.ask("POST", DEPLOYMENTS, {"metadata": {"name": "a"}, "spec": {"replicas": -1,
        "selector": {"matchLabels": {"a": "b"}},
                       "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": []}}}})
    details = answer.body["details"]
    assert (details["name"], details["group"], details["kind"]) == ("a", "apps", "Deployment")
    assert details["causes"] == [
        {"reason": "FieldValueInvalid", "message": "Invalid value: -1: must be greater than or equal to 0",
            "field": "spec.replicas"},
        {"reason": "FieldValueRequired", "message": "Required value", "field": "spec.template.spec.containers"},
    ]


def test_a_conflict_says_so(house: House) -> None:
    seen = house.get(f"{DEPLOYMENTS}/web")
    house.ask("PATCH", f"{DEPLOYMENTS}/web", {"metadata": {"labels": {"x": "y"}}}, content_type=MERGE)
    answer = house.ask("PUT", f"{DEPLOYMENTS}/web", seen | {"metadata": seen["metadata"] | {"labels": {}}})
    assert (answer.status, answer.body["reason"]) == (409, "Conflict")
    assert answer.body["details"] == {"name": "web", "group": "apps", "kind": "deployments"}
    assert answer.body["message"] == (
        'Operation cannot be fulfilled on deployments.apps "web": the object has been modified; please apply your changes to the '
        "latest version and try again")


def test_a_name_that_is_taken(house: House) -> None:
    house.ask("POST", CONFIGMAPS, configmap())
    answer = house.ask("POST", CONFIGMAPS, configmap())
    assert (answer.status, answer.body["reason"], answer.body["message"]) == (409, "AlreadyExists",
        'configmaps "a" already exists')


def test_a_namespace_that_ends_takes_nothing(house: House) -> None:
    house.ask("POST", "/api/v1/namespaces", {"metadata": {"name": "shop"}})
    house.ask("DELETE", "/api/v1/namespaces/shop")
    answer = house.ask("POST", CONFIGMAPS.replace("default", "shop"), configmap())
    assert (answer.status, answer.body["reason"]) == (403, "Forbidden")
    assert answer.body["details"]["causes"] == [
        {"reason": "NamespaceTerminating", "message": "namespace shop is being terminated", "field": "metadata.namespace"}]


@pytest.mark.parametrize(("how", "code"), [({"uid": "other"}, 409), ({"resourceVersion": "1"}, 409), ({}, 200)])
def test_preconditions_of_a_deletion(house: House, how: dict[str, str], code: int) -> None:
    answer = house.ask("DELETE", f"{DEPLOYMENTS}/web", {"preconditions": how})
    assert answer.status == code
    if code == 409:
        assert answer.body["message"].startswith('Operation cannot be fulfilled on Deployment.apps "web": the ')
