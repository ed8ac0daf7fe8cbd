"""The forms of output that ``-o`` names, and which of them a verb allows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from k8snet.errors import CommandError, NotModelled
from k8snet.shell.kubectl.printing import custom_columns, json, jsonpath, yaml

ALLOWED = ("go-template", "go-template-file", "json", "jsonpath", "jsonpath-as-json", "jsonpath-file", "kyaml", "name",
           "template", "templatefile", "yaml")  # fmt: skip
"""What every verb takes that prints objects."""
OF_GET = ("custom-columns", "custom-columns-file", *ALLOWED, "wide")
"""What `kubectl get` takes."""
NOT_MODELLED = ("go-template", "go-template-file", "kyaml", "template", "templatefile")


def check(form: str, allowed: tuple[str, ...] = ALLOWED) -> str:
    """The form's own name, without what follows its ``=``. CommandError in kubectl's words, also for a template; NotModelled."""
    name, equals, template = form.partition("=")
    name = name.lower() if name.lower() in ("json", "yaml", "name") else name
    if name not in allowed or (equals and not name.startswith(("jsonpath", "custom", "go-", "template"))):
        raise CommandError(f'error: unable to match a printer suitable for the output format "{form}", '
                           f"allowed formats are: {','.join(sorted(allowed))}")
    if name in NOT_MODELLED:
        raise NotModelled(f"-o {name}", known="yaml, json, jsonpath, custom-columns, name, wide")
    if name.startswith("jsonpath"):
        jsonpath.parsed(_jsonpath(name, template))
    elif name == "custom-columns-file":
        custom_columns.columns_by_file(_columns_file(template))
    elif name == "custom-columns":
        custom_columns.columns(template)
    return name


def text(form: str, document: dict[str, Any], allowed: tuple[str, ...] = ALLOWED, *, headers: bool = True) -> str:
    """An object, or a List of them, in a form that is neither a table nor a name."""
    name = check(form, allowed)
    template = form.partition("=")[2]
    if name == "yaml":
        return yaml.yaml_text(document)
    if name == "json":
        return json.json_text(document)
    if name.startswith("jsonpath"):
        return jsonpath.text(_jsonpath(name, template), json.plain(document), as_json=name == "jsonpath-as-json")
    if name == "custom-columns-file":
        return custom_columns.text_by_file(_columns_file(template), document)
    return custom_columns.text(template, document, headers=headers)


def _jsonpath(name: str, template: str) -> str:
    if not template:
        raise CommandError("error: template format specified but no template given")
    return _content(template, "--template") if name == "jsonpath-file" else template


def _columns_file(path: str) -> str:
    if not path:
        raise CommandError("error: custom-columns format specified but no custom columns given")
    return _content(path, "template")


def _content(path: str, what: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise CommandError(f"error: error reading {what} {path}, open {path}: {(error.strerror or '').lower()}") from error
