"""From documents to objects: the API server's strict decoding, in its words.

The errors follow sigs.k8s.io/json (decode.go, kubernetes_patch.go) and apiserver's transformDecodeError; rows that are
marked so are facts that upstream's own tests hold too.
"""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from k8snet.errors import ApiError, K8snetError, NotModelled
from k8snet.kube.decoding import decode
from k8snet.kube.manifest import parse
from k8snet.kube.objects import KINDS, Kind, to_dict
from k8snet.kube.structs import MOST_UNKNOWN

MANIFESTS = Path(__file__).resolve().parents[2] / "notebooks" / "manifests"


def pod(**fields: Any) -> dict[str, Any]:
    """A document of kind Pod, with these fields."""
    return {"apiVersion": "v1", "kind": "Pod", **fields}


def deployment(**fields: Any) -> dict[str, Any]:
    """A document of kind Deployment, with these fields."""
    return {"apiVersion": "apps/v1", "kind": "Deployment", **fields}


def other(kind: str, **fields: Any) -> dict[str, Any]:
    """A document of any kind, with these fields."""
    return {"apiVersion": KINDS[kind].api_version, "kind": kind, **fields}


def refusal(document: dict[str, Any]) -> str:
    """Why the API server refuses a document: what it says after naming the kind."""
    with pytest.raises(ApiError) as caught:
        decode(document)
    kind = document["kind"]
    assert caught.value.reason == "BadRequest"
    assert str(caught.value).startswith(f'{kind} in version "v1" cannot be handled as a {kind}: ')
    return str(caught.value).split(": ", 1)[1]


def printed(document: Any, origin: str = "f.yaml") -> str:
    """What kubectl prints of a document that it does not send."""
    with pytest.raises(ApiError) as caught:
        decode(document, origin)
    assert caught.value.reason == ""
    return str(caught.value)


# --- what is missing ---------------------------------------------------------------------------------------------


def test_what_is_missing_is_zero() -> None:
    bare = decode(deployment())
    assert (bare.metadata.name, bare.spec.selector.matchLabels, bare.spec.template.spec.containers) == (None, None, [])
    assert bare.spec.template.metadata.labels is None
    assert bare.status is None
    assert decode(pod(spec={"containers": [{}, None]})).spec.containers[1].name == ""
    assert decode(other("Service", spec={"ports": [{}]})).spec.ports[0].port == 0
    (probed,) = decode(pod(spec={"containers": [{"livenessProbe": {"httpGet": {}}}]})).spec.containers
    assert probed.livenessProbe.httpGet.port == 0


def test_zeros_are_not_shared() -> None:
    one, two = decode(deployment()), decode(deployment())
    assert one.spec.template.spec.containers is not two.spec.template.spec.containers


@pytest.mark.parametrize("document", [
    pytest.param(pod(metadata=None, spec=None), id="metadata and spec"),
    pytest.param(pod(metadata={"labels": None, "name": None}, spec={"containers": None, "hostNetwork": None}), id="deeper"),
    pytest.param(pod(), id="absent"),
])  # fmt: skip
def test_null_is_absent(document: dict[str, Any]) -> None:
    assert decode(document) == decode(pod(metadata={}, spec={}))


def test_null_in_a_map_or_list_is_zero() -> None:
    assert decode(pod(metadata={"labels": {"a": None}})).metadata.labels == {"a": ""}
    assert decode(pod(spec={"containers": [{"args": [None]}]})).spec.containers[0].args == [""]


