"""kubectl port-forward: a port of this machine that leads into a pod. Nobody connects to it by himself, so one connection
is made, to the first port.

The bytes go from kubectl to the API server and on to the kubelet of the pod's node, whose runtime enters the pod's network
namespace and connects to localhost there: that last connection is the trace. No Service is asked, and no wire of the pod's is
passed. Source: k8s.io/kubectl, pkg/cmd/portforward; k8s.io/client-go, tools/portforward; containerd 2, internal/cri/server
(sandbox_portforward_linux.go).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import ip_address

from k8snet.errors import CommandError
from k8snet.kube.gowords import Unreadable, read_integer
from k8snet.kube.objects import Object, Pod, Service, known, meta
from k8snet.kube.sandbox import Sandbox
from k8snet.linux.fact import Fact
from k8snet.shell.kubectl import picking
from k8snet.shell.kubectl.command import Call, Command
from k8snet.shell.kubectl.flags import flag
from k8snet.shell.node.spaces import path

FIRST_FREE = 40000
"""The first local port where kubectl is left to choose, as elsewhere in the model."""
PLACE = "portforward.go:549"
LOST = "error: lost connection to pod"


class Forward(Fact, frozen=True):
    """A port here, and the one in the pod that it leads to."""

    local: int
    remote: int


def run(call: Call) -> None:
    """Tell what is listened on, and make a connection to the first port."""
    if len(call.args) < 2:
        raise call.misused("TYPE/NAME and list of ports are required for port-forward")
    picking.check_timeout(call)
    obj = picking.meant(call, call.args[0])
    pod = picking.pods_of(call, obj, "cannot attach to", picking.for_attaching)[0]
    words = list(_resolved(call.args[1:], obj, pod))
    phase = pod.status.phase if pod.status else ""
    if phase != "Running":
        raise CommandError(f"error: unable to forward port because pod is not running. Current status={phase}")
    addresses, forwards = _addresses(call["address"]), list(_forwards(words))
    sandbox = _sandbox(call, pod)
    for each in forwards:
        for address in addresses:
            call.line(f"Forwarding from {address}:{each.local} -> {each.remote}")
    _connect(call, pod, sandbox, forwards[0])


# --- ports --------------------------------------------------------------------------------------------------------


def _resolved(words: Iterable[str], obj: Object, pod: Pod) -> Iterator[str]:
    """The ports as numbers: a container's by name; of a Service its own, by number or name, for the pod's. CommandError."""
    for word in words:
        parts = word.split(":")
        local, remote = parts if len(parts) == 2 else (parts[0], parts[0])
        if isinstance(obj, Service):
            local, remote = _of_service(obj, pod, local, remote)
        else:
            _check_protocol(remote, pod)
            remote = remote if _is_number(remote) else str(_named(pod, remote))
        yield f"{local}:{remote}" if ":" in word or local != remote else remote


def _is_number(word: str) -> bool:
    try:
        read_integer(word, "Atoi")
    except Unreadable:
        return False
    return True


def _named(pod: Pod, name: str) -> int:
    spec = known(pod.spec)
    for container in (*spec.containers, *(spec.initContainers or ())):
        for port in container.ports or ():
            if not name and not port.name:  # a port without a name is found, and then there is nothing to forward to
                raise CommandError("error: remote port cannot be empty")
            if port.name == name:
                number: int = port.containerPort
                return number
    raise CommandError(f"error: Pod '{meta(pod).name}' does not have a named port '{name}'")


def _check_protocol(remote: str, pod: Pod) -> None:
    """Refuse a port that is known to be one of UDP."""
    protocols: dict[int, set[str]] = {}
    for port in (each for container in known(pod.spec).containers for each in container.ports or ()):
        protocols.setdefault(port.containerPort, set()).add(port.protocol or "TCP")
    number = int(remote) if _is_number(remote) else _named(pod, remote)
    if protocols.get(number) == {"UDP"}:
        raise CommandError(f"error: UDP protocol is not supported for {remote}")


def _of_service(service: Service, pod: Pod, local: str, remote: str) -> tuple[str, str]:
    """A Service's port as the one in the pod that it leads to."""
    name, spec, number = meta(service).name, known(service.spec), remote
    ports = spec.ports or []
    if not _is_number(remote):
        number = next((str(each.port) for each in ports if each.name == remote), "")
        if not number:
            raise CommandError(f"error: Service '{name}' does not have a named port '{remote}'")
    asked = [each for each in ports if each.port == int(number)]
    if asked and all(each.protocol == "UDP" for each in asked):
        raise CommandError(f"error: UDP protocol is not supported for {remote}")
    if not asked:
        raise CommandError(f"error: Service {name} does not have a service port {number}")
    target = asked[0].port if spec.clusterIP == "None" else asked[0].targetPort or asked[0].port
    return number if local == remote else local, str(target if isinstance(target, int) else _named(pod, target))


