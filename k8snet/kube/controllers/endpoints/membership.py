"""Which pods a Service selects, and which Services are concerned when a pod is written.

Nobody scans: a pod's Services are found by one pair of its labels, a Service's pods by the API server's index of labels.
Source: k8s.io/endpointslice, util/controller_utils.go.
"""

from __future__ import annotations

from collections.abc import Iterable

from k8snet.kube.client import Client
from k8snet.kube.controllers.claim import Selectors
from k8snet.kube.controllers.controller import NOTHING, key_of
from k8snet.kube.controllers.pods import is_finished, is_ready
from k8snet.kube.history import Write
from k8snet.kube.objects import Pod, Service, known, meta
from k8snet.kube.store import Key


def selector(service: Service) -> dict[str, str]:
    """The labels that a Service asks for; a Service that asks for none selects nothing."""
    return (service.spec.selector if service.spec else None) or {}


def has_endpoints(service: Service) -> bool:
    """Whether a Service's endpoints are the controllers' business: it has a selector, and is more than another name."""
    return bool(selector(service)) and known(service.spec).type != "ExternalName"


def selected(client: Client, service: Service) -> list[Pod]:
    """The pods that a Service selects."""
    return client.labelled("Pod", key_of(service)[0], selector(service))


class Memberships:
    """The Services with a selector, by what they ask for."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._selectors = Selectors(selector)

    def learn(self) -> None:
        """Begin anew, with all Services that there are."""
        self._selectors = Selectors(selector)
        for service in self._client.api.store.all("Service"):
            self._note(service)

    def service_written(self, write: Write) -> Iterable[Key]:
        """A Service was written: its endpoints are looked at."""
        if write.after is None:
            self._selectors.drop(write.key)
        else:
            self._note(write.after)
        return (write.key,)

    def pod_written(self, write: Write) -> Iterable[Key]:
        """A pod was written: which Services' endpoints that may change."""
        old, new = write.before, write.after
        if old is None or new is None:
            pod = new if new is not None else old
            return self._of(pod) if _addresses(pod) else NOTHING
        is_other = _is_other(old, new)
        if not _is_elsewhere(old, new):
            return self._of(new) if is_other else NOTHING
        before, after = dict.fromkeys(self._of(old)), dict.fromkeys(self._of(new))
        return before | after if is_other else [key for key in before | after if (key in before) != (key in after)]

    def _note(self, service: Service) -> None:
        if selector(service):
            self._selectors.file(service)
        else:
            self._selectors.drop(key_of(service))

    def _of(self, pod: Pod) -> Iterable[Key]:
        labels = (meta(pod).labels or {}).items()
        for key in self._selectors.asking(pod):
            service = self._client.find("Service", key[1], key[0])
            if service is not None and selector(service).items() <= labels:
                yield key


def serves(pod: Pod) -> bool:
    """Whether a pod can be an endpoint: it has an address, and has not ended for good (ShouldPodBeInEndpoints)."""
    return bool(_addresses(pod)) and not is_finished(pod)


def _addresses(pod: Pod) -> list[str]:
    status = pod.status
    return [each.ip or "" for each in status.podIPs or ()] or ([status.podIP] if status.podIP else []) if status else []


def _is_other(old: Pod, new: Pod) -> bool:
    """Whether a pod is another endpoint than before (podEndpointsChanged)."""
    if old.status is new.status and meta(old).deletionTimestamp == meta(new).deletionTimestamp:
        return False
    return _shown(old) != _shown(new)


def _shown(pod: Pod) -> tuple[object, ...]:
    return meta(pod).deletionTimestamp, is_ready(pod), is_finished(pod), _addresses(pod)


def _is_elsewhere(old: Pod, new: Pod) -> bool:
    """Whether other Services may select it."""
    if meta(old).labels != meta(new).labels:
        return True
    before, after = known(old.spec), known(new.spec)
    return (before.hostname, before.subdomain) != (after.hostname, after.subdomain)
