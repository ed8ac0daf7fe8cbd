"""kubectl logs: what containers have written, as their kubelets kept it. With -f nothing more comes: it ends with what there is.

Source: k8s.io/kubectl, pkg/cmd/logs, pkg/polymorphichelpers/logsforobject.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from k8snet.errors import CommandError
from k8snet.kube.gowords import Unreadable, read_time
from k8snet.kube.objects import KINDS, Object, Pod, known, meta
from k8snet.linux.fact import Fact
from k8snet.shell.kubectl import picking
from k8snet.shell.kubectl.command import Call, Command
from k8snet.shell.kubectl.flags import flag
from k8snet.shell.kubectl.refusals import Refused
from k8snet.shell.kubectl.resources import SELECTOR
from k8snet.shell.kubectl.visiting import selected

USAGE = "logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]"
EXPECTED = f"expected '{USAGE}'.\nPOD or TYPE/NAME is a required argument for the logs command"
WITH_SELECTOR = 10
"""So many lines of each container are printed where a selector chooses pods."""
CANNOT = "cannot get the logs from"


class Log(Fact, frozen=True):
    """The log of one container of a pod."""

    namespace: str
    pod: str
    container: str

    @property
    def path(self) -> str:
        """Where the API server has it."""
        return KINDS["Pod"].path(self.namespace, self.pod, "log")


def run(call: Call) -> None:
    """Print the logs that are meant, one after the other."""
    _check_args(call)
    options, inline = _options(call), call.args[1] if call.args[1:] else call["container"]
    objects = _objects(call)
    _check(call, inline)
    found = [log for obj in objects for log in _logs_of(call, obj, inline)]
    if call["follow"] and len(found) > max(call["max-log-requests"], 1):
        raise CommandError(f"error: you are attempting to follow {len(found)} log streams, but maximum allowed concurrency is "
                           f"{call['max-log-requests']}, use --max-log-requests to increase the limit")
    for log in found:
        _print(call, log, options)


# --- the command line ---------------------------------------------------------------------------------------------


def _check_args(call: Call) -> None:
    if len(call.args) > 2 or (not call.args and not call["selector"]):
        raise call.misused(EXPECTED)
    if len(call.args) == 1 and call["selector"]:
        raise call.misused("only a selector (-l) or a POD name is allowed")
    if call["pod-running-timeout"] <= 0:
        raise CommandError("error: --pod-running-timeout must be higher than zero")


def _options(call: Call) -> dict[str, str]:
    """The request's query, but for the container. CommandError if a time cannot be read."""
    if call["since-time"]:
        try:
            read_time(call["since-time"])
        except Unreadable as error:
            raise CommandError(f"error: {error}") from error
    tail = WITH_SELECTOR if call["selector"] and not call.given("tail") else call["tail"]
    values = {
        "limitBytes": call["limit-bytes"] or "", "previous": "true" if call["previous"] else "",
        "sinceSeconds": round(call["since"]) or "", "sinceTime": call["since-time"], "tailLines": "" if tail == -1 else tail,
        "timestamps": "true" if call["timestamps"] else "",
    }  # fmt: skip
    return {name: str(value) for name, value in values.items()}


def _check(call: Call, container: str) -> None:
    """Refuse what does not fit together."""
    if call["since-time"] and call["since"]:
        raise CommandError("error: at most one of `sinceTime` or `sinceSeconds` may be specified")
    if call["all-containers"] and container:
        raise CommandError(f"error: --all-containers=true should not be specified with container name {container}")
    if call.given("container") and call.args[1:]:
        raise CommandError("error: only one of -c or an inline [CONTAINER] arg is allowed")
    if call["limit-bytes"] < 0:
        raise CommandError("error: --limit-bytes must be greater than 0")
    if call["since"] < 0:
        raise CommandError("error: --since must be greater than 0")
    if call["tail"] < -1:
        raise CommandError("error: --tail must be greater than or equal to -1")


# --- which logs ---------------------------------------------------------------------------------------------------


def _objects(call: Call) -> list[Object]:
    """What the command line names, or the pods that the selector chooses."""
    if call.args:
        try:
            return [picking.meant(call, call.args[0])]
        except Refused as error:
            if error.reason != "NotFound":
                raise
            words = f"error from server (NotFound): {error.status['message']} in namespace \"{call.namespace}\""
            raise CommandError(f"error: {words}") from error
    pods = selected(call, KINDS["Pod"], call.namespace, call["selector"])
    if not pods:
        call.line(f"No resources found in {call.namespace} namespace.")
    return pods


def _logs_of(call: Call, obj: Object, container: str) -> Iterator[Log]:
    pods = picking.pods_of(call, obj, CANNOT, picking.for_logging)
    if call["all-pods"]:
        chosen = pods
    else:
        chosen = pods[:1]
        if len(pods) > 1:
            call.line(f"Found {len(pods)} pods, using pod/{meta(pods[0]).name}")
    for pod in chosen:
        for name in _containers(call, pod, container):
            yield Log(meta(pod).namespace or "", meta(pod).name or "", picking.container_named(pod, name).name)


def _containers(call: Call, pod: Pod, container: str) -> Iterable[str]:
    if call["all-containers"]:
        spec = known(pod.spec)
        return [each.name for each in (*(spec.initContainers or ()), *spec.containers, *(spec.ephemeralContainers or ()))]
    if container:
        return [container]
    wanted = picking.preset(pod)
    if wanted and wanted not in [each.name for _, each in picking.all_of(known(pod.spec))]:
        call.line(f'Default container name "{wanted}" not found in pod {meta(pod).name}')
        wanted = ""
    return [wanted or picking.defaulted(call, pod, quiet=call["all-pods"])]


# --- printing -----------------------------------------------------------------------------------------------------


def _print(call: Call, log: Log, options: dict[str, str]) -> None:
    try:
        text = _followed(call, log, options) if call["follow"] else _text(call, log, options)
    except Refused as error:
        if not call["ignore-errors"]:
            raise
        call.line(f"error: {error.status['message']}")
        return
    prefix = f"[pod/{log.pod}/{log.container}] " if call["prefix"] or call["all-pods"] else ""
    call.terminal.print("".join(f"{prefix}{line}" for line in text.splitlines(keepends=True)))


def _text(call: Call, log: Log, options: dict[str, str]) -> str:
    text: str = call.session.request("GET", log.path, {"container": log.container, **options})
    return text


def _followed(call: Call, log: Log, options: dict[str, str]) -> str:
    """The log as it is; while there is none, kubectl says why not and asks again, each second until its patience ends."""
    plane = call.session.assembly.plane
    for _ in range(int(call["pod-running-timeout"])):
        try:
            return _text(call, log, options)
        except Refused as error:
            if call["ignore-errors"] or plane.paused:
                raise
            call.line(error.status["message"])
            plane.sleep(1.0)
    raise CommandError("error: context deadline exceeded")


COMMAND = Command(
    "logs", f"{USAGE} [options]", "Print the logs for a container in a pod or specified resource.", run,
    flags=(
        SELECTOR, flag("f, follow", "bool"), flag("p, previous", "bool"), flag("c, container"), flag("tail", "int", -1),
        flag("timestamps", "bool"), flag("since", "duration"), flag("since-time"), flag("limit-bytes", "int"),
        flag("all-containers", "bool"), flag("all-pods", "bool"), flag("prefix", "bool"), flag("ignore-errors", "bool"),
        flag("max-log-requests", "int", 5), picking.running_timeout(20.0),
    ),
    others=("insecure-skip-tls-verify-backend",),
)  # fmt: skip
