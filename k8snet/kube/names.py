"""Names: which texts Kubernetes takes for names, label keys and values, ports, percentages; and what it says of others.

Each function gives the faults of one text, in the server's words; none if it is right. The same few texts come again and
again, so the answers are remembered. Lengths count bytes. Sources: k8s.io/apimachinery, pkg/util/validation/validation.go,
pkg/api/validate/content (kube.go, dns.go, errors.go); pkg/api/validation/generic.go for names that will get an ending.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

Faults = tuple[str, ...]
Rule = Callable[[str], Faults]

LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
SUBDOMAIN = rf"{LABEL}(\.{LABEL})*"
KEY = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
VALUE = f"({KEY})?"
PERCENT = "[0-9]+%"
CONFIG_KEY = "[-._a-zA-Z0-9]+"
HEADER = "[-A-Za-z0-9]+"
SYSCTL = r"([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
EMPTY = "must be non-empty"
PORT_RANGE = "must be between 1 and 65535, inclusive"
SPECIAL = "alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
BOTH_ENDS = "must start and end with an alphanumeric character"

_compiled = lru_cache(maxsize=64)(re.compile)


def matches(pattern: str, text: str) -> bool:
    """Whether a whole text is of a pattern's form."""
    return _compiled(pattern).fullmatch(text) is not None


def explained(message: str, pattern: str, *examples: str) -> str:
    """A pattern's message as Kubernetes writes it, with its examples (RegexError).

    >>> explained("must be small", "[a-z]+", "a", "b")
    "must be small (e.g. 'a',  or 'b', regex used for validation is '[a-z]+')"
    """
    shown = " or ".join(f"'{example}', " for example in examples)
    return f"{message} (e.g. {shown}regex used for validation is '{pattern}')"


def _too_long(text: str, most: int, unit: str = "characters") -> Faults:
    return (f"must be no more than {most} {unit}",) if len(text.encode(errors="replace")) > most else ()


# --- DNS ----------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def label_faults(text: str) -> Faults:
    """What is wrong with a DNS label (RFC 1123), such as a container's or a namespace's name.

    >>> label_faults("web"), label_faults("a.b")
    ((), ('must not contain dots',))
    """
    if matches(LABEL, text):
        return _too_long(text, 63)
    if matches(SUBDOMAIN, text):
        return (*_too_long(text, 63), "must not contain dots")
    message = f"a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and {BOTH_ENDS}"
    return (*_too_long(text, 63), explained(message, LABEL, "my-name", "123-abc"))


@lru_cache(maxsize=4096)
def subdomain_faults(text: str) -> Faults:
    """What is wrong with a DNS subdomain (RFC 1123), such as a pod's name."""
    if matches(SUBDOMAIN, text):
        return _too_long(text, 253)
    message = f"a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and {BOTH_ENDS}"
    return (*_too_long(text, 253), explained(message, SUBDOMAIN, "example.com"))


def prefix_faults(rule: Rule, text: str) -> Faults:
    """The same for the beginning of a name (generateName): a dash at its end is allowed."""
    return rule(f"{text[:-2]}a" if len(text) > 1 and text.endswith("-") else text)


# --- labels -------------------------------------------------------------------------------------------------------

_KEY_MESSAGE = explained(f"must consist of {SPECIAL}", KEY, "MyName", "my.name", "123-abc")


@lru_cache(maxsize=4096)
def key_faults(text: str) -> Faults:
    """What is wrong with a label's key: a name, and before it a DNS subdomain and a slash, or nothing.

    >>> key_faults("app.kubernetes.io/name"), key_faults("/name")
    ((), ('prefix part must be non-empty',))
    """
    prefix, slash, name = text.partition("/")
    if not slash:
        prefix, name = "", text
    if "/" in name:
        return (f"a valid label key {_KEY_MESSAGE} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",)
    faults = list(subdomain_faults(prefix) if prefix else (EMPTY,)) if slash else []
    faults = [f"prefix part {fault}" for fault in faults]
    too_long = _too_long(name, 63, "bytes") if name else (EMPTY,)
    faults += [f"name part {fault}" for fault in too_long]
    return (*faults, *(() if matches(KEY, name) else (f"name part {_KEY_MESSAGE}",)))


@lru_cache(maxsize=4096)
def value_faults(text: str) -> Faults:
    """What is wrong with a label's value."""
    if matches(VALUE, text):
        return _too_long(text, 63, "bytes")
    message = f"a valid label must be an empty string or consist of {SPECIAL}"
    return (*_too_long(text, 63, "bytes"), explained(message, VALUE, "MyValue", "my_value", "12345"))


# --- others -------------------------------------------------------------------------------------------------------


def port_name_faults(text: str) -> Faults:
    """What is wrong with a port's name (an IANA service name, RFC 6335).

    >>> port_name_faults("http-metrics"), port_name_faults("80")
    ((), ('must contain at least one letter (a-z)',))
    """
    return (
        *_too_long(text, 15),
        *(() if matches("[-a-z0-9]+", text) else ("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)",)),
        *(() if re.search("[a-z]", text) else ("must contain at least one letter (a-z)",)),
        *(("must not contain consecutive hyphens",) if "--" in text else ()),
        *(("must not begin or end with a hyphen",) if text.startswith("-") or text.endswith("-") else ()),
    )


def port_faults(port: int) -> Faults:
    """What is wrong with a port's number."""
    return () if 1 <= port <= 65535 else (PORT_RANGE,)


def percent_faults(text: str) -> Faults:
    """What is wrong with a percentage, such as ``25%``."""
    message = "a valid percent string must be a numeric string followed by an ending '%'"
    return () if matches(PERCENT, text) else (explained(message, PERCENT, "1%", "93%"),)


def variable_faults(text: str) -> Faults:
    """What is wrong with the name of an environment variable."""
    message = "a valid environment variable name must consist only of printable ASCII characters other than '='"
    return () if all(" " <= letter <= "~" and letter != "=" for letter in text) else (message,)


def config_key_faults(text: str) -> Faults:
    """What is wrong with a key of a ConfigMap or a Secret."""
    message = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"
    fault = () if matches(CONFIG_KEY, text) else (explained(message, CONFIG_KEY, "key.name", "KEY_NAME", "key-name"),)
    return (*_too_long(text, 253), *fault, *_upward(text))


def _upward(text: str) -> Faults:
    if text in (".", ".."):
        return (f"must not be '{text}'",)
    return ("must not start with '..'",) if text.startswith("..") else ()


def header_faults(text: str) -> Faults:
    """What is wrong with the name of an HTTP header."""
    message = "a valid HTTP header must consist of alphanumeric characters or '-'"
    return () if matches(HEADER, text) else (explained(message, HEADER, "X-Header-Name"),)
