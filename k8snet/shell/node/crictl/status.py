"""``crictl inspectp``, ``inspect`` and ``info``: what the runtime knows of a sandbox, of a container, of itself.

Of containerd's long ``info`` there are the keys that concern processes, namespaces and the network; no mounts, resources, users
or options of the runtime. Sources: cri-api, api.proto; cri-tools, cmd/crictl/util.go (outputStatusData); containerd 2,
internal/cri/server (sandbox_status.go, container_status.go, status.go, helpers.go) and internal/cri/opts (spec_opts.go).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from k8snet.kube import images as imaging
from k8snet.kube.kubelet.links import environment
from k8snet.kube.kubelet.status import image_id
from k8snet.kube.runtime import NOT_INITIALIZED, PAUSE_IMAGE
from k8snet.kube.sandbox import Container, Sandbox
from k8snet.kube.store import Key
from k8snet.linux.tools import Output
from k8snet.shell.node import spaces
from k8snet.shell.node.crictl.flags import Options, chosen, fatal, form
from k8snet.shell.node.crictl.lists import config_digest, labels_of
from k8snet.shell.node.crictl.written import json_text, yaml_text
from k8snet.shell.node.host import Host

NEVER = "0001-01-01T00:00:00Z"
RUNC = "io.containerd.runc.v2"
NO_CONFIG = "cni config load failed: no network config found in /etc/cni/net.d"
Document = dict[str, Any]


def sandboxes(host: Host, options: Options, words: list[str]) -> Output:
    """Run ``crictl inspectp ID``; without an id all sandboxes."""
    found = [(key, each) for key, each in host.sandboxes()]
    missing = "an error occurred when try to find sandbox"
    told = 'getting the pod sandbox status for "{}": {}'
    those = _those(found, words, lambda word: missing, told)
    return _written(options, [_both(options, _sandbox(host, *each), _sandbox_info(host, *each)) for each in those])


def containers(host: Host, options: Options, words: list[str]) -> Output:
    """Run ``crictl inspect ID``; without an id all containers."""
    found = [(key, each) for key, each in host.containers()]
    those = _those(found, words, lambda word: f'an error occurred when try to find container "{word}"',
                   'getting the status of the container "{}": {}')  # fmt: skip
    return _written(options, [_both(options, _container(host, *each), _container_info(host, *each)) for each in those])


def info(host: Host, options: Options, words: list[str]) -> Output:
    """Run ``crictl info``."""
    conflist = host.kubelet.runtime.conflist
    network: Document = {"message": "", "reason": "", "status": True, "type": "NetworkReady"}
    if conflist is None:
        why = f"Network plugin returns error: {NOT_INITIALIZED}"
        network |= {"message": why, "reason": "NetworkPluginNotReady", "status": False}
    runtime = {"message": "", "reason": "", "status": True, "type": "RuntimeReady"}
    status = {"conditions": [runtime, network]}
    load = "OK" if conflist is not None else f"{NO_CONFIG}: {NOT_INITIALIZED}"
    loaded = {"cniconfig": _cni(conflist), "lastCNILoadStatus": load, "lastCNILoadStatus.default": load}
    more = {} if "quiet" in options else loaded
    return _written(options, [{**more, "status": status}])


# --- which, and how -----------------------------------------------------------------------------------------------


def _those(found: Sequence[tuple[Key, Any]], words: list[str], missing: Callable[[str], str], told: str) -> list[tuple[Key, Any]]:
    """The things that are meant, by the beginnings of their ids. CommandError if one of them means none."""
    if not words:
        return sorted(found, key=lambda each: getattr(each[1], "created", getattr(each[1], "started", 0.0)), reverse=True)
    those = []
    for word in words:
        try:
            one = chosen([each for _, each in found], word, missing(word))
        except LookupError as error:
            raise fatal(told.format(word, error)) from None
        those.append(next(pair for pair in found if pair[1] is one))
    return those


def _both(options: Options, status: Document, more: Document) -> Document:
    return {"status": status} if "quiet" in options else {"info": more, "status": status}


def _written(options: Options, documents: list[Document]) -> Output:
    """One document as it is, several as a list."""
    what = documents[0] if len(documents) == 1 else documents
    return Output(json_text(what, sort=True) if form(options, "json", ("json", "yaml", "")) != "yaml" else yaml_text(what))


def _time(host: Host, seconds: float | None) -> str:
    """RFC 3339 with as many digits as it needs."""
    if seconds is None:
        return NEVER
    then = host.time(seconds)
    fraction = f"{then.microsecond:06}".rstrip("0")
    return f"{then:%Y-%m-%dT%H:%M:%S}{'.' + fraction if fraction else ''}Z"


# --- sandboxes ----------------------------------------------------------------------------------------------------


def _sandbox(host: Host, key: Key, sandbox: Sandbox) -> Document:
    uid = host.kubelet.runtime.pods[key].uid
    pid = "POD" if sandbox.shares_processes else "CONTAINER"
    options = {"ipc": "POD", "network": "POD" if sandbox.ip else "NODE", "pid": pid, "targetId": "", "usernsOptions": None}
    return {
        "annotations": dict(sandbox.annotations), "createdAt": _time(host, sandbox.created), "id": sandbox.id,
        "labels": labels_of(host, key, sandbox), "linux": {"namespaces": {"options": options}},
        "metadata": {"attempt": sandbox.attempt, "name": key[1], "namespace": key[0], "uid": uid},
        "network": {"additionalIps": [], "ip": sandbox.ip if sandbox.ready else ""}, "runtimeHandler": "",
        "state": "SANDBOX_READY" if sandbox.ready else "SANDBOX_NOTREADY",
    }  # fmt: skip


def _sandbox_info(host: Host, key: Key, sandbox: Sandbox) -> Document:
    alive = sandbox.pause.finished is None
    pinned = sandbox.ip and spaces.is_pinned(sandbox)
    return {
        "config": {
            "annotations": dict(sandbox.annotations), "hostname": key[1] if sandbox.ip else "",
            "labels": labels_of(host, key, sandbox), "log_directory": _logs(host, key),
            "metadata": {"name": key[1], "namespace": key[0], "uid": host.kubelet.runtime.pods[key].uid,
                         **({"attempt": sandbox.attempt} if sandbox.attempt else {})},
        },
        "image": PAUSE_IMAGE, "netNamespaceClosed": bool(sandbox.ip) and not pinned, "pid": sandbox.pause.pid if alive else 0,
        "processStatus": "running" if alive else "deleted", "runtimeHandler": "", "runtimeType": RUNC,
        "runtimeSpec": {"hostname": key[1] if sandbox.ip else host.name, "linux": {"namespaces": _of_sandbox(sandbox)},
                        "process": {"args": ["/pause"]}},
        "snapshotKey": sandbox.id, "snapshotter": "overlayfs",
        **({"cniResult": _cni_result(host, sandbox)} if pinned else {}),
    }  # fmt: skip


def _of_sandbox(sandbox: Sandbox) -> list[Document]:
    """The namespaces that runc makes for pause, and the one that it enters: containerd's."""
    if not sandbox.ip:
        return [{"type": "pid"}, {"type": "ipc"}, {"type": "mount"}]
    return [{"type": "pid"}, {"type": "ipc"}, {"type": "uts"}, {"type": "mount"},
            {"path": spaces.path(sandbox), "type": "network"}]  # fmt: skip


