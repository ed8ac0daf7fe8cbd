"""The Deployment controller: a ReplicaSet for each revision of a template, and pods moved from the old to the new.

Here is what is done in which order; how many pods go where is in rollout.py, the status in deployment_status.py, hashes
and revisions in revision.py. Source: pkg/controller/deployment/deployment_controller.go, sync.go.
"""

from __future__ import annotations

from collections.abc import Iterable

from k8snet.errors import ApiError
from k8snet.kube.client import Client
from k8snet.kube.component import Again
from k8snet.kube.controllers import claim, deployment_status, revision
from k8snet.kube.controllers import pods as about_pods
from k8snet.kube.controllers import rollout as plans
from k8snet.kube.controllers.controller import Controller, controller_of, key_of, reference_to
from k8snet.kube.controllers.rollout import Rollout
from k8snet.kube.history import Write
from k8snet.kube.objects import Deployment, DeploymentStatus, ObjectMeta, ReplicaSet, ReplicaSetSpec, changed, known, meta
from k8snet.kube.store import Key

NAME = "deployment-controller"


class Deployments(Controller):
    """The controller."""

    def __init__(self, client: Client) -> None:
        watches = {"Deployment": self.deployment_written, "ReplicaSet": self.set_written}
        super().__init__(NAME, client, "Deployment", reconcile, watches)
        self.selectors = claim.Selectors()

    def deployment_written(self, write: Write) -> Iterable[Key]:
        """A Deployment was written."""
        if write.after is not None:
            self.selectors.file(write.after)
        else:
            self.selectors.drop(write.key)
        return (write.key,)

    def set_written(self, write: Write) -> Iterable[Key]:
        """A ReplicaSet was written: look at the Deployment that has it or had it, or that may want it."""
        keys: dict[Key, None] = {}
        for rs in (write.before, write.after):
            reference = controller_of(rs) if rs is not None else None
            if reference is not None and reference.kind == "Deployment":
                keys[write.namespace, reference.name] = None
        if write.after is not None and controller_of(write.after) is None:
            keys |= dict.fromkeys(self.selectors.asking(write.after))
        return keys

    def forget(self) -> None:
        """Begin anew."""
        for deployment in self.client.api.store.all("Deployment"):
            self.selectors.file(deployment)


def reconcile(client: Client, key: Key) -> Again | None:
    """Look at one Deployment, and take the next step of its rollout."""
    deployment = client.find("Deployment", key[1], key[0])
    if deployment is None:
        return None
    sets = _own_sets(client, deployment)
    if meta(deployment).deletionTimestamp is not None:
        return _tell(client, plans.rollout_of(deployment, sets), progress=False)
    deployment = _write_status(client, deployment, deployment_status.with_pause_noted(deployment, client.time))
    rollout = _numbered(client, plans.rollout_of(deployment, sets))
    paused = bool(known(deployment.spec).paused)
    if paused or plans.is_being_scaled(rollout):
        rollout = _resize(client, rollout, plans.scale(rollout))
        if paused:
            _clean_up(client, rollout)
        return _tell(client, rollout, progress=False)
    return (_roll if rollout.rolls else _recreate)(client, rollout)


# --- the strategies -------------------------------------------------------------------------------------------------


def _roll(client: Client, rollout: Rollout) -> Again | None:
    rollout = _with_new_set(client, rollout)
    if rollout.newest is None:
        return None
    sizes = plans.roll(rollout)
    rollout = _resize(client, rollout, sizes)
    if not sizes:
        _clean_up(client, rollout)
    return _tell(client, rollout)


def _recreate(client: Client, rollout: Rollout) -> Again | None:
    """First all old pods go, to the last one; then the new ones come."""
    if plans.active(rollout.older):
        return _tell(client, _resize(client, rollout, plans.to_nothing(rollout.older)))
    if _old_pods_run(client, rollout):
        return _tell(client, rollout)
    rollout = _with_new_set(client, rollout)
    if rollout.newest is None:
        return None
    if plans.size(rollout.newest) != rollout.replicas:
        return _tell(client, _resize(client, rollout, {plans.name(rollout.newest): rollout.replicas}))
    _clean_up(client, rollout)
    return _tell(client, rollout)