def _forwards(words: Iterable[str]) -> Iterator[Forward]:
    free = FIRST_FREE
    for word in words:
        parts = word.split(":")
        if len(parts) > 2:
            raise CommandError(f"error: invalid port format '{word}'")
        local, remote = _number(parts[0] or "0", "local"), _number(parts[-1], "remote")
        if remote == 0:
            raise CommandError("error: remote port must be > 0")
        if local == 0:
            local, free = free, free + 1
        yield Forward(local, remote)


def _number(text: str, which: str) -> int:
    try:
        return read_integer(text, "ParseUint", bits=16)
    except Unreadable as error:
        raise CommandError(f"error: error parsing {which} port '{text}': {error}") from None


def _addresses(asked: Iterable[str]) -> list[str]:
    """Where is listened, as it is written before a port; localhost is both of its addresses."""
    found = set()
    for address in asked:
        if address == "localhost":
            found |= {"127.0.0.1", "::1"}
            continue
        try:
            found.add(str(ip_address(address)))
        except ValueError:
            raise CommandError(f"error: {address} is not a valid IP") from None
    return [f"[{each}]" if ":" in each else each for each in sorted(found)]


# --- the connection -----------------------------------------------------------------------------------------------


def _sandbox(call: Call, pod: Pod) -> Sandbox:
    """The pod's sandbox, of which the kubelet has asked its runtime. CommandError if there is none."""
    try:
        kubelet = picking.kubelet_of(call, pod)
    except CommandError as error:
        raise CommandError(f"error: error upgrading connection: {str(error).removeprefix('error: ')}") from error
    held = kubelet.runtime.catch_up((meta(pod).namespace or "", meta(pod).name or ""), kubelet.client.now)
    sandbox = held.sandbox if held is not None else None
    if sandbox is None:
        raise CommandError("error: error upgrading connection: unable to upgrade connection: pod not found "
                           f'("{meta(pod).name}_{meta(pod).namespace}")')
    return sandbox


def _connect(call: Call, pod: Pod, sandbox: Sandbox, forward: Forward) -> None:
    call.line(f"Handling connection for {forward.local}")
    trace = call.session.assembly.plane.world.connect(sandbox.netns, "127.0.0.1", forward.remote)
    call.terminal.trace = trace
    if trace.fate == "refused":
        call.line(f'{call.session.stamp(PLACE, "E")} "An error occurred forwarding" err="{_refusal(sandbox, forward)}" '
                  f"localPort={forward.local} remotePort={forward.remote}")
        call.terminal.end(LOST, 1)


def _refusal(sandbox: Sandbox, forward: Forward) -> str:
    """What the runtime says, as a log has it."""
    port, no = forward.remote, "connect: connection refused"
    where = path(sandbox) if sandbox.place is not None else "host"
    return (f"error forwarding port {port} to pod {sandbox.id}, uid : failed to execute portforward in network namespace "
            f'\\"{where}\\": failed to connect to localhost:{port} inside namespace \\"{sandbox.id}\\", '
            f"IPv4: dial tcp4 127.0.0.1:{port}: {no} IPv6 dial tcp6 [::1]:{port}: {no} ")


COMMAND = Command(
    "port-forward", "port-forward TYPE/NAME [options] [LOCAL_PORT:]REMOTE_PORT [...[LOCAL_PORT_N:]REMOTE_PORT_N]",
    "Forward one or more local ports to a pod.", run,
    flags=(flag("address", "list", ("localhost",)), picking.running_timeout(60.0)),
)  # fmt: skip
