"""What kind of write a write is, and what it shows: a key, and facts for the sentences of narrate.py.

All of it is read from the object before and after the write, and from who sent it; no other write is looked at. A key is
``Kind.what`` or ``Kind.what.variant``. What may happen to any kind: ``made``, ``changed``, ``reported`` (its status),
``marked`` (to be deleted, once its finalizers or its containers are done), ``gone``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from k8snet.kube import behind, news
from k8snet.kube.author import author
from k8snet.kube.controllers import eligible, garbage_collector, node_lifecycle, replicaset, taint_eviction
from k8snet.kube.controllers.controller import controller_of
from k8snet.kube.history import Change, Write
from k8snet.kube.kubelet.static import MIRROR
from k8snet.kube.news import Clause
from k8snet.kube.objects import Object, meta

Facts = dict[str, Any]

LAST_APPLIED = "metadata.annotations.kubectl.kubernetes.io/last-applied-configuration"
REVISION = "metadata.annotations.deployment.kubernetes.io/revision"
OWNERS = "metadata.ownerReferences"
OF_PODS = ("Deployment", "ReplicaSet", "DaemonSet")
"""The kinds whose spec holds a template for pods."""


class Evidence(NamedTuple):
    """A write's key, and what its sentence is filled with."""

    key: str
    facts: Facts


def evidence(write: Write) -> Evidence:
    """What a write shows."""
    facts: Facts = {"who": str(author(write)), "verb": write.verb, "kind": write.kind, "subject": subject(write)}
    if write.before is None:
        what, more = _made(write)
    elif write.after is None:
        what, more = _gone(write)
    elif _mark(write.before) is None and _mark(write.after) is not None:
        what, more = _marked(write)
    elif write.subresource == "status":
        what, more = _reported(write)
    else:
        what, more = _changed(write)
    return Evidence(f"{write.kind}.{what}", facts | more)


def subject(write: Write) -> str:
    """The object in two words; its namespace is said where that is not ``default``."""
    return f"{write.kind} {named(write.namespace, write.name)}"


def named(namespace: str, name: str) -> str:
    """A name, with its namespace where that is not ``default``.

    >>> named("default", "web"), named("kube-system", "dns"), named("", "node1")
    ('web', 'kube-system/dns', 'node1')
    """
    return name if namespace in ("", "default") else f"{namespace}/{name}"


def owner_of(obj: Object) -> str:
    """The object that has another one's care, in two words; empty if there is none."""
    reference = controller_of(obj)
    return f"{reference.kind} {reference.name}" if reference is not None else ""


def _mark(obj: Object) -> object:
    return meta(obj).deletionTimestamp


# --- an object is new -------------------------------------------------------------------------------------------------


def _made(write: Write) -> tuple[str, Facts]:
    obj, owner = write.after, owner_of(write.after)
    facts: Facts = {"owner": owner}
    if write.kind == "Pod":
        return _pod_made(write, owner)
    if write.kind in OF_PODS:
        facts |= {"replicas": getattr(obj.spec, "replicas", None), "images": _images(obj.spec.template.spec)}
    elif write.kind == "Service":
        facts |= {"address": obj.spec.clusterIP or ""}
    elif write.kind in behind.KINDS:
        facts |= {"news": behind.news_of(None, obj)}
    variant = ".owned" if owner else ""
    if write.kind == "Service" and obj.spec.clusterIP in (None, "", "None"):
        variant = ".headless"
    return f"made{variant}", facts


def _pod_made(write: Write, owner: str) -> tuple[str, Facts]:
    pod = write.after
    node = eligible.node_of(pod)
    facts: Facts = {"owner": owner, "images": _images(pod.spec), "node": node}
    if MIRROR in (meta(pod).annotations or {}):
        return "made.mirror", facts
    return "made" + (".owned" if owner else "") + (".placed" if node else ""), facts


def _images(spec: Any) -> str:
    return ", ".join(dict.fromkeys(each.image or "" for each in spec.containers))


# --- an object is to go, or is gone -----------------------------------------------------------------------------------

REASONS = {
    garbage_collector.NAME: "collected",
    replicaset.NAME: "surplus",
    taint_eviction.NAME: "evicted",
}
"""Who deletes for one reason only."""


def _marked(write: Write) -> tuple[str, Facts]:
    obj = write.after
    facts = _of_leaving(write) | {"finalizers": ", ".join(meta(obj).finalizers or ())}
    if write.kind != "Pod":
        return "marked", facts
    grace = meta(obj).deletionGracePeriodSeconds or 0
    return f"marked{_reason(write)}", facts | {"grace": grace}


def _gone(write: Write) -> tuple[str, Facts]:
    if write.kind == "Pod" and author(write).node and _mark(write.before) is not None:
        return "gone.stopped", _of_leaving(write)
    return f"gone{_reason(write)}", _of_leaving(write)


def _reason(write: Write) -> str:
    reason = REASONS.get(write.who)
    owned = bool(meta(write.before).ownerReferences)
    return f".{reason}" if reason and (owned or reason == "evicted") else ""


def _of_leaving(write: Write) -> Facts:
    owners = ", ".join(f"{each.kind} {each.name}" for each in meta(write.before).ownerReferences or ())
    return {"owner": owners, "node": _node(write.before)}


def _node(obj: Object) -> str:
    return getattr(getattr(obj, "spec", None), "nodeName", None) or ""


# --- an object's status -----------------------------------------------------------------------------------------------