def _old_pods_run(client: Client, rollout: Rollout) -> bool:
    """Whether pods of other revisions are still there; the ReplicaSets' reports make us look again."""
    olds = [pod for rs in rollout.older for pod in client.owned(known(meta(rs).uid), "Pod")]
    return any(not about_pods.is_finished(pod) for pod in olds)


# --- ReplicaSets ----------------------------------------------------------------------------------------------------


def _own_sets(client: Client, deployment: Deployment) -> list[ReplicaSet]:
    """The Deployment's ReplicaSets: adopted where they match and have nobody, released where they match no more."""
    there = [*client.owned(known(meta(deployment).uid), "ReplicaSet"), *client.orphans("ReplicaSet", key_of(deployment)[0])]
    fits = claim.by(known(deployment.spec).selector)
    claimed = (claim.claim(client, deployment, rs, fits) for rs in there)
    return [rs for rs in claimed if rs is not None]


def _numbered(client: Client, rollout: Rollout) -> Rollout:
    """Make sure that the newest ReplicaSet has the highest revision and the Deployment's annotations."""
    deployment, newest = rollout.deployment, rollout.newest
    if newest is None:
        return rollout
    wanted = revision.annotated(deployment, newest, _next_number(rollout))
    patience = known(deployment.spec).minReadySeconds
    if wanted != (meta(newest).annotations or {}) or known(newest.spec).minReadySeconds != patience:
        spec = changed(known(newest.spec), minReadySeconds=patience)
        newest = client.update(changed(newest, metadata=changed(meta(newest), annotations=wanted), spec=spec))
    status = deployment.status or DeploymentStatus()
    if deployment_status.has_deadline(deployment) and deployment_status.condition(status, "Progressing") is None:
        text = f'Found new replica set "{plans.name(newest)}"'
        status = _progressing(status, "FoundNewReplicaSet", text, client)
    return rollout._replace(deployment=_marked(client, deployment, newest, status), newest=newest)


def _next_number(rollout: Rollout) -> int:
    return max(map(revision.number_of, rollout.older), default=0) + 1


def _marked(client: Client, deployment: Deployment, newest: ReplicaSet, status: DeploymentStatus) -> Deployment:
    """The Deployment with its newest revision's number, and with this status."""
    number = (meta(newest).annotations or {}).get(revision.REVISION, "")
    before = meta(deployment).annotations or {}
    if before.get(revision.REVISION) != number:
        annotations = {**before, revision.REVISION: number}
        deployment = client.update(changed(deployment, metadata=changed(meta(deployment), annotations=annotations)))
    return _write_status(client, deployment, status)


def _with_new_set(client: Client, rollout: Rollout) -> Rollout:
    """Make the ReplicaSet of the present template, if there is none; ``newest`` is None if that is refused."""
    if rollout.newest is not None:
        return rollout
    deployment = rollout.deployment
    new = _new_set(rollout)
    status = deployment.status or DeploymentStatus()
    try:
        made = client.create(new)
    except ApiError as error:
        return _refused(client, rollout, new, error)
    if plans.size(made):
        client.event(deployment, "ScalingReplicaSet", f"Scaled up replica set {plans.name(made)} from 0 to {plans.size(made)}")
    if deployment_status.has_deadline(deployment):
        text = f'Created new replica set "{plans.name(made)}"'
        status = _progressing(status, "NewReplicaSetCreated", text, client)
    return rollout._replace(deployment=_marked(client, deployment, made, status), newest=made)


def _refused(client: Client, rollout: Rollout, new: ReplicaSet, error: ApiError) -> Rollout:
    """Two templates with the same hash: count that, and it will be another one. Else tell what was refused."""
    deployment = rollout.deployment
    status = deployment.status or DeploymentStatus()
    if error.reason == "AlreadyExists":
        _write_status(client, deployment, changed(status, collisionCount=(status.collisionCount or 0) + 1))
    elif "because it is being terminated" not in str(error):
        text = f'Failed to create new replica set "{plans.name(new)}": {error}'
        _write_status(client, deployment, _progressing(status, "ReplicaSetCreateError", text, client, "False"))
        client.event(deployment, "ReplicaSetCreateError", text, "Warning")
    return rollout


