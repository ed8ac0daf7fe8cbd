"""Which template is which: the hash in a ReplicaSet's name, the revision's number, and what is copied along.

Source: pkg/controller/deployment/util/deployment_util.go, k8s.io/apimachinery (util/rand, SafeEncodeString). The hash is of
our own making (FNV-1a over the template's JSON); Kubernetes' goes over a printed Go structure, and gives other letters.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from k8snet.kube.api import ALPHABET
from k8snet.kube.client import Client
from k8snet.kube.controllers.controller import controller_of
from k8snet.kube.gowords import Unreadable, read_integer
from k8snet.kube.objects import Deployment, ObjectMeta, PodTemplateSpec, ReplicaSet, changed, known, meta, to_dict

HASH = "pod-template-hash"
REVISION = "deployment.kubernetes.io/revision"
REVISIONS = "deployment.kubernetes.io/revision-history"
DESIRED = "deployment.kubernetes.io/desired-replicas"
MAXIMUM = "deployment.kubernetes.io/max-replicas"
NOT_COPIED = {
    "kubectl.kubernetes.io/last-applied-configuration", REVISION, REVISIONS, DESIRED, MAXIMUM,
    "deprecated.deployment.rollback.to",
}  # fmt: skip


def template_hash(template: PodTemplateSpec, collisions: int = 0) -> str:
    """The letters for a template: of its content alone, so the same one in each run.

    >>> template_hash(PodTemplateSpec()), template_hash(PodTemplateSpec(), collisions=1)
    ('5859f96865', '648d6bd896')
    """
    text = msgspec.json.encode(to_dict(template), order="sorted") + (collisions.to_bytes(8, "little") if collisions else b"")
    return safe_encode(str(fnv32a(text)))


def fnv32a(text: bytes) -> int:
    """The FNV-1a hash of 32 bits.

    >>> hex(fnv32a(b"a"))
    '0xe40c292c'
    """
    number = 0x811C9DC5
    for byte in text:
        number = (number ^ byte) * 0x01000193 & 0xFFFFFFFF
    return number


def safe_encode(text: str) -> str:
    """Letters for digits, of which no word can come up."""
    return "".join(ALPHABET[ord(letter) % len(ALPHABET)] for letter in text)


def is_same(template: PodTemplateSpec, of_set: PodTemplateSpec) -> bool:
    """Whether a Deployment's template is the one that a ReplicaSet was made from; the hash label is not part of it."""
    if template.spec is not of_set.spec and template.spec != of_set.spec:
        return False
    mine, its = template.metadata or ObjectMeta(), of_set.metadata or ObjectMeta()
    labels = {name: value for name, value in (its.labels or {}).items() if name != HASH}
    asked = {name: value for name, value in (mine.labels or {}).items() if name != HASH}
    return labels == asked and (mine.annotations or {}) == (its.annotations or {})


def with_hash(labels: dict[str, str] | None, letters: str) -> dict[str, str]:
    """Labels, and the hash."""
    return {**(labels or {}), HASH: letters}


def number_of(obj: Deployment | ReplicaSet) -> int:
    """An object's revision; 0 if it says none."""
    return number_said(obj, REVISION, bits=63) or 0


def number_said(obj: Deployment | ReplicaSet, annotation: str, *, bits: int = 31) -> int | None:
    """The number that an annotation says; None if it says none, or one of more bits."""
    try:
        return read_integer((meta(obj).annotations or {}).get(annotation, ""), "ParseUint", bits=bits)
    except Unreadable:
        return None


def annotated(deployment: Deployment, rs: ReplicaSet | None, number: int) -> dict[str, str]:
    """What a Deployment's newest ReplicaSet is annotated with: what the Deployment is, and its place in the history.

    A set that is taken up again (an undo) gets a new number, and keeps the old ones in a list.
    """
    before = dict(meta(rs).annotations or {}) if rs is not None else {}
    copied = {name: value for name, value in (meta(deployment).annotations or {}).items() if name not in NOT_COPIED}
    after = {**before, **copied}
    if rs is None or number_of(rs) < number:
        after[REVISION] = str(number)
        if REVISION in before:
            after[REVISIONS] = ",".join(filter(None, (before.get(REVISIONS), before[REVISION])))
    return after


def template_of_revision(client: Client, deployment: Deployment, revision: int = 0) -> PodTemplateSpec | None:
    """The template that a Deployment had at a revision, as ``kubectl rollout undo --to-revision`` needs it.

    0 is the revision before the present one. None: there is none of that number (any more).
    """
    sets = [rs for rs in client.owned(known(meta(deployment).uid), "ReplicaSet") if controls(deployment, rs)]
    wanted = revision or _before_the_last(map(number_of, sets))
    found = next((rs for rs in sets if wanted and number_of(rs) == wanted), None)
    return _without_hash(known(known(found.spec).template)) if found is not None else None


def _without_hash(template: PodTemplateSpec) -> PodTemplateSpec:
    about = template.metadata or ObjectMeta()
    labels = {name: value for name, value in (about.labels or {}).items() if name != HASH}
    return changed(template, metadata=changed(about, labels=labels))


def controls(deployment: Deployment, rs: ReplicaSet) -> bool:
    """Whether a ReplicaSet is in a Deployment's care."""
    reference = controller_of(rs)
    return reference is not None and reference.uid == meta(deployment).uid


def _before_the_last(numbers: Iterable[int]) -> int:
    two = sorted(numbers)[-2:]
    return two[0] if len(two) == 2 else 0
