"""Strategic merge patches: merge patches that know which lists are merged, and by which field of their items.

Which lists those are, the published types say (``patchStrategy``, ``patchMergeKey``). Directives in a patch: ``$patch``
(replace, delete), ``$retainKeys``, ``$setElementOrder/FIELD``, ``$deleteFromPrimitiveList/FIELD``. Nothing that is handed in
is changed. Source: k8s.io/apimachinery, pkg/util/strategicpatch (patch.go), and the types' tags in k8s.io/api.
"""

from __future__ import annotations

from typing import Any

import msgspec

from k8snet.errors import ApiError
from k8snet.kube.fielddocs import FieldDoc, fields
from k8snet.kube.goformat import printed
from k8snet.linux.fact import Fact

_TABLE = """
merge name: Container.env EphemeralContainer.env PodSpec.containers PodSpec.ephemeralContainers PodSpec.imagePullSecrets
merge name: ContainerStatus.allocatedResourcesStatus PodSpec.evictionResponders PodSpec.initContainers PodSpec.schedulingGates
merge name: NodeAllocatableResourceClaimStatus.mapping NodeAllocatableResourceClaimStatus.overhead ServiceAccount.secrets
merge resourceClaimName: PodStatus.nodeAllocatableResourceClaimStatuses
merge status: PodVolumeHealth.healthConditions
merge,retainKeys name: PodSpec.resourceClaims PodSpec.volumes PodStatus.resourceClaimStatuses
merge containerPort: Container.ports EphemeralContainer.ports
merge mountPath: Container.volumeMounts ContainerStatus.volumeMounts EphemeralContainer.volumeMounts
merge devicePath: Container.volumeDevices EphemeralContainer.volumeDevices
merge ip: PodSpec.hostAliases PodStatus.hostIPs PodStatus.podIPs
merge topologyKey: PodSpec.topologySpreadConstraints
merge port: ServiceSpec.ports
merge uid: ObjectMeta.ownerReferences
merge type: DaemonSetStatus.conditions DeploymentStatus.conditions NamespaceStatus.conditions NodeStatus.addresses
merge type: NodeStatus.conditions PodStatus.conditions ReplicaSetStatus.conditions ServiceStatus.conditions
merge: NodeSpec.podCIDRs ObjectMeta.finalizers
retainKeys: DeploymentSpec.strategy
"""
"""A strategy, the key of the items if they have one, and fields."""


class Strategy(Fact, frozen=True):
    """How a field is patched: ``merge``, ``retainKeys`` or both; ``key`` is by what its items are told apart."""

    names: str
    key: str = ""

    @property
    def merges(self) -> bool:
        """Whether the field's list is merged and not replaced."""
        return self.names.startswith("merge")

    @property
    def retains(self) -> bool:
        """Whether a patch names the fields that are to stay."""
        return "retainKeys" in self.names


REPLACED = Strategy("")
_ROWS = (line.split(": ") for line in _TABLE.strip().splitlines())
STRATEGIES = {field: Strategy(*how.split()) for how, names in _ROWS for field in names.split()}
"""The strategy of each field that has one, by ``Type.field``."""
PATCH, RETAIN, ORDER, DELETE = "$patch", "$retainKeys", "$setElementOrder/", "$deleteFromPrimitiveList/"

Type = type[msgspec.Struct] | None


def merged(document: dict[str, Any], patch: dict[str, Any], kind: Type) -> dict[str, Any]:
    """What a strategic merge patch makes of an object's document. ApiError if the patch makes no sense.

    >>> from k8snet.kube.objects import Pod
    >>> merged({"spec": {"containers": [{"name": "a", "image": "x"}]}},
    ...        {"spec": {"containers": [{"name": "b", "image": "y"}, {"name": "a", "image": "z"}]}}, Pod)
    {'spec': {'containers': [{'name': 'b', 'image': 'y'}, {'name': 'a', 'image': 'z'}]}}
    """
    directive = patch.get(PATCH)
    if directive == "replace":
        return {key: _bare(value) for key, value in patch.items() if key != PATCH and value is not None}
    if directive == "delete":
        return {}
    if directive not in (None, "merge"):
        raise _senseless(f"unknown patch type: {directive} in map: {printed(patch)}")
    known = {field.name: field for field in fields(kind)} if kind is not None else {}
    found = _retained(document, patch)
    for key in patch:
        _merge_field(found, patch, key, known, kind)
    return found


