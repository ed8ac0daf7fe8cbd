"""JSON and YAML as crictl writes them: Go's encoding/json with two spaces, sigs.k8s.io/yaml with sorted keys."""

from __future__ import annotations

import json
from typing import Any

from k8snet.shell.kubectl.printing.json import ESCAPED
from k8snet.shell.kubectl.printing.yaml import yaml_text as as_yaml


def json_text(document: Any, *, sort: bool = False) -> str:
    r"""A document as JSON. What Go has put into a map is sorted.

    >>> print(json_text({"b": "<1>", "a": []}, sort=True), end="")
    {
      "a": [],
      "b": "\u003c1\u003e"
    }
    """
    text = json.dumps(document, indent=2, sort_keys=sort, ensure_ascii=False)
    return f"{text.translate(ESCAPED)}\n"


def yaml_text(document: Any) -> str:
    """A document as YAML, and the empty line that crictl's Println adds."""
    return f"{as_yaml(document)}\n"
