"""What crictl does to pods and containers: stop, stopp, rm, rmp; and what it fetches from them: logs, exec.

The runtime does it, and the kubelet finds it: what is stopped by hand is started again. Sources: cri-tools, cmd/crictl
(container.go, sandbox.go, logs.go, exec.go); containerd 2, internal/cri/server/container_stop.go (without a time it is SIGKILL).
"""

from __future__ import annotations

from typing import Any

from k8snet.errors import CommandError, NotModelled
from k8snet.kube.runtime import KILLED
from k8snet.kube.sandbox import Container, Sandbox
from k8snet.kube.store import Key
from k8snet.linux.tools import Output
from k8snet.shell.node import inside
from k8snet.shell.node.crictl.flags import Options, chosen, fatal, number
from k8snet.shell.node.host import Host


def _container(host: Host, word: str) -> tuple[Key, Container]:
    """The container that is meant. LookupError with the runtime's words."""
    found = list(host.containers())
    one = chosen([each for _, each in found], word, f'an error occurred when try to find container "{word}"')
    return next(pair for pair in found if pair[1] is one)


def _sandbox(host: Host, word: str) -> tuple[Key, Sandbox]:
    found = list(host.sandboxes())
    one = chosen([each for _, each in found], word, "an error occurred when try to find sandbox")
    return next(pair for pair in found if pair[1] is one)


def _ids(words: list[str], verb: str) -> list[str]:
    if not words:
        raise NotModelled(f"crictl {verb} without an id, which prints its help", known=f"crictl {verb} ID")
    return words


# --- stopping -----------------------------------------------------------------------------------------------------


def stop(host: Host, options: Options, words: list[str]) -> Output:
    """Run ``crictl stop``: SIGTERM and some time if ``--timeout`` gives any, then SIGKILL. What is not there has stopped."""
    seconds = max(0, number(options, "timeout", 0))
    for word in _ids(words, "stop"):
        try:
            key, container = _container(host, word)
        except LookupError:
            continue
        if container.finished is None:
            _stop_one(host, key, container, seconds)
    host.settle()
    return Output("".join(f"{word}\n" for word in words))


def _stop_one(host: Host, key: Key, container: Container, seconds: float) -> None:
    code = KILLED
    if seconds and container.does.heeds_term:
        code = container.does.term_code
    elif seconds:
        host.assembly.plane.sleep(seconds)
        now = next((each for found, each in host.containers() if found == key and each.id == container.id), None)
        if now is None or now.finished is not None:
            return
    host.kubelet.kill_container(key, container.name, code)


def stop_sandbox(host: Host, options: Options, words: list[str]) -> Output:
    """Run ``crictl stopp``: containers, network and pause end. What is not there has stopped."""
    for word in _ids(words, "stopp"):
        try:
            key, sandbox = _sandbox(host, word)
        except LookupError:
            continue
        if sandbox.ready or sandbox.place is not None:
            host.kubelet.runtime.stop_sandbox(key, host.now)
            host.kubelet.notice(key)
    host.settle()
    return Output("".join(f"Stopped sandbox {word}\n" for word in words))


# --- removing -----------------------------------------------------------------------------------------------------


def remove(host: Host, options: Options, words: list[str]) -> Output:
    """Run ``crictl rm``. One that runs is refused, unless ``--force`` stops it."""
    lines, failed = [], False
    for word in _ids(words, "rm"):
        refusal = _remove_one(host, options, word)
        failed = failed or bool(refusal)
        lines.append(refusal or word)
    host.settle()
    if failed:
        raise CommandError("\n".join([*lines, "FATA[0000] unable to remove container(s)"]))
    return Output("".join(f"{line}\n" for line in lines))


def _remove_one(host: Host, options: Options, word: str) -> str:
    """Remove a container; the error if it cannot be."""
    try:
        key, container = _container(host, word)
    except LookupError as error:
        return f"ERRO[0000] {error}"
    if container.finished is None:
        if "force" not in options:
            return f'ERRO[0000] container "{word}" is running, please stop it first'
        host.kubelet.kill_container(key, container.name)
        _, container = _container(host, container.id)
    host.kubelet.runtime.forget_container(key, container)
    host.kubelet.notice(key)
    return ""


def remove_sandbox(host: Host, options: Options, words: list[str]) -> Output:
    """Run ``crictl rmp``. One that is ready is refused, unless ``--force`` stops it."""
    lines = []
    for word in _ids(words, "rmp"):
        try:
            key, sandbox = _sandbox(host, word)
        except LookupError as error:
            raise fatal(f'getting sandbox status of pod "{word}": {error}') from None
        if sandbox.ready and "force" not in options:
            raise fatal(f'pod sandbox "{word}" is running, please stop it first')
        if sandbox.ready or sandbox.place is not None:
            host.kubelet.runtime.stop_sandbox(key, host.now)
        host.kubelet.runtime.forget_sandbox(key, sandbox)
        host.kubelet.notice(key)
        lines.append(f"Removed sandbox {word}\n")
    host.settle()
    return Output("".join(lines))


# --- fetching -----------------------------------------------------------------------------------------------------


def logs(host: Host, options: Options, words: list[str]) -> Output:
    """Run ``crictl logs``: what a container's process has printed."""
    if not words:
        raise fatal("ID cannot be empty")
    key, container = _or_fatal(host, words[0], "{}")
    if "previous" in options:
        before = host.kubelet.runtime.pods[key].before(container)
        if before is None:
            raise fatal(f"failed to find the previous terminated container log of {container.name}")
        container = before
    tail = number(options, "tail", -1)
    lines = container.log if tail < 0 else container.log[max(0, len(container.log) - tail) :]
    return Output("".join(f"{line}\n" for line in lines))


def execute(host: Host, options: Options, words: list[str]) -> Output:
    """Run ``crictl exec``: a command in a container."""
    if len(words) < 2:
        raise NotModelled("crictl exec without a container and a command, which prints its help", known="crictl exec ID COMMAND")
    said = "execing command in container synchronously: {}" if "sync" in options else "execing command in container: {}"
    key, container = _or_fatal(host, words[0], said)
    try:
        output = inside.execute(host.kubelet, key, container.name, words[1:])
    except inside.NotStarted as error:
        raise fatal(said.format(f"Internal error occurred: error executing command in container: {error}")) from None
    except CommandError as error:
        raise CommandError(f"{error}\n{_ended(said, error.code)}", code=error.code) from error
    host.settle()
    if output.code:
        return Output(f"{output}{_ended(said, output.code)}\n", code=output.code, trace=output.trace)
    return output


def _ended(said: str, code: int) -> str:
    return f"FATA[0000] {said.format(f'command terminated with exit code {code}')}"


def _or_fatal(host: Host, word: str, said: str) -> Any:
    try:
        return _container(host, word)
    except LookupError as error:
        raise fatal(said.format(error)) from None
