"""kubectl create: from files, or of objects that kubectl makes up (deployment, namespace, configmap, secret, serviceaccount).

Services are made up in create_service.py.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from k8snet.errors import CommandError, K8snetError
from k8snet.kube.gowords import quoted
from k8snet.kube.names import config_key_faults
from k8snet.kube.objects import KINDS, Kind
from k8snet.shell.kubectl import create_service, generated
from k8snet.shell.kubectl.command import Call, Command
from k8snet.shell.kubectl.create_service import name_of
from k8snet.shell.kubectl.emitting import CHANGES, OUTPUT_OTHERS, SAVE_CONFIG, VALIDATE, check_flags, dry_run, emit, query
from k8snet.shell.kubectl.flags import Flag, flag
from k8snet.shell.kubectl.patching import annotated, fresh
from k8snet.shell.kubectl.printing.structs import ordered
from k8snet.shell.kubectl.refusals import Refused
from k8snet.shell.kubectl.resources import FILENAME, FILENAME_OTHERS, SELECTOR, Named, from_files
from k8snet.shell.kubectl.session import place
from k8snet.shell.kubectl.visiting import Error, end

TWICE = "key {}, another key by that name already exists"


def run(call: Call) -> None:
    """Create the objects of files, one after another; what is refused is told at the end."""
    if call.args:
        raise call.misused(f"Unexpected args: [{' '.join(call.args)}]")
    if not call["filename"]:
        raise CommandError("error: must specify one of -f and -k")
    check_flags(call)
    objects = from_files(call)
    if not objects:
        raise CommandError("error: no objects passed to create")
    errors = list[Error]()
    for each in objects:
        try:
            if not isinstance(each, Named):
                raise each
            create(call, each.kind, each.placed, each.namespace, origin=each.origin)
        except K8snetError as error:
            errors.append(error)
    end(errors)


def create(call: Call, kind: Kind, document: dict[str, Any], namespace: str, *, origin: str = "") -> None:
    """Create one object and tell so; with ``--dry-run=client`` only tell. ``origin`` is the file that it comes from, if any."""
    if not origin:
        document = ordered(document)
    if call["save-config"]:
        document = annotated(document)
    if dry_run(call) == "client":
        emit(call, document, "created")
        return
    path = place(kind, namespace)
    asked = query(call)
    try:
        made = call.session.request("POST", path, asked, fresh(document))
    except Refused as error:
        raise error.when("creating", origin) if origin else error.failed_to_create(kind) from None
    emit(call, made if origin else ordered(made), "created")


# --- made up ------------------------------------------------------------------------------------------------------


def _making(make: Callable[[Call, str], dict[str, Any]]) -> Callable[[Call], None]:
    def run_it(call: Call) -> None:
        name = name_of(call)
        check_flags(call)
        document = make(call, name)
        if not name and document["kind"] != "Deployment":
            raise CommandError("error: name must be specified")
        kind = KINDS[document["kind"]]
        inside = call.given("namespace") and kind.namespaced
        create(call, kind, generated.placed(document, call.namespace) if inside else document, call.namespace)

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
        if faults := config_key_faults(key):
            which = f"a valid key name for a {kind}:" if kind == "ConfigMap" else f"valid key name for a {kind}"
            raise CommandError(f"error: {quoted(key)} is not {which} {', '.join(faults)}")
        if key in data:
            where = f' in Data for {kind} "{name}"' if kind == "ConfigMap" else ""
            raise CommandError(f"error: cannot add {TWICE.format(quoted(key) if where else key)}{where}")
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
        key, equals, path = word.partition("=")
        path = path if equals else key
        _check_source(word)
        try:
            found.append((key if equals else Path(path).name, Path(path).read_text(encoding="utf-8")))
        except OSError as error:
            raise CommandError(f"error: error reading {path}: {(error.strerror or '').lower()}") from error
    return found


def _check_source(word: str) -> None:
    """Refuse what is neither a path nor ``KEY=PATH``."""
    key, equals, path = word.partition("=")
    if "=" in path:
        raise CommandError("error: key names or file paths cannot contain '='")
    if equals and not key:
        raise CommandError(f"error: key name for file path {path} missing")
    if equals and not path:
        raise CommandError(f"error: file path for key name {key} missing")


_FLAGS: tuple[Flag, ...] = (*CHANGES, SAVE_CONFIG, VALIDATE)
_DATA = (flag("from-literal", "array"), flag("from-file", "list"))
_DATA_OTHERS = ("append-hash", "from-env-file", *OUTPUT_OTHERS)


def _made(name: str, rest: str, make: Callable[[Call, str], dict[str, Any]], flags: tuple[Flag, ...] = (),
          others: tuple[str, ...] = OUTPUT_OTHERS, **more: Any) -> Command:
    return Command(name, f"create {name} {rest}", f"Create a {name} with the specified name.", _making(make),
                   flags=(*_FLAGS, *flags), others=others, has_behind=True, **more)


_UNMODELLED = ("clusterrole", "clusterrolebinding", "cronjob", "cj", "ingress", "ing", "job", "poddisruptionbudget",
               "priorityclass", "quota", "role", "rolebinding", "token")  # fmt: skip
"""What real kubectl makes up besides."""
_GENERIC = Command(
    "generic", "create secret generic NAME [--type=string] [--from-literal=key1=value1]",
    "Create a secret from a local file or literal value.", _making(_secret),
    flags=(*_FLAGS, *_DATA, flag("type")), others=_DATA_OTHERS, has_behind=True,
)  # fmt: skip
COMMAND = Command(
    "create", "create -f FILENAME", "Create a resource from a file or from stdin.", run,
    flags=(FILENAME, SELECTOR, *CHANGES, SAVE_CONFIG, VALIDATE),
    others=("edit", "raw", "record", "windows-line-endings", *FILENAME_OTHERS, *OUTPUT_OTHERS, *_UNMODELLED),
    subcommands=(
        _made("deployment", "NAME --image=image -- [COMMAND] [args...]", _deployment,
              (flag("image", "list"), flag("r, replicas", "int32", 1), flag("port", "int32", -1)),
              required=("image",), aliases=("deploy",)),
        _made("namespace", "NAME", lambda call, name: generated.namespace(name), aliases=("ns",)),
        _made("configmap", "NAME [--from-file=[key=]source] [--from-literal=key1=value1]", _config_map, _DATA, _DATA_OTHERS,
              aliases=("cm",)),
        Command("secret", "create secret generic", "Create a secret with specified type.", others=("docker-registry", "tls"),
                subcommands=(_GENERIC,)),
        create_service.COMMAND,
        _made("serviceaccount", "NAME", lambda call, name: generated.service_account(name), aliases=("sa",)),
    ),
)  # fmt: skip
