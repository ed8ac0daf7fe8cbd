"""kubectl exec: a command in a container. It goes by the API server and the pod's kubelet to the runtime, which runs it.

What the command does is told in k8snet/shell/node/inside.py. The terminal is one, so -t is taken as it is; without -i the input
is empty. Source: k8s.io/kubectl, pkg/cmd/exec; k8s.io/client-go, tools/remotecommand (v4.go).
"""

from __future__ import annotations

from k8snet.errors import ApiError, CommandError
from k8snet.kube.objects import Pod, meta
from k8snet.linux.tools import Output
from k8snet.shell.kubectl import picking
from k8snet.shell.kubectl.command import Call, Command
from k8snet.shell.kubectl.flags import flag
from k8snet.shell.node.inside import NotStarted, execute

OLD_FORM = "exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead"
COMPLETED = ("Succeeded", "Failed")


def run(call: Call) -> None:
    """Run the command, print what it prints, and end with its exit code."""
    if len(call.args) > 1:
        raise call.misused(OLD_FORM)
    picking.check_timeout(call)
    if not call.args:
        raise CommandError("error: pod, type/name or --filename must be specified")
    if not call.behind:
        raise CommandError("error: you must specify at least one command for the container")
    obj = picking.meant(call, call.args[0])
    pod = picking.pods_of(call, obj, "cannot attach to", picking.for_attaching)[0]
    if pod.status and pod.status.phase in COMPLETED:
        raise CommandError(f"error: cannot exec into a container in a completed pod; current phase is {pod.status.phase}")
    container = _container(call, pod)
    _print(call, _executed(call, pod, container))


def _container(call: Call, pod: Pod) -> str:
    wanted = call["container"] or picking.preset(pod)
    return picking.container_named(pod, wanted).name if wanted else picking.defaulted(call, pod, quiet=call["quiet"])


def _executed(call: Call, pod: Pod, container: str) -> Output:
    """What the command has printed. CommandError if it was not started."""
    kubelet, key = picking.kubelet_of(call, pod), (meta(pod).namespace or "", meta(pod).name or "")
    held = kubelet.runtime.catch_up(key, kubelet.client.now)
    newest = held.newest(container) if held is not None else None
    if newest is None or newest.finished is not None:  # the kubelet looks among those that run
        raise picking.not_upgraded(f'container not found ("{container}")')
    try:
        return execute(kubelet, key, container, call.behind or (), call.stdin if call["stdin"] else "")
    except NotStarted as error:
        raise CommandError(f"error: Internal error occurred: error executing command in container: {error}") from error
    except ApiError as error:
        raise CommandError(f"error: {error}") from error
    except CommandError as error:  # the program's own no
        return Output(f"{error}\n" if str(error) else "", code=error.code)
    finally:
        call.session.assembly.plane.settle_unless_paused()


def _print(call: Call, output: Output) -> None:
    """What the command has printed; that it failed is an error, unless it has sent packets: what became of them is a result."""
    call.terminal.print(output)
    call.terminal.trace = output.trace
    if output.code:
        text = f"command terminated with exit code {output.code}"
        if output.trace is None:
            raise CommandError(text, code=output.code)
        call.terminal.end(text, output.code)


COMMAND = Command(
    "exec", "exec (POD | TYPE/NAME) [-c CONTAINER] [flags] -- COMMAND [args...] [options]", "Execute a command in a container.",
    run, has_behind=True, flags=(flag("c, container"), flag("i, stdin", "bool"), flag("t, tty", "bool"), flag("q, quiet", "bool"),
           picking.running_timeout(60.0)),
    others=("filename", "f"),
)  # fmt: skip
