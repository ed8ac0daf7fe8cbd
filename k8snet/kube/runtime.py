"""The container runtime of a node (containerd's part): sandboxes with their pause, and containers in them.

It does what it is told and decides nothing: what a pod should have is the kubelet's business. What it knows of sandboxes
and containers are facts of its own, so that they outlive the kubelet; the kernel's part is handed to the machine as
deeds, and no answer is needed of it: addresses come from the CNI plugin's files, and who listens where is known here.
Sources: the Container Runtime Interface (cri-api, api.proto); containerd 2, internal/cri/server.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from copy import deepcopy
from typing import Any

from k8snet.errors import ApiError, CommandError, K8snetError
from k8snet.kube import cni
from k8snet.kube.cni.spec import Wiring
from k8snet.kube.images import Behaviour
from k8snet.kube.machine import Machine
from k8snet.kube.objects import Service
from k8snet.kube.sandbox import NOTHING, Container, Held, Names, Sandbox, Wanted, identity
from k8snet.kube.store import Key
from k8snet.linux.fact import changed

CONFIGURATIONS = "/etc/cni/net.d/"
NOT_INITIALIZED = "cni plugin not initialized"
PAUSE_IMAGE = "registry.k8s.io/pause:3.10.1"
PAUSE = Behaviour("/pause")
FIRST_PID = 1000
"""Processes of pods have larger numbers; the node's own programs have smaller ones."""
KILLED, UNKNOWN = 137, 255
"""Exit codes: 128 and SIGKILL's number; what containerd says of a process that it has lost sight of."""


