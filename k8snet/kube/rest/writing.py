"""POST, PUT, PATCH and DELETE on objects: from the request to the API server's verbs, and back.

What is kept, refused or filled in is api.py's matter. Source: k8s.io/apiserver, pkg/endpoints/handlers (create.go, update.go,
patch.go, delete.go).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from k8snet.errors import ApiError, NotModelled
from k8snet.kube import strategic
from k8snet.kube.api import Api
from k8snet.kube.client import Client
from k8snet.kube.gowords import Unreadable, named
from k8snet.kube.objects import Kind, Object, changed, meta
from k8snet.kube.rest import bodies, options, patched, patching
from k8snet.kube.rest.http import APPLY, CREATED, JSON_PATCH, MERGE_PATCH, OK, STRATEGIC_PATCH, Request, Response
from k8snet.kube.rest.options import Deletion
from k8snet.kube.rest.reading import chosen
from k8snet.kube.rest.remarks import remarks
from k8snet.kube.rest.resources import Target, other_namespace
from k8snet.kube.rest.status import deleted, not_allowed
from k8snet.kube.rest.wire import document, listed

T = TypeVar("T")
Shown = Callable[[Object], dict[str, Any]]

RETURNED = ("Pod", "Service", "ServiceAccount")
"""Kinds whose objects come back when they are deleted; of the others a Status tells."""
MADE_BY_PUT = ("Lease", "Service", "Endpoints")
"""Kinds that a PUT creates where there is none (AllowCreateOnUpdate)."""


class _Undone(Exception):
    """Ends a transaction whose writes are not to be kept."""


def kept(api: Api, write: Callable[[], T], *, dry: bool) -> T:
    """What a write comes to; ``dry``: afterwards nothing of it is left."""
    if not dry:
        return write()
    found: list[T] = []
    try:
        with api.transaction():
            found.append(write())
            raise _Undone  # noqa: TRY301 the transaction has to see it
    except _Undone:
        return found[0]


class Writer:
    """The writing half of the API server, for one request."""

    def __init__(self, api: Api, request: Request) -> None:
        self.api = api
        self.request = request
        self.client = Client(api, request.who)

    # --- objects --------------------------------------------------------------------------------------------------

    def create(self, target: Target, shown: Shown = document) -> Response:
        """POST an object to a list."""
        kind = _writable(target.kind)
        if kind.namespaced and target.namespace is None:
            raise not_allowed()
        read = bodies.read_object(kind, self.request)
        obj = self._placed(read.obj, target)
        made = kept(self.api, lambda: self.api.create(obj, self.request.who), dry=self.request.is_dry)
        if self.request.is_dry:
            made = changed(made, metadata=changed(meta(made), resourceVersion=None))
        return Response(CREATED, shown(made), warnings=(*read.warnings, *remarks(made)))

    def update(self, target: Target, shown: Shown = document) -> Response:
        """PUT an object in place of what is there."""
        kind = _writable(target.kind)
        read = bodies.read_object(kind, self.request)
        obj = self._placed(read.obj, target)
        _check_name(obj, target)
        if kind.kind in MADE_BY_PUT and self.client.find(kind.kind, *reversed(target.key)) is None:
            return self.create(target, shown)
        return self._answer(self._replaced(obj, "PUT", target), target, shown, read.warnings)

    def patch(self, target: Target, shown: Shown = document) -> Response:
        """PATCH an object."""
        kind = _writable(target.kind)
        before = self.client.get(kind.kind, *reversed(target.key))
        after = self.patched(document(before), kind.type)
        validation = self.request.parameter("fieldValidation", bodies.WARN)
        if self.request.media == STRATEGIC_PATCH:
            read = patched.decode_strategic(kind, after, validation, self._patch())
        else:
            read = patched.decode(kind, after, validation)
        obj = self._placed(read.obj, target)
        _check_name(obj, target)
        return self._answer(self._replaced(obj, "PATCH", target), target, shown, read.warnings)

    def patched(self, before: dict[str, Any], kind: strategic.Type) -> dict[str, Any]:
        """What the request's patch makes of a document; ``kind`` is its type, for strategic merge patches."""
        media = self.request.media
        if media == APPLY:
            raise NotModelled("server-side apply", known="kubectl apply without --server-side")
        if media not in (JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH):
            accepted = f"{JSON_PATCH}, {MERGE_PATCH}, {APPLY}, {STRATEGIC_PATCH}"
            text = f"the body of the request was in an unknown format - accepted media types include: {accepted}"
            raise ApiError(text, reason="UnsupportedMediaType")
        patch = self._patch()
        if media == JSON_PATCH:
            return _document(patching.patched(before, patch))
        return strategic.merged(before, patch, kind) if media == STRATEGIC_PATCH else _document(patching.merged(before, patch))

    def _patch(self) -> Any:
        """The patch in the body. ApiError (BadRequest) if it is none."""
        wanted, go = (list, "[]handlers.jsonPatchOp") if self.request.media == JSON_PATCH else (dict, "map[string]interface {}")
        try:
            patch = bodies.read_json(self.request.text)
        except Unreadable as error:
            raise ApiError(f"error decoding patch: {error}", reason="BadRequest") from None
        if not isinstance(patch, wanted):
            why = f"json: cannot unmarshal {named(patch)} into Go value of type {go}"
            raise ApiError(f"error decoding patch: {why}", reason="BadRequest")
        return patch

    def _replaced(self, obj: Object, verb: str, target: Target) -> Object:
        """Write an object, or its status alone."""
        dry, who = self.request.is_dry, self.request.who
        before = self.client.get(target.kind.kind, *reversed(target.key))
        if target.sub is not None and target.sub.name == "status":
            after = kept(self.api, lambda: self.api.update_status(obj, who, verb=verb), dry=dry)
        else:
            after = kept(self.api, lambda: self.api.update(obj, who, verb=verb), dry=dry)
        return changed(after, metadata=changed(meta(after), resourceVersion=meta(before).resourceVersion)) if dry else after

    def _answer(self, after: Object, target: Target, shown: Shown, warnings: tuple[str, ...]) -> Response:
        """What is told of an object that has replaced another; of a subresource nothing is remarked."""
        return Response(OK, shown(after), warnings=warnings if target.sub else (*warnings, *remarks(after)))

    def _placed(self, obj: Object, target: Target) -> Object:
        """An object in the namespace that the path names. ApiError (BadRequest) if it names another one itself."""
        inside = meta(obj).namespace
        wanted = target.namespace if target.kind.namespaced else None
        if inside and wanted and inside != wanted:
            raise other_namespace()
        return changed(obj, metadata=changed(meta(obj), namespace=wanted))

    # --- deletion -------------------------------------------------------------------------------------------------

    def delete(self, target: Target, shown: Shown = document) -> Response:
        """DELETE an object. The answer is the object if it is not gone yet, and for some kinds in any case."""
        how = options.deletion(self.request)
        before = self.client.get(target.kind.kind, *reversed(target.key))
        after = self._deleted(target.kind, target.key, before, how)
        is_gone = after is None
        if is_gone and target.kind.kind not in RETURNED:
            return Response(OK, deleted(target.kind, before))
        return Response(OK, shown(before if is_gone else after))

    def _deleted(self, kind: Kind, key: tuple[str, str], before: Object, how: Deletion) -> Object | None:
        """Delete an object; what is left of it, None: nothing."""
        _writable(kind)
        how.check(kind, before)

        def write() -> Object | None:
            self.api.delete(kind, key, self.request.who, grace=how.grace, propagation=how.propagation)
            return self.api.store.find(kind.kind, key)

        return kept(self.api, write, dry=how.dry)

    def delete_collection(self, target: Target) -> Response:
        """DELETE all objects that the selectors choose; the answer lists them as they were."""
        if "deletecollection" not in target.verbs:
            raise not_allowed()
        how, objects = options.deletion(self.request), chosen(self.api, target, self.request)
        for obj in objects:
            self._deleted(target.kind, (meta(obj).namespace or "", meta(obj).name or ""), obj, how)
        return Response(OK, listed(target.kind, objects, str(self.api.store.version)))


def _writable(kind: Kind) -> Kind:
    """A kind whose objects clients may write."""
    if kind.kind == "Event":
        raise NotModelled("events of one's own", known="those that components tell of")
    return kind


def _document(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ApiError("the server rejected our request due to an error in our request", reason="Invalid")
    return value


def _check_name(obj: Object, target: Target) -> None:
    name = meta(obj).name or ""
    if name != target.name:
        text = f"the name of the object ({name}) does not match the name on the URL ({target.name})"
        raise ApiError(text, reason="BadRequest")