def _cni_result(host: Host, sandbox: Sandbox) -> Document:
    """What go-cni made of the plugins' results: the addresses by interface."""
    bridge = json.loads(sandbox.conflist)["plugins"][0] if sandbox.conflist else {}
    assert sandbox.place is not None
    interface = {"IPConfigs": [{"Gateway": _gateway(bridge), "IP": sandbox.ip}], "Sandbox": spaces.path(sandbox)}
    return {"Interfaces": {sandbox.place.ifname: interface}}


def _gateway(bridge: Document) -> str:
    """The gateway that the configuration names."""
    ranges = bridge.get("ipam", {}).get("ranges", [])
    return str(ranges[0][0].get("gateway", "")) if ranges else ""


# --- containers ---------------------------------------------------------------------------------------------------


def _container(host: Host, key: Key, container: Container) -> Document:
    return {
        "annotations": {"io.kubernetes.container.restartCount": str(container.attempt)},
        "createdAt": _time(host, container.started), "exitCode": container.exit_code,
        "finishedAt": _time(host, container.finished), "id": container.id,
        "image": {"annotations": {}, "image": imaging.reference(container.image), "runtimeHandler": "",
                  "userSpecifiedImage": container.image},
        "imageId": config_digest(container.image), "imageRef": image_id(container.image),
        "labels": labels_of(host, key, container), "logPath": f"{_logs(host, key)}/{container.name}/{container.attempt}.log",
        "message": container.message, "metadata": {"attempt": container.attempt, "name": container.name},
        "reason": container.reason, "startedAt": _time(host, container.started), "state": f"CONTAINER_{container.state.upper()}",
    }  # fmt: skip