# --- what is unknown ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("document", "fields"), [
    pytest.param(other("Service", spec={"prots": []}), ["spec.prots"], id="a slip"),
    pytest.param(pod(Spec={}), ["Spec"], id="upper case"),
    pytest.param(pod(metadata={"lables": {}}), ["metadata.lables"], id="metadata"),
    pytest.param(pod(zzz=1, aaa=2, spec={"containers": [{"imagee": "x"}, {"b.c": None}]}),
                 ["aaa", "spec.containers[0].imagee", "spec.containers[1].b.c", "zzz"], id="all, by the letters of their keys"),
    pytest.param(deployment(spec={"template": {"spec": {"containers": [{"ports": [{}, {"containerPortZ": 1}]}]}}}),
                 ["spec.template.spec.containers[0].ports[1].containerPortZ"], id="as upstream's json_patch_test has it"),
    pytest.param(pod(**{'say "hi"\n': 1}), ['say \\"hi\\"\\n'], id="quotes"),
])  # fmt: skip
def test_unknown_fields(document: dict[str, Any], fields: list[str]) -> None:
    assert refusal(document) == "strict decoding error: " + ", ".join(f'unknown field "{field}"' for field in fields)


def test_there_is_an_end_to_unknown_fields() -> None:
    assert refusal(pod(**{f"field{number}": 1 for number in range(500)})).count("unknown field") == MOST_UNKNOWN


def test_a_wrong_type_hides_unknown_fields() -> None:
    assert refusal(pod(aaa=1, spec={"containers": {}})).startswith("json: cannot unmarshal object")


# --- what is of the wrong type -----------------------------------------------------------------------------------


PORT = {"template": {"spec": {"containers": [{"ports": [{"containerPort": "80"}]}]}}}


@pytest.mark.parametrize(("document", "value", "field", "go"), [
    pytest.param(deployment(spec={"replicas": "3"}), "string", "DeploymentSpec.spec.replicas", "int32", id="text"),
    pytest.param(deployment(spec={"replicas": 1.5}), "number 1.5", "DeploymentSpec.spec.replicas", "int32", id="a fraction"),
    pytest.param(deployment(spec={"replicas": 2**31}), "number 2147483648", "DeploymentSpec.spec.replicas", "int32", id="int32"),
    pytest.param(deployment(spec={"replicas": 10**20}), "number 100000000000000000000", "DeploymentSpec.spec.replicas", "int32",
                 id="far too large"),
    pytest.param(deployment(spec={"replicas": True}), "bool", "DeploymentSpec.spec.replicas", "int32", id="truth for number"),
    pytest.param(pod(spec={"terminationGracePeriodSeconds": 2**63}), "number 9223372036854776000",
                 "PodSpec.spec.terminationGracePeriodSeconds", "int64", id="int64, by way of a float"),
    pytest.param(pod(spec={"hostNetwork": "yes"}), "string", "PodSpec.spec.hostNetwork", "bool", id="text for truth"),
    pytest.param(pod(spec={"nodeName": 1}), "number", "PodSpec.spec.nodeName", "string", id="number for text"),
    pytest.param(pod(spec={"restartPolicy": []}), "array", "PodSpec.spec.restartPolicy", "v1.RestartPolicy", id="named type"),
    pytest.param(pod(spec=[]), "array", "Pod.spec", "v1.PodSpec", id="struct"),
    pytest.param(pod(spec={"containers": {}}), "object", "PodSpec.spec.containers", "[]v1.Container", id="list"),
    pytest.param(pod(spec={"containers": ["x"]}), "string", "PodSpec.spec.containers", "v1.Container", id="item"),
    pytest.param(deployment(spec=PORT), "string", "ContainerPort.spec.template.spec.containers.ports.containerPort",
                 "int32", id="deep"),
    pytest.param(pod(spec={"nodeSelector": {"b": True, "a": 1}}), "number", "PodSpec.spec.nodeSelector", "string",
                 id="the first key"),
    pytest.param(pod(spec={"overhead": []}), "array", "PodSpec.spec.overhead", "v1.ResourceList", id="map"),
    pytest.param(other("Service", spec={"ports": [{"targetPort": True}]}), "bool", "ServicePort.spec.ports.targetPort", "int32",
                 id="int or string"),
    pytest.param(other("Service", spec={"ports": [{"targetPort": 1.5}]}), "number 1.5", "ServicePort.spec.ports.targetPort",
                 "int32", id="int or string, a fraction"),
    pytest.param(other("Event", firstTimestamp=5), "number", "Event.firstTimestamp", "string", id="time"),
    pytest.param(other("Secret", data={"a": 1}), "number", "Secret.data", "[]uint8", id="bytes"),
    pytest.param(other("ConfigMap", data={"a": 1}), "number", "ConfigMap.data", "string", id="data"),
    pytest.param(pod(spec={"nodeName": 1, "containers": {}}), "object", "PodSpec.spec.containers", "[]v1.Container",
                 id="only one, the first by the letters of its key"),
])  # fmt: skip
def test_wrong_types(document: dict[str, Any], value: str, field: str, go: str) -> None:
    assert refusal(document) == f"json: cannot unmarshal {value} into Go struct field {field} of type {go}"


