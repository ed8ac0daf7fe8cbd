"""Which texts are names: rows of what upstream says, and rules of our own making for random texts."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8snet.kube import names

LETTERS = set(string.ascii_lowercase + string.digits)
ALL_LETTERS = set(string.ascii_letters + string.digits)
LIKELY = (
    st.text("abZ09-._/A", max_size=70)
    | st.text(max_size=12)
    | st.sampled_from(["a" * 63, "a" * 64, "a." * 126 + "a", "a." * 127 + "a"])
)

RFC_LABEL = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an "
    "alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
RFC_SUBDOMAIN = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end "
    "with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    r"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
KEY = (
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. "
    "'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
VALUE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an "
    "alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)


@pytest.mark.parametrize(
    ("rule", "text", "faults"),
    [
        pytest.param(names.label_faults, "web-1", [], id="label"),
        pytest.param(names.label_faults, "Web", [RFC_LABEL], id="label upper"),
        pytest.param(names.label_faults, "", [RFC_LABEL], id="label empty"),
        pytest.param(names.label_faults, "a.b", ["must not contain dots"], id="label dots"),
        pytest.param(names.label_faults, "a" * 64, ["must be no more than 63 characters"], id="label long"),
        pytest.param(names.subdomain_faults, "a.b", [], id="subdomain"),
        pytest.param(names.subdomain_faults, "a..b", [RFC_SUBDOMAIN], id="subdomain dots"),
        pytest.param(names.subdomain_faults, "a" * 254, ["must be no more than 253 characters"], id="subdomain long"),
        pytest.param(names.subdomain_faults, "a\n", [RFC_SUBDOMAIN], id="subdomain line"),
        pytest.param(names.key_faults, "example.com/My_Name", [], id="key"),
        pytest.param(names.key_faults, "", ["name part must be non-empty", f"name part {KEY}"], id="key empty"),
        pytest.param(names.key_faults, "/a", ["prefix part must be non-empty"], id="key no prefix"),
        pytest.param(names.key_faults, "A/a", [f"prefix part {RFC_SUBDOMAIN}"], id="key prefix"),
        pytest.param(names.key_faults, "a/", ["name part must be non-empty", f"name part {KEY}"], id="key no name"),
        pytest.param(
            names.key_faults,
            "a/b/c",
            [
                f"a valid label key {KEY} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",
            ],
            id="key slashes",
        ),
        pytest.param(names.key_faults, "a" * 64, ["name part must be no more than 63 bytes"], id="key long"),
        pytest.param(names.value_faults, "", [], id="value empty"),
        pytest.param(names.value_faults, "-a", [VALUE], id="value"),
        pytest.param(names.value_faults, "ä" * 40, ["must be no more than 63 bytes", VALUE], id="value bytes"),
        pytest.param(names.port_name_faults, "http-metrics-port", ["must be no more than 15 characters"], id="port long"),
        pytest.param(
            names.port_name_faults,
            "HTTP",
            [
                "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)",
                "must contain at least one letter (a-z)",
            ],
            id="port upper",
        ),
        pytest.param(
            names.port_name_faults,
            "-a--b",
            ["must not contain consecutive hyphens", "must not begin or end with a hyphen"],
            id="port hyphens",
        ),
        pytest.param(names.port_faults, 0, ["must be between 1 and 65535, inclusive"], id="port number"),
        pytest.param(
            names.percent_faults,
            "25",
            [
                "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex "
                "used for "
                "validation is '[0-9]+%')"
            ],
            id="percent",
        ),
        pytest.param(
            names.variable_faults,
            "A=B",
            ["a valid environment variable name must consist only of printable ASCII characters other than '='"],
            id="variable",
        ),
        pytest.param(names.config_key_faults, "..a", ["must not start with '..'"], id="config key"),
        pytest.param(names.config_key_faults, ".", ["must not be '.'"], id="config key dot"),
        pytest.param(
            names.header_faults,
            "X Y",
            [
                "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used "
                "for validation is "
                "'[-A-Za-z0-9]+')"
            ],
            id="header",
        ),
    ],
)
def test_faults(rule: names.Rule, text: str, faults: list[str]) -> None:
    assert list(rule(text)) == faults


@given(LIKELY)
def test_labels(text: str) -> None:
    right = bool(text) and len(text) <= 63 and set(text) <= LETTERS | {"-"} and "-" not in (text[0], text[-1])
    assert (names.label_faults(text) == ()) == right


@given(LIKELY)
def test_subdomains_are_labels_with_dots_between(text: str) -> None:
    parts = text.split(".")
    right = len(text) <= 253 and all(part and set(part) <= LETTERS | {"-"} and "-" not in (part[0], part[-1]) for part in parts)
    assert (names.subdomain_faults(text) == ()) == right


@given(LIKELY)
def test_values(text: str) -> None:
    right = text == "" or (len(text) <= 63 and set(text) <= ALL_LETTERS | set("-_.") and {text[0], text[-1]} <= ALL_LETTERS)
    assert (names.value_faults(text) == ()) == right


@given(LIKELY, LIKELY)
def test_keys_are_values_with_a_subdomain_before(prefix: str, name: str) -> None:
    right = bool(name) and "/" not in name and not names.value_faults(name)
    assert (names.key_faults(name) == ()) == right or "/" in name
    both = right and "/" not in prefix and not names.subdomain_faults(prefix)
    assert (names.key_faults(f"{prefix}/{name}") == ()) == both


@given(LIKELY)
def test_a_beginning_may_end_with_a_dash(text: str) -> None:
    assert names.prefix_faults(names.label_faults, "web-") == ()
    if not text.endswith("-"):
        assert names.prefix_faults(names.label_faults, text) == names.label_faults(text)
