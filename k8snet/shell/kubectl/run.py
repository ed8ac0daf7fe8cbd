"""kubectl run: a pod with one container, and with ``--expose`` a Service for it."""

from __future__ import annotations

import re
from typing import Any

from k8snet.errors import CommandError, K8snetError, NotModelled
from k8snet.kube.defaults.pods import REFERENCE
from k8snet.kube.gowords import Unreadable, read_integer
from k8snet.kube.objects import KINDS
from k8snet.shell.kubectl import generated
from k8snet.shell.kubectl.command import Call, Command
from k8snet.shell.kubectl.emitting import CHANGES, OUTPUT_OTHERS, SAVE_CONFIG, check_flags, dry_run, emit, query
from k8snet.shell.kubectl.expose import labels_of
from k8snet.shell.kubectl.flags import flag
from k8snet.shell.kubectl.patching import annotated
from k8snet.shell.kubectl.printing.structs import ordered
from k8snet.shell.kubectl.resources import FILENAME_OTHERS
from k8snet.shell.kubectl.session import place
from k8snet.shell.kubectl.visiting import Error, end

VARIABLE = re.compile(r"[-._a-zA-Z][-._a-zA-Z0-9]*", re.ASCII)
"""The names of environment variables that kubectl takes."""
RESTARTS, PULLS = ("Always", "OnFailure", "Never"), ("Always", "IfNotPresent", "Never")


def run(call: Call) -> None:
    """Make the pod."""
    document = _pod(call)
    if call["stdin"] and dry_run(call) != "none":
        raise CommandError("error: --dry-run=[server|client] can't be used with attached containers options "
                           "(--attach, --stdin, or --tty)")
    if call["stdin"]:
        raise NotModelled("kubectl run -i", known="kubectl run without it, then kubectl exec")
    made, errors = [_made(call, document)], list[Error]()
    if call["expose"]:
        try:
            made.append(_made(call, _service(call, document)))
        except K8snetError as error:
            errors.append(error)
    for each in made:
        emit(call, each, "created")
    end(errors)


def _made(call: Call, document: dict[str, Any]) -> dict[str, Any]:
    """What becomes of a document: what the server makes of it, or what would be sent."""
    if call.given("namespace"):
        document = generated.placed(document, call.namespace)
    if dry_run(call) != "client":
        sent = annotated(ordered(document)) if call["save-config"] else document
        document = call.session.request("POST", place(KINDS[document["kind"]], call.namespace), query(call), sent)
    return ordered(document)


def _service(call: Call, pod: dict[str, Any]) -> dict[str, Any]:
    """A Service for the pod; its own labels are only those that were asked for."""
    number = pod["spec"]["containers"][0]["ports"][0]["containerPort"]
    about = pod["metadata"]
    ports = [{"protocol": "TCP", "port": number, "targetPort": number}]
    return generated.service(about["name"], labels=_labels(call), selector=about["labels"], ports=ports, more={})


def _pod(call: Call) -> dict[str, Any]:
    annotations, labels = _annotations(call), _labels(call)
    check_flags(call)
    if not (call.args or call.behind):
        raise CommandError("error: NAME is required for run")
    name, *words = [*call.args, *(call.behind or ())]
    own, env = call["command"] and words, _env(call)
    restart = _one_of(call, "restart", RESTARTS, "restart policy") or "Always"
    pull = _one_of(call, "image-pull-policy", PULLS, "image pull policy")
    image = _image(call)
    if call["tty"] and not call["stdin"]:
        raise CommandError("error: -i/--stdin is required for containers with -t/--tty=true")
    if call["expose"] and not call["port"]:
        raise CommandError("error: --port must be set when exposing a service")
    container = {"image": image, "command": words if own else [], "args": [] if own else words, "ports": _ports(call), "env": env,
                 "imagePullPolicy": pull}
    return generated.pod(name, labels=labels, annotations=annotations, restart=restart, container=container)


def _image(call: Call) -> str:
    image: str = call["image"]
    if not image:
        raise CommandError("error: --image is required")
    if not REFERENCE.fullmatch(image):
        raise CommandError(f'error: invalid image name "{image}": invalid reference format')
    return image


def _labels(call: Call) -> dict[str, str]:
    return labels_of(call["labels"]) if call["labels"] else {}


def _annotations(call: Call) -> dict[str, str]:
    words = [word for word in call["annotations"] if word]
    for word in words:
        if not re.match("[^=]+=", word):
            raise CommandError(f"error: invalid annotations format: {word}")
    return dict(word.split("=", 1) for word in words)


def _env(call: Call) -> list[dict[str, str]]:
    found = []
    for word in filter(None, call["env"]):
        name, equals, value = word.partition("=")
        if not equals or not VARIABLE.fullmatch(name):
            raise CommandError(f"error: invalid env: {word}")
        found.append({"name": name, "value": value} if value else {"name": name})
    return found


def _ports(call: Call) -> list[dict[str, int]]:
    if not call["port"]:
        return []
    try:
        number = read_integer(call["port"], "Atoi")
    except Unreadable:
        raise CommandError("error: --port must be a number") from None
    return [{"containerPort": (number + (1 << 31)) % (1 << 32) - (1 << 31)}]  # kubectl keeps its last 32 bits


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
           flag("t, tty", "bool"), flag("expose", "bool")),
    others=("attach", "cascade", "detach-keys", "force", "grace-period", "leave-stdin-open", "override-type",
            "overrides", "pod-running-timeout", "privileged", "quiet", "q", "record", "rm", "timeout", "wait", "filename", "f",
            *FILENAME_OTHERS, *OUTPUT_OTHERS),
    required=("image",), has_behind=True,
)  # fmt: skip