@pytest.mark.parametrize(("metadata", "words"), [
    pytest.param({"labels": {"a": 1}}, "number into Go struct field ObjectMeta.metadata.labels of type string", id="label"),
    pytest.param({"name": 5}, "number into Go struct field ObjectMeta.metadata.name of type string", id="name"),
    pytest.param([], "array into Go struct field metadataOnlyObject.metadata of type v1.ObjectMeta", id="all of it"),
])  # fmt: skip
def test_kubectl_reads_metadata_itself(metadata: Any, words: str) -> None:
    text = f'error: unable to decode "f.yaml": json: cannot unmarshal {words}'
    assert printed(pod(metadata=metadata)) == printed(pod(metadata=metadata, spec=5, aaa=1)) == text


def limits(**given: Any) -> dict[str, Any]:
    """A pod's spec with one container that has these limits."""
    return {"containers": [{"resources": {"limits": given}}]}


@pytest.mark.parametrize(("document", "words"), [
    pytest.param(other("Secret", data={"a": "x"}), "illegal base64 data at input byte 0", id="base64"),
    pytest.param(pod(spec={"nodeName": 1, **limits(cpu="much")}),
                 "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
                 id="a quantity ends it, whatever was before"),
    pytest.param(pod(spec=limits(cpu="1mm")), "unable to parse quantity's suffix", id="suffix"),
    pytest.param(other("Event", firstTimestamp="now"),
                 'parsing time "now" as "2006-01-02T15:04:05Z07:00": cannot parse "now" as "2006"', id="time"),
    pytest.param(other("Lease", spec={"renewTime": "2026-11-01T10:00:00Z"}), 'parsing time "2026-11-01T10:00:00Z" as '
                 '"2006-01-02T15:04:05.000000Z07:00": cannot parse "Z" as ".000000"', id="a MicroTime has six places"),
])  # fmt: skip
def test_wrong_values(document: dict[str, Any], words: str) -> None:
    assert refusal(document) == words


# --- what is accepted --------------------------------------------------------------------------------------------


def test_numbers_where_they_are_allowed() -> None:
    (container,) = decode(pod(spec=limits(cpu=1, memory=1.5, x=" 1Gi "))).spec.containers
    assert container.resources.limits == {"cpu": "1", "memory": "1.5", "x": "1Gi"}
    assert decode(deployment(spec={"replicas": 3.0})).spec.replicas == 3
    service = other("Service", spec={"ports": [{"targetPort": port} for port in (80, "http", 80.0)]})
    assert [port.targetPort for port in decode(service).spec.ports] == [80, "http", 80]


def test_times_come_in_utc() -> None:
    metadata = {"creationTimestamp": "2026-11-01T10:00:00+02:00"}
    assert decode(pod(metadata=metadata)).metadata.creationTimestamp == datetime(2026, 11, 1, 8, tzinfo=UTC)


def test_a_generated_name() -> None:
    assert decode(pod(metadata={"generateName": "web-"})).metadata.generateName == "web-"


def test_the_document_is_not_shared() -> None:
    document = pod(metadata={"labels": {"a": "b"}, "finalizers": ["x/y"]})
    before = copy.deepcopy(document)
    decoded = decode(document)
    document["metadata"]["labels"]["a"] = "c"
    document["metadata"]["finalizers"].append("z/z")
    assert decoded == decode(before)


