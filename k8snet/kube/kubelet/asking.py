"""One question of a probe: over HTTP, over TCP, or a command inside the container. None: all is well; else what went wrong.

The question is a real one: it goes through the network from the node to the pod. Source: pkg/probe (http, tcp, exec), and Go's
words for errors of the network.
"""

from __future__ import annotations

from collections.abc import Sequence

from k8snet.errors import NotModelled
from k8snet.kube import images
from k8snet.kube.kubelet.turn import Turn
from k8snet.kube.objects import Container as Wish
from k8snet.kube.objects import Probe, known
from k8snet.linux.trace import Trace

COMMANDS = ("true", "false", "sh -c …", "sleep SECONDS", "echo …", "cat FILE", "test -f FILE")
"""What an exec probe may run. There are no files in a container, so the last two find none."""
SAID_BY = {"ECONNREFUSED": "connection refused", "EHOSTUNREACH": "no route to host", "ENETUNREACH": "network is unreachable",
           "ECONNRESET": "connection reset by peer", "EPERM": "operation not permitted"}  # fmt: skip


def ask(turn: Turn, wish: Wish, probe: Probe) -> str | None:
    """Ask a probe's question."""
    if probe.httpGet is not None:
        return _ask_http(turn, wish, probe)
    if probe.tcpSocket is not None:
        port = _port(wish, probe.tcpSocket.port)
        return _dialled(*_dial(turn, probe, probe.tcpSocket.host or "", port), "i/o timeout")
    if probe.exec is not None:
        return _run(wish, probe, probe.exec.command or ())
    raise NotModelled("a probe over gRPC", known="httpGet, tcpSocket, exec")


def _ask_http(turn: Turn, wish: Wish, probe: Probe) -> str | None:
    wanted = known(probe.httpGet)
    port, scheme = _port(wish, wanted.port), (wanted.scheme or "HTTP").lower()
    trace, where = _dial(turn, probe, wanted.host or "", port)
    path = wanted.path or "/"
    url = f'Get "{scheme}://{where}{path if path.startswith("/") else f"/{path}"}": '
    if trace.fate == "timeout":
        return f"{url}context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
    if said := _dialled(trace, where, ""):
        return f"{url}{said}"
    return f"{url}http: server gave HTTP response to HTTPS client" if scheme == "https" else None


def _dial(turn: Turn, probe: Probe, host: str, port: int) -> tuple[Trace, str]:
    """Open a connection from the node to the pod, or to the host that the probe names."""
    sandbox, machine = known(known(turn.held).sandbox), turn.runtime.machine
    address = host or sandbox.ip or turn.kubelet.place.ip
    asked = machine.world.connect(machine.name, address, port, timeout=float(probe.timeoutSeconds or 1), keep=False)
    return asked, f"{address}:{port}"


def _dialled(trace: Trace, where: str, late: str) -> str | None:
    """What Go says of a connection that did not come about."""
    if trace.fate == "delivered":
        return None
    if trace.fate == "timeout":
        return f"dial tcp {where}: {late}"
    return f"dial tcp {where}: connect: {SAID_BY.get(trace.errno or '', str(trace.errno).lower())}"


def _port(wish: Wish, port: int | str) -> int:
    """A port's number, which may be given by the name of one of the container's ports."""
    for each in wish.ports or ():
        if each.name == port:
            return each.containerPort
    if isinstance(port, str) and not port.isdecimal():
        raise NotModelled(f"a probe of the port {port!r}", known="a number, or the name of one of the container's own ports")
    return int(port)


def _run(wish: Wish, probe: Probe, command: Sequence[str]) -> str | None:
    """Run a command inside the container; what it prints is what went wrong."""
    program = command[0].rpartition("/")[2] if command else ""
    if program == "cat" and len(command) == 2:
        return f"cat: {command[1]}: No such file or directory\n"
    if program == "test" and len(command) == 3 and command[1] in ("-e", "-f"):
        return ""
    if program not in images.PROGRAMS:
        raise NotModelled(f"a probe that runs {' '.join(command)}", known=", ".join(COMMANDS))
    done = known(images.run(known(wish.image), list(command)))
    limit = float(probe.timeoutSeconds or 1)
    if done.exit_code is None or done.after > limit:
        return f'command timed out: "{" ".join(command)}" timed out after {limit:g}s'
    return None if done.exit_code == 0 else "".join(f"{line}\n" for line in done.log)