def _new_set(rollout: Rollout) -> ReplicaSet:
    """The ReplicaSet for a Deployment's template: the template with its hash as one label more, and asking for it."""
    deployment = rollout.deployment
    spec, status = known(deployment.spec), deployment.status or DeploymentStatus()
    letters = revision.template_hash(spec.template, status.collisionCount or 0)
    about = spec.template.metadata or ObjectMeta()
    labels = revision.with_hash(about.labels, letters)
    template = changed(spec.template, metadata=changed(about, labels=labels))
    selector = changed(spec.selector, matchLabels=revision.with_hash(spec.selector.matchLabels, letters))
    size = plans.size_of_new(rollout)
    annotations = revision.annotated(deployment, None, _next_number(rollout)) | _sizes_noted(rollout)
    return ReplicaSet(
        metadata=ObjectMeta(
            name=f"{meta(deployment).name}-{letters}", namespace=meta(deployment).namespace, labels=labels,
            annotations=annotations, ownerReferences=[reference_to(deployment)],
        ),
        spec=ReplicaSetSpec(replicas=size, minReadySeconds=spec.minReadySeconds, selector=selector, template=template),
    )  # fmt: skip


def _sizes_noted(rollout: Rollout) -> dict[str, str]:
    """What a ReplicaSet keeps of the Deployment's size, by which a later change of it is noticed."""
    return {revision.DESIRED: str(rollout.replicas), revision.MAXIMUM: str(rollout.most)}


def _resize(client: Client, rollout: Rollout, sizes: plans.Sizes) -> Rollout:
    """Bring ReplicaSets to these sizes."""
    resized = {name: _resized(client, rollout, rs, sizes[name]) for rs in rollout.all if (name := plans.name(rs)) in sizes}
    newest = rollout.newest
    newest = resized.get(plans.name(newest), newest) if newest is not None else None
    return rollout._replace(newest=newest, older=[resized.get(plans.name(rs), rs) for rs in rollout.older])


def _resized(client: Client, rollout: Rollout, rs: ReplicaSet, size: int) -> ReplicaSet:
    before = plans.size(rs)
    annotations = (meta(rs).annotations or {}) | _sizes_noted(rollout)
    if size == before and annotations == meta(rs).annotations:
        return rs
    metadata, spec = changed(meta(rs), annotations=annotations), changed(known(rs.spec), replicas=size)
    after: ReplicaSet = client.update(changed(rs, metadata=metadata, spec=spec))
    if size != before:
        direction = "up" if size > before else "down"
        text = f"Scaled {direction} replica set {plans.name(rs)} from {before} to {size}"
        client.event(rollout.deployment, "ScalingReplicaSet", text)
    return after


def _clean_up(client: Client, rollout: Rollout) -> None:
    """Delete the oldest ReplicaSets without pods that are more than the history is to hold; not during a rollout."""
    status, limit = rollout.deployment.status, known(rollout.deployment.spec).revisionHistoryLimit
    if limit in (None, deployment_status.FOREVER) or status is None or not deployment_status.is_complete(rollout, status):
        return
    left = [rs for rs in rollout.older if meta(rs).deletionTimestamp is None]
    for rs in sorted(left, key=revision.number_of)[: max(0, len(left) - known(limit))]:
        seen = (plans.status(rs).observedGeneration or 0) >= (meta(rs).generation or 0)
        if seen and not plans.size(rs) and not plans.status(rs).replicas:
            client.delete(rs)


# --- telling --------------------------------------------------------------------------------------------------------


def _tell(client: Client, rollout: Rollout, *, progress: bool = True) -> Again | None:
    """Write the status, and say when to see whether there was any progress."""
    new = deployment_status.status_of(rollout, client.time, progress=progress)
    _write_status(client, rollout.deployment, new)
    seconds = deployment_status.check_again(rollout, new, client.time) if progress else None
    return None if seconds is None else Again(seconds, idle=True)


def _write_status(client: Client, deployment: Deployment, status: DeploymentStatus) -> Deployment:
    if status == (deployment.status or DeploymentStatus()):
        return deployment
    after: Deployment = client.update_status(changed(deployment, status=status))
    return after


def _progressing(status: DeploymentStatus, reason: str, text: str, client: Client, so: str = "True") -> DeploymentStatus:
    """The status, with a word on how the rollout gets on."""
    return deployment_status.with_condition(status, deployment_status.said("Progressing", so, reason, text, client.time))