def _container_info(host: Host, key: Key, container: Container) -> Document:
    held = host.kubelet.runtime.pods[key]
    sandbox = next(each for each in held.sandboxes if each.id == container.sandbox)
    env = [{"key": name, "value": value} for name, value in environment(container, host.kubelet.client).items()]
    return {
        "config": {
            "envs": env, "image": {"image": config_digest(container.image), "user_specified_image": container.image},
            "labels": labels_of(host, key, container), "log_path": f"{container.name}/{container.attempt}.log",
            "metadata": {"name": container.name, **({"attempt": container.attempt} if container.attempt else {})},
        },
        "pid": container.pid if container.finished is None else 0, "removing": False, "runtimeType": RUNC,
        "runtimeSpec": {"linux": {"namespaces": _of_container(sandbox)}, "process": {"args": _args(container)}},
        "sandboxID": container.sandbox, "snapshotKey": container.id, "snapshotter": "overlayfs",
    }  # fmt: skip


def _args(container: Container) -> list[str]:
    return container.does.process.removeprefix("nginx: master process ").split(" ")


def _of_container(sandbox: Sandbox) -> list[Document]:
    """The namespaces that runc makes for a container, and those of pause that it enters."""
    def entered(kind: str, name: str) -> Document:
        return {"path": f"/proc/{sandbox.pause.pid}/ns/{name}", "type": kind}

    pid = entered("pid", "pid") if sandbox.shares_processes else {"type": "pid"}
    return [pid, entered("ipc", "ipc"), entered("uts", "uts"), {"type": "mount"}, entered("network", "net"), {"type": "cgroup"}]


def _logs(host: Host, key: Key) -> str:
    return f"/var/log/pods/{key[0]}_{key[1]}_{host.kubelet.runtime.pods[key].uid}"


# --- the runtime itself -------------------------------------------------------------------------------------------


def _cni(conflist: str | None) -> Document:
    """How containerd has understood the network configuration."""
    loop = {"CNIVersion": "0.3.1", "Name": "cni-loopback", "Plugins": [{"Network": {"type": "loopback"}}]}
    networks: list[Document] = [{"Config": loop, "IFName": "lo"}]
    if conflist is not None:
        read = json.loads(conflist)
        config = {"CNIVersion": read["cniVersion"], "Name": read["name"], "Source": conflist,
                  "Plugins": [{"Network": {"type": each["type"]}, "Source": json.dumps(each, separators=(",", ":"))}
                              for each in read["plugins"]]}  # fmt: skip
        networks.append({"Config": config, "IFName": "eth0"})
    return {"Networks": networks, "PluginConfDir": "/etc/cni/net.d", "PluginDirs": ["/opt/cni/bin"], "PluginMaxConfNum": 1,
            "Prefix": "eth"}  # fmt: skip
