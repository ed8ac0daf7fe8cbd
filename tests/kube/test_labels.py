"""Selectors, by labels and by fields: what they select, and what the server says of text that is none."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8snet.errors import ApiError
from k8snet.kube import labels
from k8snet.kube.fields import matches_fields
from k8snet.kube.labels import Requirement
from k8snet.kube.objects import (
    ConfigMap,
    Container,
    LabelSelector,
    LabelSelectorRequirement,
    Node,
    NodeSpec,
    Object,
    ObjectMeta,
    Pod,
    PodIP,
    PodSpec,
    PodStatus,
)

WEB = {"app": "web", "tier": "front", "replica": "3"}
NAME_PART = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
VALID_LABEL = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end "
    "with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)


def expression(key: str, operator: str, *values: str) -> LabelSelector:
    return LabelSelector(matchExpressions=[LabelSelectorRequirement(key=key, operator=operator, values=list(values) or None)])


@pytest.mark.parametrize(
    ("selector", "selects"),
    [
        pytest.param(None, False, id="none"),
        pytest.param({}, True, id="empty mapping"),
        pytest.param(LabelSelector(), True, id="empty selector"),
        pytest.param("", True, id="empty text"),
        pytest.param({"app": "web"}, True, id="one pair"),
        pytest.param({"app": "web", "tier": "back"}, False, id="one of two pairs"),
        pytest.param({"app": "web", "tier": "front"}, True, id="two pairs"),
        pytest.param(LabelSelector(matchLabels={"app": "web"}), True, id="matchLabels"),
        pytest.param(expression("app", "In", "db", "web"), True, id="In"),
        pytest.param(expression("app", "NotIn", "db"), True, id="NotIn"),
        pytest.param(expression("zone", "NotIn", "a"), True, id="NotIn of what is not there"),
        pytest.param(expression("zone", "In", "a"), False, id="In of what is not there"),
        pytest.param(expression("app", "Exists"), True, id="Exists"),
        pytest.param(expression("app", "DoesNotExist"), False, id="DoesNotExist"),
        pytest.param("app=web", True, id="text"),
        pytest.param("app==web,tier!=back", True, id="text both"),
        pytest.param("app in (web, db), !zone , tier", True, id="text sets"),
        pytest.param("app notin (web)", False, id="text notin"),
        pytest.param("app=web,app=db", False, id="contradiction"),
        pytest.param("replica>2,replica<4", True, id="numbers"),
        pytest.param("app>2", False, id="no number"),
        pytest.param("zone=", False, id="empty value of what is not there"),
    ],
)
def test_selection(selector: labels.Wanted, selects: bool) -> None:
    assert labels.matches(selector, WEB) is selects
    assert labels.compile(selector)(WEB) is selects


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt", id="no operator"),
        pytest.param("a=b=c", "found '=', expected: ',' or 'end of string'", id="two signs"),
        pytest.param("=b", "found '=', expected: !, identifier, or 'end of string'", id="no key"),
        pytest.param("a,", "found '', expected: identifier after ','", id="comma at the end"),
        pytest.param("a,,b", "found ',', expected: identifier after ','", id="two commas"),
        pytest.param("a in", "unable to parse requirement: found '' expected: '('", id="no bracket"),
        pytest.param("a in (b", "unable to parse requirement: found '', expected: ',' or ')'", id="open bracket"),
        pytest.param("a in (", "unable to parse requirement: found '', expected: ',', ')' or identifier", id="nothing in it"),
        pytest.param("!", "unable to parse requirement: found '', expected: identifier", id="not what"),
        pytest.param(
            "a>b",
            "unable to parse requirement: values[0]: Invalid value: \"b\": for 'Gt', 'Lt' operators, the value "
            "must be an integer",
            id="no number",
        ),
        pytest.param("a@=b", f'unable to parse requirement: <nil>: Invalid value: "a@": {NAME_PART}', id="key"),
        pytest.param("a=b@", f'unable to parse requirement: values[0][a]: Invalid value: "b@": {VALID_LABEL}', id="value"),
        pytest.param(
            "a in (x,b@)", f'unable to parse requirement: values[0][a]: Invalid value: "b@": {VALID_LABEL}', id="values"
        ),
    ],
)
def test_unreadable_text(text: str, words: str) -> None:
    with pytest.raises(ApiError) as error:
        labels.parse(text)
    assert (str(error.value), error.value.reason) == (words, "BadRequest")


@pytest.mark.parametrize(
    ("text", "values"),
    [("a in ()", ("",)), ("a in (,)", ("",)), ("a in (b,,a)", ("", "a", "b")), ("a in (in, notin)", ("in", "notin"))],
)
def test_sets_are_sorted_and_may_have_gaps(text: str, values: tuple[str, ...]) -> None:
    assert labels.parse(text) == (Requirement("a", "In", values),)


@given(st.text("ab=!,() in>\t<1@", max_size=20) | st.text(max_size=10))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        found = labels.parse(text)
    except ApiError:
        return
    assert all(each.operator in ("In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt") for each in found)


pairs = st.dictionaries(st.sampled_from("abc"), st.sampled_from(["", "x", "y"]), max_size=3)


@given(pairs, pairs)
def test_pairs_select_what_has_them_all(wanted: dict[str, str], there: dict[str, str]) -> None:
    expected = all(there.get(key) == value for key, value in wanted.items())
    assert labels.matches(wanted, there) is expected
    text = ",".join(f"{key}={value}" for key, value in wanted.items())
    assert labels.matches(text, there) is expected
    assert labels.matches(LabelSelector(matchLabels=wanted), there) is expected


# --- fields -------------------------------------------------------------------------------------------------------

POD = Pod(
    metadata=ObjectMeta(name="web", namespace="default"),
    spec=PodSpec(containers=[Container(name="web")], nodeName="node1"),
    status=PodStatus(phase="Running", podIP="10.244.1.2", podIPs=[PodIP(ip="10.244.1.2")]),
)


@pytest.mark.parametrize(
    ("text", "obj", "selects"),
    [
        pytest.param("", POD, True, id="nothing"),
        pytest.param("metadata.name=web", POD, True, id="name"),
        pytest.param("metadata.name==web,status.phase!=Pending", POD, True, id="two"),
        pytest.param("spec.nodeName=", POD, False, id="bound"),
        pytest.param("spec.nodeName=", Pod(), True, id="not bound"),
        pytest.param("spec.host=node1", POD, True, id="an old name"),
        pytest.param("spec.hostNetwork=false", POD, True, id="false"),
        pytest.param("status.podIPs=10.244.1.2", POD, True, id="addresses"),
        pytest.param("spec.unschedulable=true", Node(spec=NodeSpec(unschedulable=True)), True, id="cordoned"),
        pytest.param(r"metadata.name=a\,b", ConfigMap(metadata=ObjectMeta(name="a,b")), True, id="escaped"),
        pytest.param(",,metadata.name=web,", POD, True, id="gaps"),
    ],
)
def test_fields(text: str, obj: Object, selects: bool) -> None:
    assert matches_fields(text, obj) is selects


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("spec.image=nginx", "field label not supported: spec.image", id="unknown field"),
        pytest.param("name", "invalid selector: 'name'; can't understand 'name'", id="no sign"),
        pytest.param("metadata.name=a=b", "invalid field selector: unescaped character in value: 61", id="two signs"),
        pytest.param(r"metadata.name=\n", r"invalid field selector: invalid escape sequence: \n", id="escape"),
        pytest.param("metadata.name=\\", "invalid field selector: invalid escape sequence: \\", id="escape at the end"),
    ],
)
def test_unreadable_fields(text: str, words: str) -> None:
    with pytest.raises(ApiError) as error:
        matches_fields(text, POD)
    assert (str(error.value), error.value.reason) == (words, "BadRequest")


@given(st.text("metadata.nspc=!,\\", max_size=30))
def test_any_field_text_is_read_or_refused(text: str) -> None:
    with suppress(ApiError):
        assert matches_fields(text, POD) in (True, False)