def _retained(document: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    """The document without what ``$retainKeys`` does not name."""
    kept = patch.get(RETAIN)
    if kept is None:
        return dict(document)
    named = (key for key, value in patch.items() if value is not None and not key.startswith("$"))
    if not isinstance(kept, list) or any(key not in kept for key in named):
        raise ApiError("invalid patch format of retainKeys", reason="BadRequest")
    return {key: value for key, value in document.items() if key in kept}


def _merge_field(found: dict[str, Any], patch: dict[str, Any], key: str, known: dict[str, FieldDoc], kind: Type) -> None:
    """Take over one field of a patch; a directive about a list counts with its list, if the patch has that too."""
    if key in (PATCH, RETAIN):
        return
    for prefix in (ORDER, DELETE):
        if key.startswith(prefix):
            name = key.removeprefix(prefix)
            if name not in patch and found.get(name):
                found[name] = _merged_list(found, patch, name, kind, None)
            return
    value, before, inner = patch[key], found.get(key), known[key].of if key in known else None
    if value is None:
        found.pop(key, None)
    elif before is None:
        if (fresh := _without_directives(value)) is not None:
            found[key] = fresh
    elif isinstance(value, dict) and isinstance(before, dict):
        found[key] = merged(before, value, inner)
    elif isinstance(value, list) and isinstance(before, list) and strategy(kind, key).merges:
        found[key] = _merged_list(found, patch, key, kind, inner)
    else:
        found[key] = _bare(value)


def strategy(kind: Type, key: str) -> Strategy:
    """How a field of a type is patched."""
    return STRATEGIES.get(f"{kind.__name__ if kind else ''}.{key}", REPLACED)


# --- lists --------------------------------------------------------------------------------------------------------


def _merged_list(found: dict[str, Any], patch: dict[str, Any], name: str, kind: Type, inner: Type) -> list[Any]:
    """A list that is merged, in the order that the patch wants: that of its own items, if it does not say."""
    key, live, new = strategy(kind, name).key, found[name], patch.get(name, [])
    if key and not all(isinstance(each, dict) for each in (*live, *new)):
        raise _senseless(f"list element types are not identical: {printed([live, new])}")
    gone, order = patch.get(DELETE + name) or [], patch.get(ORDER + name)
    plain = [each for each in new if not (isinstance(each, dict) and PATCH in each)]
    if order is not None:
        _check_order(plain, order, name, key)
    if key:
        special = [each for each in new if PATCH in each]
        if any(each[PATCH] == "replace" for each in special):
            return [_bare(each) for each in plain]
        result = _merged_items(live, plain, special, key, inner)
    else:
        kept = [each for each in live if each not in gone]
        result = [*kept, *(each for each in plain if each not in kept)]
    if order is None:
        return _ordered(result, [each for each in live if each not in gone], plain, key)
    # Go appends into the array that the live list lies in, where deleted items have left room: what is new has a place there
    return _ordered(result, result[: len(live)] if key else live, order, key)


def _merged_items(live: list[Any], plain: list[Any], special: list[Any], key: str, inner: Type) -> list[Any]:
    """Items by key: those of the patch merged into those that are there, or behind them."""
    for each in special:
        if each[PATCH] not in ("delete", "merge"):
            raise _senseless(f"unknown patch type: {each[PATCH]} in map: {printed(each)}")
    gone = [_identity(each, key) for each in special if each[PATCH] == "delete"]
    result = [each for each in live if _identity(each, key) not in gone]
    for each in [*plain, *({**each, PATCH: None} for each in special if each[PATCH] == "merge")]:
        name = _identity(each, key)
        at = next((at for at, there in enumerate(result) if _identity(there, key) == name), None)
        if at is None:
            result.append(_bare(each))
        else:
            result[at] = merged(result[at], each, inner)
    return result


def _check_order(plain: list[Any], order: list[Any], name: str, key: str) -> None:
    wanted = [_identity(each, key) for each in order]
    own = [_identity(each, key) for each in plain]
    if own != [each for each in wanted if each in own]:
        text = f"The order in patch list:\n{printed(plain)}\n doesn't match {ORDER.removesuffix('/')} list:\n{printed(order)}\n"
        raise _senseless(text)


def _ordered(items: list[Any], live: list[Any], order: list[Any], key: str) -> list[Any]:
    """Items in an order; between them, what only the server has, as near as can be to its place."""
    wanted = [_identity(each, key) for each in order]
    place = {name: at for at, name in reversed(list(enumerate(_identity(each, key) for each in live)))}
    named = [(_identity(each, key), each) for each in items]
    first = sorted((pair for pair in named if pair[0] in wanted), key=lambda pair: wanted.index(pair[0]))
    others = [pair for pair in named if pair[0] not in wanted]
    result: list[Any] = []
    while first and others:
        left, right = place.get(others[0][0]), place.get(first[0][0])
        is_before = left is not None and right is not None and left < right
        result.append((others if is_before else first).pop(0)[1])
    return [*result, *(each for _, each in (*first, *others))]


def _identity(item: Any, key: str) -> Any:
    """By what an item is told apart: the value of its key, or itself."""
    if not key or not isinstance(item, dict):
        return item
    if key not in item or isinstance(item[key], dict | list):
        raise _senseless(f"map: {printed(item)} does not contain declared merge key: {key}")
    return item[key]


# --- values -------------------------------------------------------------------------------------------------------


def _without_directives(value: Any) -> Any:
    """What a patch says of a field that is not there: a map with a ``$patch`` says nothing (None), nor does such an item."""
    if isinstance(value, dict):
        found = {key: _without_directives(each) for key, each in value.items() if not key.startswith("$")}
        return None if PATCH in value else {key: each for key, each in found.items() if each is not None}
    if isinstance(value, list):
        return [each for each in map(_without_directives, value) if each is not None]
    return value


def _bare(value: Any) -> Any:
    """A value as it stands, without the directives' own fields and without nulls."""
    if isinstance(value, dict):
        return {key: _bare(each) for key, each in value.items() if each is not None and not key.startswith("$")}
    return [_bare(each) for each in value] if isinstance(value, list) else value


def _senseless(why: str) -> ApiError:
    """The server has no reason to give for these."""
    return ApiError(why)
