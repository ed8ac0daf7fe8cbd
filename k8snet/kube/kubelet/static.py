"""Static pods: those that a kubelet runs from files of its own, and shows in the API server by mirror pods.

They run whether there is an API server or not; the control plane's own programs are started so. Source: the kubelet's
config/common.go, pod/mirror_client.go; kubeadm's manifests.
"""

from __future__ import annotations

from hashlib import md5

from k8snet.kube.client import Client
from k8snet.kube.kubelet.node import VERSION
from k8snet.kube.objects import (
    Container,
    Node,
    ObjectMeta,
    OwnerReference,
    Pod,
    PodSpec,
    Toleration,
    changed,
    known,
    meta,
    to_dict,
)  # fmt: skip
from k8snet.kube.store import Key

HASH, MIRROR, SOURCE = "kubernetes.io/config.hash", "kubernetes.io/config.mirror", "kubernetes.io/config.source"


class StaticPod:
    """A static pod of one node: its ``key`` in the API server, and the ``uid`` by which the runtime knows it."""

    def __init__(self, manifest: Pod, node: str) -> None:
        about, spec = meta(manifest), known(manifest.spec)
        self.uid = md5(f"{node} {to_dict(manifest)}".encode(), usedforsecurity=False).hexdigest()
        self.key: Key = (about.namespace or "default", f"{about.name}-{node}")
        notes = {**(about.annotations or {}), HASH: self.uid, MIRROR: self.uid, SOURCE: "file"}
        anywhere = Toleration(operator="Exists", effect="NoExecute")
        self.pod = changed(
            manifest, metadata=changed(about, name=self.key[1], namespace=self.key[0], annotations=notes),
            spec=changed(spec, nodeName=node, tolerations=[*(spec.tolerations or ()), anywhere]),
        )  # fmt: skip

    def mirror(self, client: Client, node: Node) -> Pod:
        """The mirror pod in the API server; made anew if somebody has deleted it, or if it is of another manifest."""
        there: Pod | None = client.find("Pod", self.key[1], self.key[0])
        if there is not None:
            notes = meta(there).annotations or {}
            if meta(there).deletionTimestamp is None and notes.get(MIRROR) == self.uid:
                return there
            client.delete(there, grace=0)
        name, uid = known(meta(node).name), known(meta(node).uid)
        owner = OwnerReference(apiVersion="v1", kind="Node", name=name, uid=uid, controller=True)
        made: Pod = client.create(changed(self.pod, metadata=changed(meta(self.pod), ownerReferences=[owner])))
        return made


def control_plane() -> tuple[Pod, ...]:
    """The manifests of the control plane's programs, on the host's network, as kubeadm writes them (in the main)."""
    programs = {"etcd": "3.6.5-0", **dict.fromkeys(("kube-apiserver", "kube-controller-manager", "kube-scheduler"), VERSION)}
    return tuple(_program(name, f"registry.k8s.io/{name}:{tag}") for name, tag in programs.items())


def _program(name: str, image: str) -> Pod:
    container = Container(name=name, image=image, imagePullPolicy="IfNotPresent", command=[name])
    labels = {"component": name, "tier": "control-plane"}
    spec = PodSpec(containers=[container], hostNetwork=True)
    return Pod(metadata=ObjectMeta(name=name, namespace="kube-system", labels=labels), spec=spec)
