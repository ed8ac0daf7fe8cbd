"""The API server's face: one function from request to response.

It finds out what a path means and hands the request on. What is kept, and what is refused, is api.py's matter.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from k8snet.errors import K8snetError
from k8snet.kube.api import Api
from k8snet.kube.rest import discovery, logs, options, parts, reading, watching
from k8snet.kube.rest.http import Request, Response
from k8snet.kube.rest.negotiation import negotiated
from k8snet.kube.rest.resources import METHODS, Target, list_of_none, target, warnings
from k8snet.kube.rest.status import not_allowed, refused
from k8snet.kube.rest.watching import Stream
from k8snet.kube.rest.writing import Writer
from k8snet.linux.fact import changed


class Rest:
    """The API server over REST. ``logs`` hands out what containers have written; without it there are no logs.

    It keeps nothing itself, so there may be several for one ``api``.

    >>> from k8snet.kube.objects import Namespace, ObjectMeta
    >>> api = Api(lambda: 0.0, lambda write: None)
    >>> made = api.create(Namespace(metadata=ObjectMeta(name="default")), "kube-apiserver")
    >>> answer = Rest(api).handle(Request("GET", "/api/v1/namespaces/default"))
    >>> answer.status, answer.body["metadata"]["resourceVersion"]
    (200, '1')
    """

    def __init__(self, api: Api, logs: logs.Logs | None = None) -> None:
        self.api = api
        self.logs = logs

    def handle(self, request: Request) -> Response:
        """The answer to a request; a watch tells what there is to tell up to now."""
        found = self.answer(request)
        return watching.answer(found) if isinstance(found, Stream) else found

    def answer(self, request: Request) -> Response | Stream:
        """The answer to a request; a watch is a stream, which can be asked again and again."""
        try:
            page = discovery.page(request)
            if page is None and request.method == "GET" and (nothing := list_of_none(request.place)) is not None:
                page = Response(HTTPStatus.OK, nothing)
            return page if page is not None else self._found(request, target(request.place))
        except K8snetError as error:
            return refused(error)

    def _found(self, request: Request, at: Target) -> Response | Stream:
        found = self._route(request, at)
        if isinstance(found, Stream) or not (warned := warnings(at)):
            return found
        return changed(found, warnings=(*found.warnings, *warned))

    def _route(self, request: Request, at: Target) -> Response | Stream:
        verb = _verb(request, at)
        if verb not in at.verbs:
            raise not_allowed()
        options.check(request)
        writer = Writer(self.api, request)
        if at.sub is not None and at.sub.name == "log":
            return logs.log(self.api, writer.client.get("Pod", *reversed(at.key)), request, self.logs)
        if at.sub is not None and at.sub.name != "status":
            return parts.act(writer, at)
        if verb == "watch":
            return Stream(self.api, at, request)
        if verb in _READERS:
            return _READERS[verb](self.api, at, request)
        if verb == "deletecollection":
            return writer.delete_collection(at)
        form = negotiated(request.accept)
        write: Callable[..., Response] = getattr(writer, verb)
        return write(at, lambda obj: reading.shown(at.kind, obj, form, request, self.api.time))


_READERS = {"get": reading.one, "list": reading.many}


def _verb(request: Request, at: Target) -> str:
    """The API's word for what a request wants."""
    verb = METHODS.get(request.method, "")
    if verb == "get" and request.asks("watch") and at.sub is None:
        return "watch"
    if not at.name:
        return {"get": "list", "delete": "deletecollection", "create": "create"}.get(verb, "")
    return "" if verb == "create" and at.sub is None else verb
