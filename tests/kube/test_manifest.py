"""From text to documents: what kubectl accepts, and what it says of the rest.

The rows of errors come from the sources that goyaml.py and manifest.py name: go-yaml's own decode_test.go
(unmarshalErrorTests), its parser.fail for the lines, cli-runtime for the words around them.
"""

from __future__ import annotations

import copy
import datetime
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8snet.errors import ApiError, K8snetError, NotModelled
from k8snet.kube.decoding import decode
from k8snet.kube.manifest import parse, parse_named

MANIFESTS = Path(__file__).resolve().parents[2] / "notebooks" / "manifests"
POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n"
A = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}}
UNNAMED = {"metadata": {"name": "a"}}


def of(kind: str, items: Any) -> dict[str, Any]:
    """A list of objects, as an object."""
    return {"apiVersion": "v1", "kind": kind, "items": items}


def pod(**fields: Any) -> dict[str, Any]:
    """A document of kind Pod, with these fields."""
    return {"apiVersion": "v1", "kind": "Pod", **fields}


def refusal(source: Any) -> ApiError:
    """Why a manifest is refused."""
    with pytest.raises(ApiError) as caught:
        parse(source)
    return caught.value


# --- what it can be given as -------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", [
    pytest.param(POD, id="yaml"),
    pytest.param('{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}}', id="json"),
    pytest.param('\n  {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a",}}', id="a comma too many is YAML"),
    pytest.param("# a comment\r\napiVersion: v1\r\nkind: Pod\r\nmetadata: {name: a}\r\n", id="Windows"),
    pytest.param(A, id="dict"),
    pytest.param([A], id="list"),
    pytest.param("\ufeff" + POD, id="byte order mark"),
    pytest.param(f"---\n\n---\n{POD}---\n# nothing\n--- # the end\n", id="empty documents"),
    pytest.param(of("List", [A]), id="List"),
    pytest.param(of("PodList", [UNNAMED]), id="a typed list names its items"),
    pytest.param(of("List", [of("PodList", [UNNAMED])]), id="a list in a list"),
])  # fmt: skip
def test_one_pod(source: Any) -> None:
    assert parse(source) == [A]


def test_several_documents_keep_their_order() -> None:
    names = [each["metadata"]["name"] for each in parse([POD, {**parse(POD)[0], "metadata": {"name": "b"}}, f"{POD}---\n{POD}"])]
    assert names == ["a", "b", "a", "a"]


def test_json_documents_follow_one_another() -> None:
    one = json.dumps(parse(POD)[0])
    assert len(parse(f"{one}{one}\n{one}")) == 3
    assert len(parse(f"{one}\n---\n{POD}")) == 2