def _reported(write: Write) -> tuple[str, Facts]:
    told = news.of(write.before, write.after)
    generations = [each for each in told if each.key == "news.generation"]
    told = [each for each in told if each not in generations] or generations
    facts: Facts = {"news": told, "changes": [] if told else plain_changes(write), "node": _node(write.after)}
    if not told:
        return ("heartbeat" if write.kind == "Node" else "rewritten"), facts
    keys = [each.key for each in told]
    if write.who == node_lifecycle.NAME and write.kind == "Node" and "news.condition.Ready.Unknown" in keys:
        return "silent", facts | {"news": [each for each in told if each.key.startswith("news.condition.Ready")]}
    if write.who == node_lifecycle.NAME and write.kind == "Pod" and keys == ["news.condition.Ready.False"]:
        return "unready", facts
    for key, what in {"news.condition.PodScheduled.False": "unplaced", "news.condition.DisruptionTarget.True": "doomed"}.items():
        if key in keys:
            return what, facts | {"message": told[keys.index(key)].facts["message"]}
    return f"reported{_turn(told)}", facts


def _turn(told: Iterable[Clause]) -> str:
    """Whether this report makes a pod or node ready or not, or ends a pod: what others act by."""
    for clause in told:
        if clause.key == "news.phase" and clause.facts["after"] in ("Succeeded", "Failed"):
            return ".finished"
        if clause.key.startswith("news.condition.Ready."):
            return ".ready" if clause.facts["status"] == "True" else ".unready"
    return ""


# --- anything else ----------------------------------------------------------------------------------------------------


def _changed(write: Write) -> tuple[str, Facts]:
    changes = plain_changes(write)
    facts: Facts = {"changes": changes}
    if write.subresource == "binding":
        return "bound", {"node": _node(write.after)}
    if write.subresource == "finalize":
        return "finalized", facts
    for recognize in (_renewal, _range, _cordon, _taints, _scale, _template, _revision, _ownership, _endpoints):
        found = recognize(write, {change.path: change for change in changes})
        if found is not None:
            return found[0], facts | found[1]
    return "changed" if changes else "rewritten", facts


def plain_changes(write: Write) -> list[Change]:
    """What a write changed, without kubectl's note of what was applied: that repeats the rest."""
    return [change for change in write.changes if change.path != LAST_APPLIED]


Found = tuple[str, Facts] | None
Changed = dict[str, Change]


def _renewal(write: Write, changes: Changed) -> Found:
    return ("renewed", {}) if write.kind == "Lease" and set(changes) == {"spec.renewTime"} else None


def _range(write: Write, changes: Changed) -> Found:
    found = changes.get("spec.podCIDR")
    return ("ranged", {"range": found.after}) if write.kind == "Node" and found is not None else None


def _cordon(write: Write, changes: Changed) -> Found:
    found = changes.get("spec.unschedulable")
    return (("cordoned" if found.after else "uncordoned"), {}) if write.kind == "Node" and found is not None else None


def _taints(write: Write, changes: Changed) -> Found:
    if write.kind != "Node" or not any(path.startswith("spec.taints") for path in changes):
        return None
    before, after = _taints_of(write.before), _taints_of(write.after)
    added, removed = [each for each in after if each not in before], [each for each in before if each not in after]
    what = ".".join(["tainted", *["on"] * bool(added), *["off"] * bool(removed)])
    facts = {"added": ", ".join(added), "removed": ", ".join(removed)}
    return what, facts | {"added_keys": _keys_of(added), "removed_keys": _keys_of(removed)}


def _taints_of(node: Object) -> list[str]:
    return [f"{each.key}:{each.effect}" for each in (node.spec.taints if node.spec else None) or ()]


def _keys_of(taints: list[str]) -> str:
    """Taints in short: a key once, without its prefix and effect."""
    return ", ".join(dict.fromkeys(each.partition(":")[0].rpartition("/")[2] for each in taints))


def _scale(write: Write, changes: Changed) -> Found:
    found = changes.get("spec.replicas")
    if write.kind not in OF_PODS or found is None or any(path.startswith("spec.template") for path in changes):
        return None
    before, after = found.before or 0, found.after or 0
    return ("scaled.up" if after > before else "scaled.down"), {"before": before, "after": after}


def _template(write: Write, changes: Changed) -> Found:
    within = [change for path, change in changes.items() if path.startswith("spec.template.")]
    return ("templated", {"changes": within}) if write.kind in OF_PODS and within else None


def _revision(write: Write, changes: Changed) -> Found:
    found = changes.get(REVISION)
    return ("numbered", {"revision": found.after}) if write.kind in OF_PODS and found is not None else None


def _ownership(write: Write, changes: Changed) -> Found:
    if not any(path.startswith(OWNERS) for path in changes):
        return None
    before, after = owner_of(write.before), owner_of(write.after)
    if bool(before) == bool(after):
        return None
    return ("adopted", {"owner": after}) if after else ("released", {"owner": before})


def _endpoints(write: Write, changes: Changed) -> Found:
    told = behind.news_of(write.before, write.after) if write.kind in behind.KINDS else []
    return ("listed", {"news": told}) if told else None


HOUSEKEEPING = ("Lease.made", "Lease.renewed", "Node.heartbeat")


def is_housekeeping(write: Write) -> bool:
    """Whether a write only says that all is as it was: a lease, or a node's status without news."""
    return write.kind in ("Lease", "Node") and evidence(write).key in HOUSEKEEPING


def without_housekeeping(writes: Iterable[Write]) -> list[Write]:
    """The writes that say something."""
    return [write for write in writes if not is_housekeeping(write)]
