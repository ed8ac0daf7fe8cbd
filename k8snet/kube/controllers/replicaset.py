"""The ReplicaSet controller: as many pods as are asked for, made from one template.

It keeps an account of each set's pods (tally.py), so that one pod's change costs the same among three and among fifty
thousand. What it does itself is in the account at once, so that it creates nothing twice when it hears late.
Source: pkg/controller/replicaset/replica_set.go, replica_set_utils.go.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from heapq import heappop, heappush
from typing import Any

from k8snet.errors import ApiError
from k8snet.kube.client import Client
from k8snet.kube.component import Again
from k8snet.kube.controllers import claim
from k8snet.kube.controllers import pods as about_pods
from k8snet.kube.controllers.controller import NOTHING, Controller, controller_of, key_of, reference_to
from k8snet.kube.controllers.scale_down import Ranking, ranked
from k8snet.kube.controllers.tally import Tally
from k8snet.kube.history import Write
from k8snet.kube.objects import (
    ObjectMeta,
    Pod,
    PodTemplateSpec,
    ReplicaSet,
    ReplicaSetCondition,
    ReplicaSetStatus,
    changed,
    known,
    meta,
)  # fmt: skip
from k8snet.kube.store import Key

NAME = "replicaset-controller"
FIRST_RETRY, LONGEST_RETRY = 0.005, 1000.0
"""After a failure it waits, twice as long each time, in seconds (the rate limiter of client-go's work queue)."""
ACTIVE, LABELLED, READY, AVAILABLE, TERMINATING = range(5)
"""What a pod's share is made of."""


class Account:
    """What is known of one ReplicaSet's pods."""

    def __init__(self, rs: ReplicaSet) -> None:
        self.uid = meta(rs).uid
        self.template = known(known(rs.spec).template)
        self.fits = claim.by(known(rs.spec).selector)
        self.tally: Tally[Key] = Tally(5)
        self.ripening: list[tuple[datetime, Key]] = []
        """When pods that are ready will have been so for minReadySeconds: a heap."""
        self.ranking: Ranking | None = None
        """Who goes first; kept from the first time on that somebody has to go."""
        self.failures = 0

    def is_of(self, rs: ReplicaSet) -> bool:
        """Whether all here was counted for this ReplicaSet as it is now."""
        template = known(rs.spec).template
        return self.uid == meta(rs).uid and (self.template is template or self.template == template)

    def note(self, key: Key, pod: Pod | None, share: tuple[int, ...] = ()) -> None:
        """A pod is like this now, and counts so much; None: it is not the set's."""
        if pod is None:
            self.tally.drop(key)
        else:
            self.tally.put(key, share)
        if self.ranking is not None and (pod is None or not share[ACTIVE]):
            self.ranking.drop(key)
        elif self.ranking is not None and pod is not None:
            self.ranking.put(key, pod)

    def share(self, pod: Pod) -> tuple[int, ...]:
        """What one pod counts; its availability is for `ReplicaSets` to say."""
        if about_pods.is_finished(pod):
            return (0, 0, 0, 0, 0)
        if about_pods.is_terminating(pod):
            return (0, 0, 0, 0, 1)
        ready = int(about_pods.is_ready(pod))
        return (1, int(_has_labels(pod, self.template)), ready, ready, 0)

    def would_differ(self, key: Key, pod: Pod | None) -> bool:
        """Whether a pod that looks like this is not what was counted."""
        counted = self.tally.shares.get(key)
        if pod is None:
            return counted is not None
        share = self.share(pod)
        return counted is None or (share[:AVAILABLE], share[TERMINATING]) != (counted[:AVAILABLE], counted[TERMINATING])

    def __deepcopy__(self, memo: dict[int, Any]) -> Account:
        """A copy for another cluster; what came from the API server is shared."""
        memo[id(self.template)] = self.template
        other = copy.copy(self)
        other.__dict__ = copy.deepcopy(self.__dict__, memo)
        return other


class ReplicaSets(Controller):
    """The controller, and its accounts."""

    def __init__(self, client: Client) -> None:
        super().__init__(NAME, client, "ReplicaSet", self.look_at, {"ReplicaSet": self.set_written, "Pod": self.pod_written})
        self.accounts: dict[Key, Account] = {}
        self.selectors = claim.Selectors()

    def look_at(self, client: Client, key: Key) -> Again | None:
        """Look at one ReplicaSet."""
        rs = client.find("ReplicaSet", key[1], key[0])
        if rs is None:
            self._close(key)
            return None
        account = self._account(key, rs)
        self._count(account, rs)
        failure = self._make_or_give_up(account, rs)
        self._count(account, rs)
        self._tell(rs, status(rs, account.tally.sums, failure, client.time))
        return self._later(account, failure)

    # --- hearing ----------------------------------------------------------------------------------------------------

    def set_written(self, write: Write) -> Iterable[Key]:
        """A ReplicaSet was written: look at it, if this was not our own report."""
        if write.after is not None:
            self.selectors.file(write.after)
        return NOTHING if write.who == self.name and write.subresource else (write.key,)

    def pod_written(self, write: Write) -> Iterable[Key]:
        """A pod was written: look at the ReplicaSet that has it or had it, if it counts otherwise now."""
        owners: dict[Key, None] = {}
        for pod in (write.before, write.after):
            reference = controller_of(pod) if pod is not None else None
            if reference is not None and reference.kind == "ReplicaSet":
                owners[write.namespace, reference.name] = None
        if write.after is not None and controller_of(write.after) is None:
            owners |= dict.fromkeys(self.selectors.asking(write.after))
        return [key for key in owners if self._differs(key, write)]

    def _differs(self, key: Key, write: Write) -> bool:
        account = self.accounts.get(key)
        if account is None:
            return True
        pod = write.after if write.after is not None and account.fits(write.after) else None
        if not account.would_differ(write.key, pod):
            return False
        account.tally.mark(write.key)
        return True

    def forget(self) -> None:
        """Begin anew."""
        self.accounts.clear()
        for rs in self.client.api.store.all("ReplicaSet"):
            self.selectors.file(rs)

    # --- counting ---------------------------------------------------------------------------------------------------

    def _close(self, key: Key) -> None:
        self.accounts.pop(key, None)
        self.selectors.drop(key)

    def _account(self, key: Key, rs: ReplicaSet) -> Account:
        """The account; a new one begins with all pods that may be the set's."""
        account = self.accounts.get(key)
        if account is None or not account.is_of(rs):
            account = self.accounts[key] = Account(rs)
            for pod in (*self.client.owned(known(account.uid), "Pod"), *self.client.orphans("Pod", key[0])):
                account.tally.mark(key_of(pod))
        return account

    def _count(self, account: Account, rs: ReplicaSet) -> None:
        """Look at the pods that may have changed, and at those that have become available with time."""
        while account.ripening and account.ripening[0][0] <= self.client.time:
            account.tally.mark(heappop(account.ripening)[1])
        for key in account.tally.take_stale():
            found = self.client.find("Pod", key[1], key[0])
            pod = self._claim(account, rs, found) if found is not None else None
            account.note(key, pod, self._share(account, rs, key, pod) if pod is not None else ())

    def _claim(self, account: Account, rs: ReplicaSet, pod: Pod) -> Pod | None:
        """The pod, if it is the set's; one that has ended or is to be deleted is neither adopted nor released."""
        if about_pods.is_active(pod):
            return claim.claim(self.client, rs, pod, account.fits)
        reference = controller_of(pod)
        return pod if reference is not None and reference.uid == account.uid else None

    def _share(self, account: Account, rs: ReplicaSet, key: Key, pod: Pod) -> tuple[int, ...]:
        share = account.share(pod)
        patience = known(rs.spec).minReadySeconds or 0
        ripe = about_pods.available_from(pod, patience) if patience and share[READY] else None
        if ripe is None or ripe <= self.client.time:
            return share
        heappush(account.ripening, (ripe, key))
        return (*share[:AVAILABLE], 0, share[TERMINATING])

    # --- acting -----------------------------------------------------------------------------------------------------

    def _make_or_give_up(self, account: Account, rs: ReplicaSet) -> ApiError | None:
        """Make the number of pods right; what the API server refuses ends the attempt."""
        surplus = account.tally.sums[ACTIVE] - known(known(rs.spec).replicas)
        if meta(rs).deletionTimestamp is not None or surplus == 0:
            return None
        try:
            if surplus < 0:
                self._make(account, rs, -surplus)
            else:
                self._give_up(account, rs, surplus)
        except ApiError as error:
            return None if "because it is being terminated" in str(error) else error
        return None

    def _make(self, account: Account, rs: ReplicaSet, count: int) -> None:
        model = new_pod(rs)
        for _ in range(count):
            try:
                pod = self.client.create(model)
            except ApiError as error:
                if "because it is being terminated" not in str(error):
                    self.client.event(rs, "FailedCreate", f"Error creating: {error}", "Warning")
                raise
            account.note(key_of(pod), pod, account.share(pod))
            self.client.event(rs, "SuccessfulCreate", f"Created pod: {meta(pod).name}")

    def _give_up(self, account: Account, rs: ReplicaSet, count: int) -> None:
        client = self.client
        crowd = self._crowd(account, rs)
        for key in self._ranking(account).first(count, crowd):
            account.tally.mark(key)
            pod = client.find("Pod", key[1], key[0])
            if pod is None or not about_pods.is_active(pod):
                continue
            try:
                client.delete(pod)
            except ApiError as error:
                client.event(rs, "FailedDelete", f"Error deleting: {error}", "Warning")
                raise
            client.event(rs, "SuccessfulDelete", f"Deleted pod: {key[1]}")

    def _ranking(self, account: Account) -> Ranking:
        if account.ranking is None:
            pods = self.client.owned(known(account.uid), "Pod")
            account.ranking = ranked(pod for pod in pods if about_pods.is_active(pod))
        return account.ranking

    def _crowd(self, account: Account, rs: ReplicaSet) -> Counter[str]:
        """How many pods each node has of all ReplicaSets of the same Deployment."""
        above = controller_of(rs)
        crowd = Counter(self._ranking(account).crowd)
        for other in self.client.owned(above.uid, "ReplicaSet") if above is not None else ():
            its = self.accounts.get(key_of(other))
            if its is not None and its is not account and its.tally.shares:
                crowd.update(self._ranking(its).crowd)
        return crowd

    # --- telling ----------------------------------------------------------------------------------------------------

    def _tell(self, rs: ReplicaSet, new: ReplicaSetStatus) -> None:
        if new != rs.status:
            self.client.update_status(changed(rs, status=new))

    def _later(self, account: Account, failure: ApiError | None) -> Again | None:
        """When to look again: after a failure, or when the next pod becomes available.

        A name that was taken will be another one next time; any other refusal may be one for good.
        """
        account.failures = account.failures + 1 if failure is not None else 0
        if failure is not None:
            seconds = min(FIRST_RETRY * 2.0 ** min(account.failures - 1, 20), LONGEST_RETRY)
            return Again(seconds, idle=failure.reason != "AlreadyExists")
        if account.ripening:
            return Again((account.ripening[0][0] - self.client.time).total_seconds())
        return None


def new_pod(rs: ReplicaSet) -> Pod:
    """A pod of a ReplicaSet, which shares its template's spec and labels with all the others."""
    template = known(known(rs.spec).template)
    about = template.metadata or ObjectMeta()
    return Pod(
        metadata=ObjectMeta(
            generateName=f"{meta(rs).name}-", namespace=meta(rs).namespace, labels=about.labels, annotations=about.annotations,
            finalizers=about.finalizers, ownerReferences=[reference_to(rs)],
        ),
        spec=template.spec,
    )  # fmt: skip


def status(rs: ReplicaSet, sums: Sequence[int], failure: ApiError | None, time: datetime) -> ReplicaSetStatus:
    """What a ReplicaSet's status is, when its pods come to these sums."""
    return ReplicaSetStatus(
        replicas=sums[ACTIVE], fullyLabeledReplicas=sums[LABELLED] or None, readyReplicas=sums[READY] or None,
        availableReplicas=sums[AVAILABLE] or None, terminatingReplicas=sums[TERMINATING],
        observedGeneration=meta(rs).generation, conditions=_conditions(rs, sums, failure, time),
    )  # fmt: skip


def _conditions(
    rs: ReplicaSet, sums: Sequence[int], failure: ApiError | None, time: datetime
) -> list[ReplicaSetCondition] | None:
    """That something was refused, since when and why; the first refusal stays until all is well."""
    told = (rs.status.conditions if rs.status else None) or []
    others = [each for each in told if each.type != "ReplicaFailure"]
    if failure is None:
        return others or None
    if len(others) < len(told):
        return told
    reason = "FailedCreate" if sums[ACTIVE] < known(known(rs.spec).replicas) else "FailedDelete"
    new = ReplicaSetCondition(type="ReplicaFailure", status="True", reason=reason, message=str(failure), lastTransitionTime=time)
    return [*others, new]


def _has_labels(pod: Pod, template: PodTemplateSpec) -> bool:
    """Whether a pod has all labels of the template."""
    wanted = (template.metadata.labels if template.metadata else None) or {}
    labels = meta(pod).labels or {}
    return labels is wanted or wanted.items() <= labels.items()