# --- which kinds -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("version", "kind"), [
    ("v1", "Foo"), ("extensions/v1beta1", "Deployment"), ("v1", "Deployment"), ("apps/v1", "Pod"), ("batch/v1beta1", "CronJob"),
    ("", "Deployment"), ("v2", "Pod"), ("v1", "pod"),
])  # fmt: skip
def test_kinds_that_are_not_there(version: str, kind: str) -> None:
    document = {"apiVersion": version, "kind": kind, "metadata": {"name": "x", "namespace": 'n"'}, "spec": 5}
    assert printed(document) == (
        'error: resource mapping not found for name: "x" namespace: "n\\"" from "f.yaml": '
        f'no matches for kind "{kind}" in version "{version}"\nensure CRDs are installed first'
    )


@pytest.mark.parametrize(("version", "kind"), [
    ("apps/v1", "StatefulSet"), ("batch/v1", "Job"), ("networking.k8s.io/v1", "Ingress"), ("v1", "PersistentVolumeClaim"),
    ("events.k8s.io/v1", "Event"), ("autoscaling/v2", "HorizontalPodAutoscaler"),
])  # fmt: skip
def test_kinds_that_are_not_modelled(version: str, kind: str) -> None:
    with pytest.raises(NotModelled) as caught:
        decode({"apiVersion": version, "kind": kind})
    assert caught.value.known == ", ".join(sorted(KINDS))


def test_no_kind_at_all() -> None:
    assert printed({"apiVersion": "v1", "kind": "", "x": "<é>"}) == (
        'error: unable to decode "f.yaml": Object \'Kind\' is missing in \'{"apiVersion":"v1","kind":"","x":"\\u003cé\\u003e"}\''
    )


# --- whatever comes ----------------------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
GOOD = [each for file in sorted(MANIFESTS.glob("*.yaml")) for each in parse(file)] + [
    other("Service", metadata={"name": "a"}, spec={"ports": [{"port": 1, "targetPort": "http"}], "selector": {"a": "b"}}),
    other("Secret", metadata={"name": "a", "creationTimestamp": "2026-11-01T10:00:00Z"}, data={"a": "aGk="}),
    other("Lease", metadata={"name": "a"}, spec={"renewTime": "2026-11-01T10:00:00.000001Z"}),
    pod(spec={"containers": [{"name": "a", "resources": {"limits": {"cpu": 1}}, "env": [{"name": "A", "value": "b"}]}]}),
]


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of all that is in a value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path] * bool(path) + [place for key, each in inner for place in places(each, (*path, key))]


@st.composite
def damaged(draw: st.DrawFn) -> Any:
    """A good manifest with one to three things dropped, renamed, of another type, or given a twin."""
    document = copy.deepcopy(draw(st.sampled_from(GOOD)))
    for _ in range(draw(st.integers(1, 3))):
        found = places(document)
        if not found:
            break
        *way, last = draw(st.sampled_from(found))
        holder = document
        for key in way:
            holder = holder[key]
        match draw(st.sampled_from(["drop", "rename", "retype", "twin"])):
            case "drop":
                del holder[last]
            case "rename" if isinstance(holder, dict):
                holder[draw(st.sampled_from([str(last).title(), f"{last}s", ""]))] = holder.pop(last)
            case "twin" if isinstance(holder, list):
                holder.append(holder[last])
            case _:
                holder[last] = draw(JSON)
    return document


@settings(deadline=None)
@given(damaged() | JSON | JSON.map(lambda value: pod(spec=value)) | JSON.map(lambda value: deployment(metadata=value)))
def test_any_document(document: Any) -> None:
    before = repr(document)
    try:
        decoded = decode(document)
    except K8snetError:
        decoded = None
    assert repr(document) == before
    if decoded is not None:
        assert decode(to_dict(decoded)) == decoded


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.kind)
def test_every_kind_is_read(kind: Kind) -> None:
    decoded = decode(other(kind.kind, metadata={"name": "a"}))
    assert (type(decoded), decoded.metadata.name) == (kind.type, "a")
