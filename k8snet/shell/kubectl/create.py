"""kubectl create: from files, or of objects that kubectl makes up (deployment, namespace, configmap, secret, serviceaccount)."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from k8snet.errors import CommandError
from k8snet.kube.objects import KINDS
from k8snet.shell.kubectl import formats, generated
from k8snet.shell.kubectl.command import Call, Command
from k8snet.shell.kubectl.emitting import CHANGES, OUTPUT_OTHERS, VALIDATE, dry_run, emit, query
from k8snet.shell.kubectl.flags import Flag, flag
from k8snet.shell.kubectl.refusals import Refused
from k8snet.shell.kubectl.resources import FILENAME, FILENAME_OTHERS, SELECTOR, from_files
from k8snet.shell.kubectl.visiting import Error, end

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
SAVE_CONFIG = flag("save-config", "bool")
KEY = re.compile(r"[-._a-zA-Z0-9]+", re.ASCII)


def run(call: Call) -> None:
    """Create the objects of files, one after another; what is refused is told at the end."""
    if call.args:
        raise call.misused(f"Unexpected args: [{' '.join(call.args)}]")
    if not call["filename"]:
        raise CommandError("error: must specify one of -f and -k")
    check_output(call)
    errors = list[Error]()
    for each in from_files(call):
        try:
            create(call, each.document or {}, each.namespace, origin=each.origin)
        except Refused as error:
            errors.append(error)
    end(errors)


def create(call: Call, document: dict[str, Any], namespace: str, *, origin: str = "") -> None:
    """Create one object and tell so; with ``--dry-run=client`` only tell. ``origin`` is the file that it comes from."""
    kind = KINDS[document["kind"]]
    if call["save-config"]:
        document = annotated(document)
    if dry_run(call) == "client":
        emit(call, _with_namespace(document, namespace) if origin else document, "created")
        return
    path = kind.path(namespace)
    asked = query(call, fieldValidation="Strict")
    try:
        made = call.session.request("POST", path, asked, document)
    except Refused as error:
        raise error.when("creating", origin) if origin else error.failed_to_create(kind) from None
    emit(call, made, "created")


def _with_namespace(document: dict[str, Any], namespace: str) -> dict[str, Any]:
    if not KINDS[document["kind"]].namespaced:
        return document
    return generated.placed(document, namespace)


def annotated(document: dict[str, Any]) -> dict[str, Any]:
    """A document that says in an annotation what it was, for the next `kubectl apply`."""
    about = document.get("metadata") or {}
    notes = {key: value for key, value in (about.get("annotations") or {}).items() if key != LAST_APPLIED}
    plain = document | {"metadata": {**about, "annotations": notes}}
    text = json.dumps(plain, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    text = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return document | {"metadata": {**about, "annotations": {**notes, LAST_APPLIED: f"{text}\n"}}}


def check_output(call: Call) -> None:
    """Refuse an unknown ``-o`` before anything is changed."""
    if call["output"]:
        formats.check(call["output"])


# --- made up ------------------------------------------------------------------------------------------------------


def _name(call: Call) -> str:
    if len(call.args) != 1:
        raise call.misused(f"exactly one NAME is required, got {len(call.args)}")
    return call.args[0]


def _making(make: Callable[[Call, str], dict[str, Any]]) -> Callable[[Call], None]:
    def run_it(call: Call) -> None:
        name = _name(call)
        check_output(call)
        document = make(call, name)
        inside = call.given("namespace") and KINDS[document["kind"]].namespaced
        create(call, _with_namespace(document, call.namespace) if inside else document, call.namespace)

    return run_it


def _deployment(call: Call, name: str) -> dict[str, Any]:
    images, command = call["image"], call.behind or ()
    if len(images) > 1 and command:
        raise CommandError("error: cannot specify multiple --image options and command")
    return generated.deployment(name, images, replicas=call["replicas"], port=call["port"], command=command)


def _config_map(call: Call, name: str) -> dict[str, Any]:
    return generated.config_map(name, _data(call, name, "ConfigMap"))


def _secret(call: Call, name: str) -> dict[str, Any]:
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in _data(call, name, "Secret").items()}
    return generated.secret(name, encoded, call["type"])


def _data(call: Call, name: str, kind: str) -> dict[str, str]:
    data: dict[str, str] = {}
    for key, value in [*_files(call["from-file"]), *_literals(call["from-literal"])]:
        if not KEY.fullmatch(key):
            raise CommandError(
                f'error: "{key}" is not a valid key name for a {kind}: a valid config key must consist of alphanumeric '
                "characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', "
                "regex used for validation is '[-._a-zA-Z0-9]+')")
        if key in data:
            raise CommandError(f'error: cannot add key "{key}", another key by that name already exists in Data for {kind} '
                               f'"{name}"')
        data[key] = value
    return data


def _literals(words: Sequence[str]) -> list[tuple[str, str]]:
    for word in words:
        if "=" not in word or word.startswith("="):
            raise CommandError(f"error: invalid literal source {word}, expected key=value")
    return [(key, value) for key, _, value in (word.partition("=") for word in words)]


def _files(words: Sequence[str]) -> list[tuple[str, str]]:
    found = []
    for word in words:
        key, equals, path = word.rpartition("=")
        try:
            found.append((key if equals else Path(path).name, Path(path).read_text(encoding="utf-8")))
        except OSError as error:
            raise CommandError(f"error: error reading {path}: {(error.strerror or '').lower()}") from error
    return found


_FLAGS: tuple[Flag, ...] = (*CHANGES, SAVE_CONFIG, VALIDATE)
_DATA = (flag("from-literal", "array"), flag("from-file", "list"))
_DATA_OTHERS = ("append-hash", "from-env-file", *OUTPUT_OTHERS)


def _made(name: str, rest: str, make: Callable[[Call, str], dict[str, Any]], flags: tuple[Flag, ...] = (),
          others: tuple[str, ...] = OUTPUT_OTHERS, **more: Any) -> Command:
    return Command(name, f"create {name} {rest}", f"Create a {name} with the specified name.", _making(make),
                   flags=(*_FLAGS, *flags), others=others, **more)


_UNMODELLED = ("clusterrole", "clusterrolebinding", "cronjob", "cj", "ingress", "ing", "job", "poddisruptionbudget",
               "priorityclass", "quota", "role", "rolebinding", "service", "svc", "token")  # fmt: skip
"""What real kubectl makes up besides."""
_GENERIC = Command(
    "generic", "create secret generic NAME [--type=string] [--from-literal=key1=value1]",
    "Create a secret from a local file or literal value.", _making(_secret),
    flags=(*_FLAGS, *_DATA, flag("type")), others=_DATA_OTHERS,
)  # fmt: skip
COMMAND = Command(
    "create", "create -f FILENAME", "Create a resource from a file or from stdin.", run,
    flags=(FILENAME, SELECTOR, *CHANGES, SAVE_CONFIG, VALIDATE),
    others=("edit", "raw", "windows-line-endings", *FILENAME_OTHERS, *OUTPUT_OTHERS, *_UNMODELLED),
    subcommands=(
        _made("deployment", "NAME --image=image -- [COMMAND] [args...]", _deployment,
              (flag("image", "list"), flag("r, replicas", "int", 1), flag("port", "int", -1)),
              required=("image",), aliases=("deploy",)),
        _made("namespace", "NAME", lambda call, name: generated.namespace(name), aliases=("ns",)),
        _made("configmap", "NAME [--from-file=[key=]source] [--from-literal=key1=value1]", _config_map, _DATA, _DATA_OTHERS,
              aliases=("cm",)),
        Command("secret", "create secret generic", "Create a secret with specified type.", others=("docker-registry", "tls"),
                subcommands=(_GENERIC,)),
        _made("serviceaccount", "NAME", lambda call, name: generated.service_account(name), aliases=("sa",)),
    ),
)  # fmt: skip