def test_a_path_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "pod.yaml"
    file.write_text(POD, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert parse(file) == parse(str(file)) == parse("pod.yaml") == parse(POD)
    assert [origin for _, origin in parse_named(["pod.yaml", POD])] == ["pod.yaml", "STDIN"]


def test_bytes_of_a_file(tmp_path: Path) -> None:
    for number, content in enumerate([POD.encode("utf-16"), POD.encode("utf-8-sig")]):
        file = tmp_path / f"{number}.yml"
        file.write_bytes(content)
        assert parse(file) == parse(POD)
    latin = tmp_path / "latin.yml"
    latin.write_bytes(POD.encode() + b"x: \xff\n")
    assert parse(latin)[0]["x"] == "\ufffd"


@pytest.mark.parametrize(("source", "text"), [
    pytest.param("nope.yaml", 'error: the path "nope.yaml" does not exist', id="text"),
    pytest.param(Path("nope/x.txt"), 'error: the path "nope/x.txt" does not exist', id="Path"),
    pytest.param("x" * 5000 + ".yaml", f"error: open {'x' * 5000}.yaml: file name too long", id="too long"),
    pytest.param("", "error: no objects passed to apply", id="nothing"),
    pytest.param("# nothing\n---\n", "error: no objects passed to apply", id="only comments"),
    pytest.param([], "error: no objects passed to apply", id="no source"),
    pytest.param(of("List", []), "error: no objects passed to apply", id="an empty list"),
])  # fmt: skip
def test_nothing_to_read(source: Any, text: str) -> None:
    error = refusal(source)
    assert (str(error), error.reason) == (text, "")


@pytest.mark.parametrize("source", ["https://example.com/x.yaml", Path("/")], ids=["address", "folder"])
def test_what_is_not_read(source: Any) -> None:
    with pytest.raises(NotModelled):
        parse(source)


def test_python_values() -> None:
    assert parse(pod(labels={1: (True, 1.5)}))[0]["labels"] == {"1": [True, 1.5]}


# --- text that is no manifest ------------------------------------------------------------------------------------

JSON = "error converting YAML to JSON: "
YAML = f"error: error parsing STDIN: {JSON}yaml: "


@pytest.mark.parametrize(("text", "words"), [
    pytest.param("a: .inf", f"{JSON}json: unsupported value: +Inf", id="infinity"),
    pytest.param("~: x", f'{JSON}unsupported map key of type: %!s(<nil>), key: <nil>, value: "x"', id="key"),
    pytest.param("a: 1\n--- b: 1\n", "invalid Yaml document separator: b: 1", id="separator"),
    pytest.param('{"a": tru, [}', "json: offset 10: invalid character ',' in literal true (expecting 'e')", id="JSON first"),
    pytest.param('{"a": ["b" "c"]}', "json: offset 12: invalid character '\"' after array element", id="comma"),
    pytest.param('{"a": "b"', "unexpected EOF", id="end of JSON"),
    pytest.param(json.dumps(A) * 2 + "x: {", "invalid character 'x' looking for beginning of value", id="too late for YAML"),
])  # fmt: skip
def test_bad_text(text: str, words: str) -> None:
    assert str(refusal(text)) == f"error: error parsing STDIN: {words}"


def test_lines_count_from_the_document() -> None:
    error = refusal(f"{POD}---\na: 1\nb: c: d\n")
    assert str(error) == YAML + "line 2: mapping values are not allowed in this context"
    assert error.__notes__ == ["The document begins on line 5, and kubectl counts from there."]


def test_the_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text("a: [", encoding="utf-8")
    assert str(refusal(file)).startswith(f"error: error parsing {file}: error converting YAML to JSON: yaml: ")


def test_a_key_twice_in_json() -> None:
    spec = '"spec": {"replicas": 1, "replicas": 2}, "extra": [{"a": 1, "a": 1}]'
    error = refusal(f'{{"apiVersion": "apps/v1", "kind": "Deployment", {spec}}}')
    assert error.reason == "BadRequest"
    assert str(error) == (
        'Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: '
        'duplicate field "extra[0].a", duplicate field "spec.replicas"'
    )


@pytest.mark.parametrize("source", [
    pytest.param(f"{POD}...\na: 1\n", id="what follows three dots"),
    pytest.param("a: " + "[" * 500, id="YAML, deep"), pytest.param('{"a": ' + "[" * 500, id="JSON, deep"),
    pytest.param("- " * 100_000, id="YAML, very deep"), pytest.param('{"a": ' + "[" * 1_000_000, id="JSON, very deep"),
    pytest.param('{"a": 1e999}', id="number"),
])  # fmt: skip
def test_not_modelled(source: str) -> None:
    with pytest.raises(NotModelled):
        parse(source)


# --- which documents ---------------------------------------------------------------------------------------------

VALIDATING = 'error validating "STDIN": error validating data: '
HINT = "; if you choose to ignore these errors, turn validation off with --validate=false"
NO_MATCH = """resource mapping not found for name: "" namespace: "" from "STDIN": no matches for kind "FooList" in version "v1"
ensure CRDs are installed first"""


@pytest.mark.parametrize(("source", "words"), [
    pytest.param("kind: Pod", f"{VALIDATING}apiVersion not set{HINT}", id="apiVersion"),
    pytest.param("apiVersion: v1\nkind:", f"{VALIDATING}kind not set{HINT}", id="kind"),
    pytest.param("{}", f"{VALIDATING}[apiVersion not set, kind not set]{HINT}", id="both"),
    pytest.param("apiVersion: 1\nkind: Pod", f"{VALIDATING}apiVersion isn't string type{HINT}", id="number"),
    pytest.param("apiVersion: a/b/c\nkind: Pod", f"{VALIDATING}unexpected GroupVersion string: a/b/c{HINT}", id="slashes"),
    pytest.param("just text", f"{VALIDATING}invalid object to validate{HINT}", id="text"),
    pytest.param([[1]], f"{VALIDATING}invalid object to validate{HINT}", id="number alone"),
    pytest.param(of("List", {}), 'unable to decode "STDIN": json: cannot unmarshal object into Go struct field decodeList.items '
                 "of type []json.RawMessage", id="items"),
    pytest.param(of("List", ["x"]), 'unable to decode "STDIN": json: cannot unmarshal string into Go value of type '
                 "map[string]interface {}", id="an item"),
    pytest.param(of("FooList", []), NO_MATCH, id="a list of nothing known"),
    pytest.param(pod(x=datetime.date(2026, 1, 1)), "error parsing STDIN: json: unsupported type: date", id="a date"),
    pytest.param(pod(x=float("nan")), "error parsing STDIN: json: unsupported value: nan", id="nan"),
    pytest.param({None: 1}, "error parsing STDIN: json: unsupported type: map[NoneType]", id="key"),
])  # fmt: skip
def test_bad_documents(source: Any, words: str) -> None:
    error = refusal(source)
    assert (str(error), error.reason) == (f"error: {words}", "")


@pytest.mark.parametrize("source", ['{"kind": "Pod", "apiVersion": "v1", "\\ud800": "a\\udc00"}', pod(**{"\ud800": "a\udc00"})])
def test_half_characters(source: Any) -> None:
    assert parse(source) == [pod(**{"\ufffd": "a\ufffd"})]


def test_a_dict_that_holds_itself() -> None:
    source = pod()
    source["spec"] = source
    with pytest.raises(NotModelled):
        parse(source)


def test_the_result_shares_nothing_with_what_was_given() -> None:
    source = pod(metadata={"labels": {"a": "b"}})
    parse(source)[0]["metadata"]["labels"]["a"] = "c"
    assert source["metadata"] == {"labels": {"a": "b"}}


# --- the lessons' manifests --------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", sorted(MANIFESTS.glob("*.yaml")), ids=lambda file: file.name)
def test_the_lessons_manifests(file: Path) -> None:
    assert [decode(each) for each in parse(file)]


def test_the_figure_is_the_courses_own() -> None:
    pods = {pod.metadata.name: pod for pod in map(decode, parse(MANIFESTS / "figure.yaml"))}
    nodes = {name: pod.spec.nodeName for name, pod in pods.items()}
    assert nodes == {"pod-a": "node-a", "pod-b": "node-a", "pod-c": "node-b", "pod-d": "node-b"}
    assert [len(pod.spec.containers) for pod in pods.values()] == [2, 1, 1, 1]
    assert sum((pod.metadata.labels or {}).get("app") == "microservice1" for pod in pods.values()) == 2


# --- whatever comes ----------------------------------------------------------------------------------------------

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.dates(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8) | st.integers(), inner, max_size=4),
    max_leaves=12,
)
FRAGMENTS = st.lists(st.sampled_from([
    "apiVersion: v1", "kind: Pod", "kind: List", "items:", "- ", "  ", "\n", "\t", ": ", "a", "'", '"', "&x ", "*x", "<<", "{",
    "}", "[", "]", ",", "---", "...", "# ", "|", ">", "!!int ", "!", "?", "%", "\\", "0x", "1.", "\r\n", "\ud800", "\x00",
    "\u2028", "yes", "null", "é",
]), max_size=25).map("".join)  # fmt: skip


@given(st.text(max_size=60) | FRAGMENTS | FRAGMENTS.map(lambda text: "{" + text) | FRAGMENTS.map(lambda text: POD + text))
def test_any_text(text: str) -> None:
    try:
        documents = parse(text)
    except K8snetError as error:
        str(error).encode("utf-8", "surrogatepass")
    else:
        json.dumps(documents, allow_nan=False, ensure_ascii=False).encode()


@given(VALUES)
def test_any_value(value: Any) -> None:
    before = copy.deepcopy(value)
    try:
        documents = parse(value)
    except K8snetError:
        documents = []
    assert repr(value) == repr(before)
    json.dumps(documents, allow_nan=False, ensure_ascii=False).encode()


NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
PLAIN = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=9,
)


@given(st.dictionaries(st.text(max_size=9), PLAIN, max_size=5))
def test_json_comes_back_as_it_was(value: dict[str, Any]) -> None:
    assert parse(json.dumps(pod(x=value))) == [pod(x=value)]
