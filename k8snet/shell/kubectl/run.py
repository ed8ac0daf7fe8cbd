"""kubectl run: a pod with one container."""

from __future__ import annotations

import re
from typing import Any

from k8snet.errors import CommandError
from k8snet.kube.objects import KINDS
from k8snet.shell.kubectl import generated
from k8snet.shell.kubectl.command import Call, Command
from k8snet.shell.kubectl.create import SAVE_CONFIG, annotated, check_output
from k8snet.shell.kubectl.emitting import CHANGES, OUTPUT_OTHERS, dry_run, emit, query
from k8snet.shell.kubectl.flags import flag
from k8snet.shell.kubectl.objects_in_words import pairs
from k8snet.shell.kubectl.resources import FILENAME_OTHERS

RESTARTS, PULLS = ("Always", "OnFailure", "Never"), ("Always", "IfNotPresent", "Never")


def run(call: Call) -> None:
    """Make the pod."""
    if not call.args:
        raise call.misused("NAME is required for run")
    if not call["image"]:
        raise CommandError("error: --image is required")
    if call["image"].strip() != call["image"] or not re.fullmatch(r"[\w./:@-]+", call["image"], re.ASCII):
        raise CommandError(f'error: invalid image name "{call["image"]}": invalid reference format')
    check_output(call)
    if (call["stdin"] or call["tty"]) and dry_run(call) != "none":
        raise CommandError("error: --dry-run=[server|client] can't be used with attached containers options "
                           "(--attach, --stdin, or --tty)")
    document = _pod(call)
    if call.given("namespace"):
        document = generated.placed(document, call.namespace)
    if call["save-config"]:
        document = annotated(document)
    if dry_run(call) != "client":
        where = KINDS["Pod"].path(call.namespace)
        document = call.session.request("POST", where, query(call), document)
    emit(call, document, "created")


def _pod(call: Call) -> dict[str, Any]:
    words = [*call.args[1:], *(call.behind or ())]
    own = call["command"] and words
    port = _port(call)
    container = {
        "image": call["image"], "command": words if own else [], "args": [] if own else words,
        "ports": [] if port is None else [{"containerPort": port}], "env": _env(call), "resources": {},
        "imagePullPolicy": _one_of(call, "image-pull-policy", PULLS, "image pull policy"),
        "stdin": call["stdin"], "stdinOnce": call["stdin"], "tty": call["tty"],
    }  # fmt: skip
    restart = _one_of(call, "restart", RESTARTS, "restart policy")
    labels = pairs(call["labels"], "unexpected label spec")
    return generated.pod(call.args[0], labels=labels, annotations=_annotations(call), restart=restart, container=container)


def _annotations(call: Call) -> dict[str, str]:
    return {key: value for word in call["annotations"] for key, _, value in [word.partition("=")]}


def _env(call: Call) -> list[dict[str, str]]:
    found = []
    for word in call["env"]:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise CommandError(f"error: invalid env: {word}")
        found.append({"name": name, "value": value} if value else {"name": name})
    return found


def _port(call: Call) -> int | None:
    if not call["port"]:
        return None
    if not re.fullmatch(r"[+-]?\d+", call["port"], re.ASCII):
        raise CommandError("error: --port must be a number")
    return int(call["port"])


def _one_of(call: Call, name: str, values: tuple[str, ...], what: str) -> str:
    value: str = call[name]
    if value and value not in values:
        raise CommandError(f"error: invalid {what}: {value}, valid values are: {', '.join(values)}")
    return value


COMMAND = Command(
    "run", 'run NAME --image=image [--env="key=value"] [--port=port] [--dry-run=server|client] [--command] -- [COMMAND] [args]',
    "Create and run a particular image in a pod.", run,
    flags=(*CHANGES, SAVE_CONFIG, flag("image"), flag("image-pull-policy"), flag("env", "array"), flag("port"), flag("l, labels"),
           flag("annotations", "array"), flag("command", "bool"), flag("restart", default="Always"), flag("i, stdin", "bool"),
           flag("t, tty", "bool")),
    others=("attach", "cascade", "detach-keys", "expose", "force", "grace-period", "leave-stdin-open", "override-type",
            "overrides", "pod-running-timeout", "privileged", "quiet", "q", "rm", "timeout", "wait", "filename", "f",
            *FILENAME_OTHERS, *OUTPUT_OTHERS),
    required=("image",),
)  # fmt: skip