class Runtime:
    """The runtime of one machine: ``pods`` by namespace and name, and the ``images`` that are there."""

    def __init__(self, machine: Machine, names: Names) -> None:
        self.machine = machine
        self.names = names
        self.pods: dict[Key, Held] = {}
        self.images: set[str] = set()
        self.boots = 1
        self._last_pid = FIRST_PID
        self._listening: dict[tuple[str, str, int], str] = {}
        """Who has a port: the container's id, by network namespace, protocol and port."""

    def __deepcopy__(self, memo: dict[int, Any]) -> Runtime:
        other = Runtime(deepcopy(self.machine, memo), deepcopy(self.names, memo))
        memo[id(self)] = other
        other.pods, other.images, other._listening = dict(self.pods), set(self.images), dict(self._listening)
        other.boots, other._last_pid = self.boots, self._last_pid
        return other

    # --- who asks -------------------------------------------------------------------------------------------------

    @property
    def conflist(self) -> str | None:
        """The network configuration that counts: the first file by name. None: the network plugin is not ready."""
        files = self.machine.files
        path = min((each for each in files if each.startswith(CONFIGURATIONS) and each.endswith(".conflist")), default=None)
        return None if path is None else files[path]

    @property
    def last_pid(self) -> int:
        """The number of the process that was started last."""
        return self._last_pid

    def netns_of(self, key: Key) -> str:
        """The network namespace that a pod is in. ApiError in kubectl's words if it is in none."""
        held = self.pods.get(key)
        if held is None or held.sandbox is None:
            raise ApiError(f'unable to upgrade connection: container not found ("{key[1]}")', reason="NotFound")
        return held.sandbox.netns

    def containers_of(self, key: Key) -> list[Container]:
        """A pod's containers as they are now, pause first."""
        held = self.catch_up(key, self.machine.world.now)
        if held is None:
            return []
        pauses = [held.sandboxes[-1].pause] if held.sandboxes else []
        return [*pauses, *(each for each in held.containers if held.newest(each.name) is each)]

    # --- sandboxes ------------------------------------------------------------------------------------------------

    def run_sandbox(self, pod: Wanted, now: float) -> Sandbox:
        """Make a sandbox: the network namespace, its network, then pause. CniError if there is no network to be had."""
        held = self.pods.get(pod.key) or Held(pod.uid)
        attempt = held.sandboxes[-1].attempt + 1 if held.sandboxes else 0
        own = identity(pod.uid, "", attempt)
        place, conflist, ip = None, self.conflist or "", ""
        if not pod.on_host:
            place, ip = self._connect(pod, own, conflist)
        self._next_pid()  # the shim's
        pause = Container(own, "pause", PAUSE_IMAGE, own, self._next_pid(), now, PAUSE)
        netns = place.netns if place is not None else self.machine.name
        sandbox = Sandbox(own, attempt, netns, pause, now, ip, pod.shares_processes, place, conflist,
                          labels=pod.labels, annotations=pod.annotations)  # fmt: skip
        self.pods[pod.key] = Held(held.uid, (*held.sandboxes[-1:], sandbox), held.containers)
        return sandbox

    def next_sandbox_id(self, key: Key, uid: str) -> str:
        """The id that the pod's next sandbox will have."""
        held = self.pods.get(key)
        return identity(uid, "", held.sandboxes[-1].attempt + 1 if held is not None and held.sandboxes else 0)

    def _connect(self, pod: Wanted, own: str, conflist: str) -> tuple[cni.Sandbox, str]:
        """Give a sandbox its namespace and its address; nothing is left of it if that fails."""
        if not conflist:
            raise cni.CniError(NOT_INITIALIZED)
        machine, (namespace, name) = self.machine, pod.key
        netns = self.names.take(pod.key)
        place = cni.Sandbox(own, netns, pod_namespace=namespace, pod_name=name, pod_uid=pod.uid, port_mappings=pod.ports)
        try:
            machine.do(make_netns, netns, netns=netns)
            result, wiring = cni.plan_add(machine, conflist, place)
            machine.do(connect, tuple(wiring))
        except K8snetError:
            self._disconnect(place, conflist)
            raise
        address: str = result["ips"][0]["address"] if result.get("ips") else ""
        return place, address.partition("/")[0]

    def _disconnect(self, place: cni.Sandbox, conflist: str) -> None:
        with suppress(K8snetError):
            self.machine.do(disconnect, tuple(cni.plan_delete(self.machine, conflist, place)))
        if place.netns:
            self.machine.do(remove_netns, place.netns)
            self.names.give_back(place.netns)

    def stop_sandbox(self, key: Key, now: float) -> None:
        """Kill what still runs in a pod's sandboxes, give their addresses back, and remove their network namespaces."""
        for container in self.pods[key].running:
            self.end(key, container, KILLED, now)
        held = self.pods[key]
        for sandbox in held.sandboxes:
            if sandbox.place is not None:
                self._disconnect(sandbox.place, sandbox.conflist)
        stopped = tuple(changed(each, ready=False, place=None, pause=_ended(each.pause, 0, now)) for each in held.sandboxes)
        self.pods[key] = Held(held.uid, stopped, held.containers)

    def remove_pod(self, key: Key, now: float) -> None:
        """Stop a pod's sandboxes, and forget the pod."""
        self.stop_sandbox(key, now)
        del self.pods[key]

    # --- containers -----------------------------------------------------------------------------------------------

    def start_container(self, key: Key, name: str, image: str, does: Behaviour, now: float,
                        env: Mapping[str, str] = NOTHING, links: tuple[Service, ...] = ()) -> Container:
        """Start a container in the pod's sandbox. Its process may end at once, as when somebody else has its port."""
        held = self.pods[key]
        sandbox, before = held.sandbox, held.newest(name)
        assert sandbox is not None
        attempt = before.attempt + 1 if before is not None else 0
        pid = 0 if does.fault else self._next_pid()
        own = identity(held.uid, name, attempt)
        made = Container(own, name, image, sandbox.id, pid, now, does, attempt, log=does.log, env=env or NOTHING,
                         links=links)  # fmt: skip
        if does.fault:
            made = _ended(changed(made, message=start_error(does.fault)), 128, now, "StartError")
        elif does.exit_code is not None and not does.after:
            made = _ended(made, does.exit_code, now)
        elif does.listens and not does.listens_after:
            made = self._listening_now(sandbox.netns, made, key[1], now)
        kept = tuple(each for each in held.containers if each.name != name or each is before)
        self.pods[key] = Held(held.uid, held.sandboxes, (*kept, made))
        return made

    def end(self, key: Key, container: Container, exit_code: int, now: float) -> None:
        """A container's process ends, and whatever it had open is closed."""
        held = self.pods[key]
        sandbox = next(each for each in held.sandboxes if each.id == container.sandbox)
        for proto, port in container.ports:
            del self._listening[sandbox.netns, proto, port]
            self.machine.do(close, sandbox.netns, port, proto, container.does.ip)
        self._replace(key, _ended(container, exit_code, now))

    def _replace(self, key: Key, container: Container) -> None:
        held = self.pods[key]
        containers = tuple(container if each.id == container.id else each for each in held.containers)
        self.pods[key] = Held(held.uid, held.sandboxes, containers)

    def forget_container(self, key: Key, container: Container) -> None:
        """Nothing is left of a container that has ended."""
        held = self.pods[key]
        left = tuple(each for each in held.containers if each.id != container.id)
        self.pods[key] = Held(held.uid, held.sandboxes, left)

    def forget_sandbox(self, key: Key, sandbox: Sandbox) -> None:
        """Nothing is left of a sandbox that is stopped, nor of the containers in it."""
        held = self.pods[key]
        containers = tuple(each for each in held.containers if each.sandbox != sandbox.id)
        self.pods[key] = Held(held.uid, tuple(each for each in held.sandboxes if each.id != sandbox.id), containers)

    def catch_up(self, key: Key, now: float) -> Held | None:
        """What the runtime has of a pod, after processes have done that whose time has come: begun to listen, ended."""
        held = self.pods.get(key)
        if held is None:
            return None
        for container in held.containers:
            if (opens := container.opens) is not None and opens <= now:
                sandbox = next(each for each in held.sandboxes if each.id == container.sandbox)
                self._replace(key, self._listening_now(sandbox.netns, container, key[1], opens))
        for container in self.pods[key].containers:
            if (ends := container.ends) is not None and ends <= now:
                self.end(key, container, container.does.exit_code or 0, ends)
        return self.pods[key]

    def _listening_now(self, netns: str, container: Container, name: str, now: float) -> Container:
        """A container whose process listens, under the pod's name; or that has ended, because a port is taken."""
        does = container.does
        taken = self._listen(netns, container, name)
        if taken is None:
            return changed(container, ports=does.listens)
        _, proto, port = taken
        return _ended(changed(container, log=(*does.log, does.taken.format(proto=proto, port=port, ip=does.ip))), 1, now)

    def _listen(self, netns: str, container: Container, name: str) -> tuple[str, str, int] | None:
        """Let a container's process listen; or say which of its places somebody has, and it listens nowhere."""
        ip, places = container.does.ip, [(netns, proto, port) for proto, port in container.does.listens]
        for place in places:
            if place in self._listening:
                return place
        for at, (_, proto, port) in enumerate(places):
            try:
                self.machine.do(listen, netns, port, proto, name, ip)
            except CommandError:  # somebody else on the node has it: no container of ours
                for _, others, opened in places[:at]:
                    self.machine.do(close, netns, opened, others, ip)
                return places[at]
        self._listening.update(dict.fromkeys(places, container.id))
        return None

    def _next_pid(self) -> int:
        self._last_pid += 1
        return self._last_pid

    # --- faults ---------------------------------------------------------------------------------------------------

    def kill_pause(self, key: Key, now: float) -> None:
        """The process that holds a sandbox is killed; if it is process 1 for all, they end with it."""
        sandbox = self.pods[key].sandboxes[-1]
        for container in self.pods[key].running if sandbox.shares_processes else ():
            self.end(key, container, KILLED, now)
        held = self.pods[key]
        dead = changed(sandbox, ready=False, pause=_ended(sandbox.pause, KILLED, now))
        self.pods[key] = Held(held.uid, (*held.sandboxes[:-1], dead), held.containers)

    def lose_everything(self, now: float) -> None:
        """The power fails: all processes and network namespaces are gone. The disk stays, and so what was is known."""
        for key, held in self.pods.items():
            for sandbox in held.sandboxes:
                if sandbox.place is not None and sandbox.netns:
                    self.machine.do(remove_netns, sandbox.netns)
                    self.names.give_back(sandbox.netns)
            lost = tuple(_ended(changed(each, ports=()), UNKNOWN, now, "Unknown") for each in held.containers)
            self.pods[key] = Held(held.uid, tuple(_lost(each, now) for each in held.sandboxes), lost)
        self._listening.clear()
        self._last_pid = FIRST_PID
        self.boots += 1


