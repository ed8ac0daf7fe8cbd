"""A container's log: which container is meant, whether there is a log, and how much of it is asked for.

Where the lines come from is the caller's matter (`Logs`). Sources: pkg/registry/core/pod (strategy.go, LogLocation);
pkg/kubelet/kubelet_pods.go (validateContainerLogStatus).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from k8snet.errors import ApiError, NotModelled
from k8snet.kube.api import EPOCH, Api
from k8snet.kube.gowords import Unreadable, quoted, read_time
from k8snet.kube.objects import ContainerStatus, Pod, known, meta
from k8snet.kube.rest.http import NO_CONTENT, OK, TEXT, Request, Response
from k8snet.kube.validation.errors import Errors, invalid, refusal_of
from k8snet.linux.fact import Fact


class Line(Fact, frozen=True):
    """A line of a log, and when it was written, in seconds of the cluster's clock."""

    now: float
    text: str

    @property
    def time(self) -> datetime:
        """The time of day."""
        return EPOCH + timedelta(seconds=self.now)


Logs = Callable[[Pod, str, str], Sequence[Line]]
"""The lines that a container has written: asked for with the pod, the container's name and its id."""


def log(api: Api, pod: Pod, request: Request, logs: Logs | None) -> Response:
    """The log of one of a pod's containers, as text. ApiError (BadRequest) in the server's or the kubelet's words."""
    name = _container(pod, request.parameter("container"))
    _check_numbers(pod, request)
    if not known(pod.spec).nodeName:
        return Response(NO_CONTENT, "", TEXT)
    if logs is None:
        raise NotModelled("logs without kubelets", known="a cluster's")
    identity = _identity(pod, name, previous=request.asks("previous"))
    lines = _wanted(list(logs(pod, name, identity)), request, api.time)
    text = "".join(f"{_stamp(line) if request.asks('timestamps') else ''}{line.text}\n" for line in lines)
    limit = request.integer("limitBytes")
    return Response(OK, text if limit is None else text.encode()[:limit].decode(errors="ignore"), TEXT)


def _check_numbers(pod: Pod, request: Request) -> None:
    """Refuse what no log can be asked for (ValidatePodLogOptions)."""
    errors: Errors = []
    for name, least in (("tailLines", 0), ("limitBytes", 1), ("sinceSeconds", 1)):
        if (number := request.integer(name)) is not None and number < least:
            errors.append(invalid(name, number, f"must be greater than {'' if least else 'or equal to '}0"))
    if errors:
        raise refusal_of("PodLogOptions", meta(pod).name or "", errors)


def _container(pod: Pod, name: str) -> str:
    spec, owner = known(pod.spec), meta(pod).name
    names = [each.name for each in (*(spec.initContainers or ()), *spec.containers)]
    if name:
        if name not in names:
            raise _bad(f"container {name} is not valid for pod {owner}")
        return name
    if len(spec.containers) != 1:
        raise _bad(f"a container name must be specified for pod {owner}, choose one of: [{' '.join(names)}]")
    return spec.containers[0].name


def _identity(pod: Pod, name: str, *, previous: bool) -> str:
    """The id of the container whose log is meant."""
    which = f"container {quoted(name)} in pod {quoted(meta(pod).name or '')}"
    found = _status(pod, name)
    if found is None:
        raise _bad(f"{which} is not available")
    state, last = found.state, found.lastState.terminated if found.lastState else None
    ended = (last.containerID if last else None) or ""
    if previous:
        if not ended:
            raise _bad(f"previous terminated {which} not found")
        return ended
    if state and state.running:
        return found.containerID or ""
    if state and state.terminated and state.terminated.containerID:
        return state.terminated.containerID
    if ended:
        return ended
    if (state and state.terminated) or last:
        raise _bad(f"{which} is terminated")
    if state and state.waiting:
        raise _bad(f"{which} is waiting to start: {_WAITING.get(state.waiting.reason or '', state.waiting.reason)}")
    raise _bad(f"{which} is waiting to start - no logs yet")


_WAITING = {"ErrImagePull": "image can't be pulled", "ImagePullBackOff": "trying and failing to pull image"}


def _status(pod: Pod, name: str) -> ContainerStatus | None:
    status = known(pod.status)
    every = (*(status.containerStatuses or ()), *(status.initContainerStatuses or ()))
    return next((each for each in every if each.name == name), None)


def _wanted(lines: list[Line], request: Request, now: datetime) -> list[Line]:
    """The lines since a time, and of these the last ones."""
    since = None
    if (seconds := request.integer("sinceSeconds")) is not None:
        since = now - timedelta(seconds=seconds)
    elif text := request.parameter("sinceTime"):
        try:
            since = read_time(text)
        except Unreadable as error:
            raise _bad(str(error)) from None
    tail = request.integer("tailLines")
    kept = [line for line in lines if since is None or line.time >= since]
    return kept if tail is None else kept[max(0, len(kept) - tail) :]


def _stamp(line: Line) -> str:
    return f"{line.time.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{int(line.now % 1 * 1e9):09d}Z "


def _bad(text: str) -> ApiError:
    return ApiError(text, reason="BadRequest")
