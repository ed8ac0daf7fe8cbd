"""The history in words: one sentence for each kind of write, each under a key, so that it can be said in another language.

The sentences are templates, filled with what evidence.py reads from a write; a key that has none of its own takes that of
what may happen to any kind (``Service.gone``: ``gone``). ``ENGLISH`` tells, ``BRIEF`` is what stands on an arrow.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from k8snet.kube.evidence import evidence
from k8snet.kube.history import Change, Write
from k8snet.kube.news import Clause

Words = dict[str, str]

ENGLISH: Words = {
    "made": "{who} makes {subject}",
    "made.owned": "{who} makes {subject} for {owner}",
    "changed": "{who} changes {subject}: {changes}",
    "rewritten": "{who} writes {subject} again: {changes}",
    "reported": "{who} reports on {subject}: {news}",
    "marked": "{who} deletes {subject}, which stays until its finalizers are done: {finalizers}",
    "gone": "{who} deletes {subject}",
    "gone.collected": "{who} deletes {subject}, because its owner {owner} is deleted",
    "adopted": "{who} makes {subject}, which had no owner and fits its selector, part of {owner}",
    "released": "{who} releases {subject}, which does not fit the selector of {owner} any more",
    "scaled.up": "{who} scales {subject} up: replicas {before} → {after}",
    "scaled.down": "{who} scales {subject} down: replicas {before} → {after}",
    "templated": "{who} changes the pod template of {subject}: {changes}",
    "numbered": "{who} notes on {subject} that its template is revision {revision}",
    "finalized": "{who} has emptied {subject}, and takes its finalizer away",
    "Deployment.made": "{who} asks for {subject}: {replicas} × {images}",
    "ReplicaSet.made": "{who} asks for {subject}: {replicas} × {images}",
    "ReplicaSet.made.owned": "{who} makes {subject}, because {owner} has none for its template: {replicas} × {images}",
    "DaemonSet.made": "{who} asks for {subject}: {images} on each node",
    "Service.made": "{who} makes {subject}, with the address {address}",
    "Service.made.headless": "{who} makes {subject}, without an address of its own",
    "EndpointSlice.made": "{who} makes {subject}: {news}",
    "EndpointSlice.made.owned": "{who} makes {subject} for {owner}: {news}",
    "EndpointSlice.listed": "{who} writes into {subject}: {news}",
    "Endpoints.made": "{who} makes {subject}: {news}",
    "Endpoints.listed": "{who} writes into {subject}: {news}",
    "Pod.made": "{who} asks for {subject}: {images}; no node is chosen yet",
    "Pod.made.placed": "{who} asks for {subject} on {node}: {images}",
    "Pod.made.owned": "{who} makes {subject} for {owner}; no node is chosen yet",
    "Pod.made.owned.placed": "{who} makes {subject} for {owner}; it is meant for {node}",
    "Pod.made.mirror": "{who} shows its static pod in the API: {subject}",
    "Pod.bound": "{who} binds {subject} to {node}",
    "Pod.unplaced": "{who} finds no node for {subject}: {message}",
    "Pod.unready": "{who} marks {subject} as not ready, because {node} is not",
    "Pod.doomed": "{who} notes on {subject} why it has to go: {message}",
    "Pod.marked": "{who} deletes {subject}: it has {grace} s to end",
    "Pod.marked.surplus": "{who} deletes {subject}, because {owner} wants fewer: it has {grace} s to end",
    "Pod.marked.collected": "{who} deletes {subject}, because its owner {owner} is deleted: it has {grace} s to end",
    "Pod.marked.evicted": "{who} deletes {subject}, which tolerates a taint of {node} no longer: it has {grace} s to end",
    "Pod.gone.stopped": "{who} has ended the containers of {subject}, and takes it out of the API",
    "Namespace.marked": "{who} deletes {subject}, which stays until it is empty",
    "Node.made": "{who} registers its node: {subject}",
    "Node.ranged": "{who} gives {subject} the range {range} for its pods",
    "Node.cordoned": "{who} cordons {subject}: no new pods there",
    "Node.uncordoned": "{who} uncordons {subject}: new pods may come again",
    "Node.tainted.on": "{who} taints {subject}: {added}",
    "Node.tainted.off": "{who} takes a taint off {subject}: {removed}",
    "Node.tainted.on.off": "{who} taints {subject}: {added}, and takes off {removed}",
    "Node.tainted": "{who} changes a taint of {subject}: {changes}",
    "Node.silent": "{who} has not heard of {subject} for too long: {news}",
    "Node.heartbeat": "{who} reports that {subject} is as it was",
    "Lease.made": "{who} makes {subject}, by which it shows that it is alive",
    "Lease.renewed": "{who} renews {subject}: it is alive",
    "news.address": "address {ip}",
    "news.address.again": "address {before} → {ip}",
    "news.phase": "{before} → {after}",
    "news.runs": "container {container} runs",
    "news.again": "container {container} was started again (restart {restarts})",
    "news.ended": "container {container} has ended with exit code {code}",
    "news.waits": "container {container} waits: {reason}",
    "news.count": "{what} {before} → {after}",
    "news.condition": "{type} is {status} ({reason})",
    "news.condition.Ready": "Ready is {status}",
    "news.condition.Ready.Unknown": "Ready is Unknown ({reason})",
    "news.condition.Ready.True": "ready",
    "news.condition.Ready.False": "not ready",
    "news.generation": "generation {generation} is seen",
    "news.endpoint.ready": "{ip} is ready",
    "news.endpoint.unready": "{ip} is not ready",
    "news.endpoint.serving": "{ip} is to go but still serves",
    "news.endpoint.terminating": "{ip} serves no more",
    "news.endpoint.gone": "{ip} is out",
    "news.endpoint.none": "no endpoints yet",
    "news.endpoint.more": "and {count} more",
    "count.replicas": "pods",
    "count.updatedReplicas": "of this template",
    "count.readyReplicas": "ready",
    "count.availableReplicas": "available",
    "count.unavailableReplicas": "unavailable",
    "count.terminatingReplicas": "terminating",
    "count.desiredNumberScheduled": "wanted",
    "count.currentNumberScheduled": "pods",
    "count.updatedNumberScheduled": "of this template",
    "count.numberReady": "ready",
    "count.numberAvailable": "available",
    "count.numberUnavailable": "unavailable",
    "count.numberMisscheduled": "where none should be",
    "change": "{path} {before} → {after}",
    "more": "and {count} fields more",
    "nothing": "no field is another",
    "moment": "{now:8.3f}  {sentence}",
}

BRIEF: Words = {
    name: words for name, words in ENGLISH.items() if name.split(".")[0] in ("news", "count", "change", "more", "nothing")
} | {
    "made": "{verb} {subject}",
    "changed": "{verb} {subject}: {changes}",
    "rewritten": "{verb} {subject}: {changes}",
    "reported": "{verb} {subject} status: {news}",
    "marked": "{verb} {subject}: marked",
    "gone": "{verb} {subject}: gone",
    "adopted": "{verb} {subject}: part of {owner}",
    "released": "{verb} {subject}: no more of {owner}",
    "scaled": "{verb} {subject}: replicas {before} → {after}",
    "templated": "{verb} {subject}: {changes}",
    "numbered": "{verb} {subject}: revision {revision}",
    "finalized": "{verb} {subject}: finalizer off",
    "Deployment.made": "{verb} {subject}: {replicas} × {images}",
    "ReplicaSet.made": "{verb} {subject}: {replicas} × {images}",
    "EndpointSlice.made": "{verb} {subject}: {news}",
    "EndpointSlice.listed": "{verb} {subject}: {news}",
    "Endpoints.made": "{verb} {subject}: {news}",
    "Endpoints.listed": "{verb} {subject}: {news}",
    "Pod.bound": "bind {subject} → {node}",
    "Pod.unplaced": "{verb} {subject} status: no node fits",
    "Pod.unready": "{verb} {subject} status: not ready",
    "Pod.doomed": "{verb} {subject} status: to be disrupted",
    "Pod.marked": "{verb} {subject}: {grace} s to end",
    "Node.ranged": "{verb} {subject}: podCIDR {range}",
    "Node.cordoned": "{verb} {subject}: unschedulable",
    "Node.uncordoned": "{verb} {subject}: schedulable",
    "Node.tainted": "{verb} {subject}: {changes}",
    "Node.tainted.on": "{verb} {subject}: taint {added_keys} on",
    "Node.tainted.off": "{verb} {subject}: taint {removed_keys} off",
    "Node.tainted.on.off": "{verb} {subject}: taint {added_keys} on, {removed_keys} off",
    "Node.silent": "{verb} {subject} status: {news}",
    "Node.heartbeat": "{verb} {subject} status: as before",
    "Lease.renewed": "{verb} {subject}: renewed",
    "news.address": "IP {ip}",
    "news.address.again": "IP {before} → {ip}",
    "news.runs": "",
    "news.waits": "{reason}",
    "news.ended": "{container} ended: exit code {code}",
    "news.again": "restart {restarts}",
    "news.endpoint.serving": "{ip} is to go",
    "news.condition": "{type}={status}",
    "news.condition.Progressing": "{reason}",
}  # fmt: skip

MOST_CHANGES = 2
"""So many changed fields are told in a sentence; the others are counted."""
MOST_NEWS = 3
"""So many clauses about a status fit on an arrow."""
LONGEST_VALUE = 40
OF_TEMPLATE = "spec.template.spec."
"""What sentences leave out of the path of a field in a pod template."""


def key(write: Write) -> str:
    """Which sentence a write takes: ``Pod.bound``, ``Deployment.made``, ``Node.tainted.on``."""
    return evidence(write).key


def sentence(write: Write, words: Words = ENGLISH, most: int | None = None) -> str:
    """Who did what, and why, as far as the write shows it; ``most`` is how many clauses it may have about a status.

    >>> from k8snet.kube.objects import ObjectMeta, ServiceAccount
    >>> made = ServiceAccount(metadata=ObjectMeta(name="default", namespace="kube-public"))
    >>> sentence(Write(0.0, "serviceaccount-controller", "POST", "ServiceAccount", "kube-public", "default", None, made))
    'serviceaccount-controller makes ServiceAccount kube-public/default'
    """
    what, facts = evidence(write)
    filled = facts | {"news": _told(facts.get("news", ()), words, most), "changes": _listed(facts.get("changes", ()), words)}
    return _template(what, words).format(**filled)


def brief(write: Write, words: Words = BRIEF) -> str:
    """A write in so few words that they fit on an arrow: verb, object, and what changed."""
    return sentence(write, words, MOST_NEWS).removesuffix(": ")


def story(writes: Iterable[Write], words: Words = ENGLISH) -> str:
    """A line for each write: when it was, and its sentence."""
    return "\n".join(words["moment"].format(now=write.now, sentence=sentence(write, words)) for write in writes)


def _template(what: str, words: Words) -> str:
    """The template of a key; else of the key without its last parts; else of what may happen to any kind."""
    parts = what.split(".")
    own = [".".join(parts[:length]) for length in range(len(parts), 1, -1)]
    anyones = [".".join(parts[1:length]) for length in range(len(parts), 1, -1)] if parts[0] != "news" else []
    return next(words[each] for each in [*own, *anyones] if each in words)


def _told(news: Iterable[Clause], words: Words, most: int | None) -> str:
    told = []
    for what, facts in news:
        counted = what.removeprefix("news.")
        named = {"what": words[counted]} if counted in words else {}
        told.append(_template(what, words).format(**facts, **named))
    return ", ".join([each for each in told if each][:most])


def _listed(changes: Iterable[Change], words: Words) -> str:
    told = [words["change"].format(path=each.path.removeprefix(OF_TEMPLATE), before=plain(each.before), after=plain(each.after))
            for each in changes]
    more = [words["more"].format(count=len(told) - MOST_CHANGES)] if len(told) > MOST_CHANGES else []
    return ", ".join([*told[:MOST_CHANGES], *more]) or words["nothing"]


def plain(value: Any, longest: int = LONGEST_VALUE) -> str:
    """A field's value in a sentence, as JSON where it is not text; ``-`` where there is none.

    >>> plain(None), plain(True), plain("a" * 50, 9)
    ('-', 'true', 'aaaaaaaa…')
    """
    text = "-" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