def start_error(fault: str) -> str:
    """What containerd says where a process cannot be started."""
    runc = f"runc create failed: unable to start container process: error during container init: {fault}"
    return f"failed to create containerd task: failed to create shim task: OCI runtime create failed: {runc}"


def _ended(container: Container, exit_code: int, now: float, reason: str = "") -> Container:
    if container.finished is not None:
        return container
    return changed(container, finished=now, exit_code=exit_code, reason=reason or ("Error" if exit_code else "Completed"))


def _lost(sandbox: Sandbox, now: float) -> Sandbox:
    """A sandbox after a power failure. DEL is told of no namespace then: the name may be somebody else's by that time."""
    place = changed(sandbox.place, netns="") if sandbox.place is not None else None
    return changed(sandbox, ready=False, netns="", place=place, pause=_ended(sandbox.pause, UNKNOWN, now))


# --- deeds: what the kernel is told, now or when the machine wakes ----------------------------------------------------


def make_netns(machine: Machine, netns: str) -> None:
    """A network namespace for a sandbox, with ``lo``."""
    machine.world.sh(f"ip netns add {netns}")  # from outside: what `ip netns exec` mounts is not seen elsewhere
    machine.world.sh(f"ip -n {netns} link set lo up")


def remove_netns(machine: Machine, netns: str) -> None:
    """Remove a sandbox's network namespace; that it is gone already is no error."""
    try:
        machine.world.sh(f"ip netns del {netns}")
    except CommandError as error:
        if error.errno != "ENOENT":
            raise


def connect(machine: Machine, wiring: tuple[Wiring, ...]) -> None:
    """What the CNI plugins tell the kernel for ADD."""
    cni.do(machine, wiring)


def disconnect(machine: Machine, wiring: tuple[Wiring, ...]) -> None:
    """What the CNI plugins tell the kernel for DEL; the rest is done even if one of them is refused."""
    for each in wiring:
        with suppress(K8snetError):
            cni.do(machine, (each,))


def listen(machine: Machine, netns: str, port: int, proto: str, name: str, ip: str) -> None:
    """A container's process begins to listen."""
    machine.world.listen(netns, port, proto, name, ip)


def close(machine: Machine, netns: str, port: int, proto: str, ip: str) -> None:
    """A container's process that listened has ended."""
    with suppress(CommandError):
        machine.world.close(netns, port, proto, ip)
