"""Objects of the kind Status: how the API server says no over HTTP, and yes where there is no object to show.

A refusal begins as an error with the server's own words (errors.py); what the words are about is put into fields here.
Source: k8s.io/apimachinery, pkg/api/errors/errors.go; k8s.io/apiserver, pkg/endpoints/handlers/responsewriters (status.go).
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

from k8snet.errors import ApiError, K8snetError, NotModelled
from k8snet.kube.objects import Kind, Object, meta
from k8snet.kube.rest.http import Response

CODES = {
    "BadRequest": HTTPStatus.BAD_REQUEST,
    "Forbidden": HTTPStatus.FORBIDDEN,
    "NotFound": HTTPStatus.NOT_FOUND,
    "MethodNotAllowed": HTTPStatus.METHOD_NOT_ALLOWED,
    "NotAcceptable": HTTPStatus.NOT_ACCEPTABLE,
    "AlreadyExists": HTTPStatus.CONFLICT,
    "Conflict": HTTPStatus.CONFLICT,
    "Expired": HTTPStatus.GONE,
    "UnsupportedMediaType": HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "Invalid": HTTPStatus.UNPROCESSABLE_ENTITY,
}
"""The HTTP status of each reason; any other error is the server's own fault (500)."""
NOT_IMPLEMENTED = "NotImplemented"
"""Our own reason, where the model has not what the real server has."""
_CAUSES = {
    "Required value": "FieldValueRequired",
    "Invalid value": "FieldValueInvalid",
    "Unsupported value": "FieldValueNotSupported",
    "Duplicate value": "FieldValueDuplicate",
    "Not found": "FieldValueNotFound",
    "Forbidden": "FieldValueForbidden",
    "Too long": "FieldValueTooLong",
    "Too many": "FieldValueTooMany",
    "Internal error": "InternalError",
}
_ABOUT = re.compile(
    r'(?:Operation cannot be fulfilled on )?([\w.-]+(?:/\w+)?) "([^"]*)"(?: not found$| already exists$| is forbidden: |: )'
)
_INVALID = re.compile(r'([\w.-]*) "((?:[^"\\]|\\.)*)" is invalid: (.*)', re.DOTALL)
_TERMINATING = re.compile(r"because it is being terminated$")


def no_such_place() -> ApiError:
    """The refusal of a path that leads nowhere, in the words that clients use for it."""
    return ApiError("the server could not find the requested resource", reason="NotFound")


def not_allowed() -> ApiError:
    """The refusal of a method that a path does not have."""
    return ApiError("the server does not allow this method on the requested resource", reason="MethodNotAllowed")


def refused(error: K8snetError) -> Response:
    """The response to a request that ended with an error.

    >>> answer = refused(ApiError('pods "web" not found', reason="NotFound"))
    >>> answer.status, answer.body["details"]
    (404, {'name': 'web', 'kind': 'pods'})
    """
    code, reason = HTTPStatus.INTERNAL_SERVER_ERROR, ""
    if isinstance(error, NotModelled):
        code, reason = HTTPStatus.NOT_IMPLEMENTED, NOT_IMPLEMENTED
    elif isinstance(error, ApiError):
        code, reason = CODES.get(error.reason, code), error.reason
    body = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": str(error)}
    body |= {"reason": reason} if reason else {}
    details = _details(error) if isinstance(error, ApiError) else None
    return Response(code.value, body | ({"details": details} if details is not None else {}) | {"code": code.value}, cause=error)


def _details(error: ApiError) -> dict[str, Any] | None:
    if error.reason == "Invalid":
        return _invalid(error)
    if error.reason in ("BadRequest", "UnsupportedMediaType", "NotAcceptable", ""):
        return None
    if error.reason == "InternalError":
        return {"causes": [{"message": str(error).partition(": ")[2]}]}
    about = _ABOUT.match(str(error))
    if about is None:
        return {}
    kind, _, group = about[1].partition(".")
    details = {"name": about[2], **({"group": group} if group else {}), "kind": kind}
    if _TERMINATING.search(str(error)):
        namespace = re.search(r"in namespace (\S+)", str(error))
        message = f"namespace {namespace[1] if namespace else ''} is being terminated"
        details["causes"] = [{"reason": "NamespaceTerminating", "message": message, "field": "metadata.namespace"}]
    return details


def _invalid(error: ApiError) -> dict[str, Any]:
    about = _INVALID.match(str(error))
    if about is None:
        return {}
    kind, _, group = about[1].partition(".")
    known = {"name": about[2], "group": group, "kind": kind}
    details: dict[str, Any] = {key: value for key, value in known.items() if value}
    return details | {"causes": [_cause(each) for each in error.causes or (about[3],)]}


def _cause(text: str) -> dict[str, str]:
    """A field error in its three parts.

    >>> _cause("spec.replicas: Invalid value: -1: must be greater than or equal to 0")["reason"]
    'FieldValueInvalid'
    """
    for kind, reason in _CAUSES.items():
        field, found, _ = text.partition(f": {kind}")
        if found:
            return {"reason": reason, "message": text[len(field) + 2 :], "field": field}
    return {"message": text}


def success(**details: Any) -> dict[str, Any]:
    """The Status of something that has been done."""
    status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}
    return status | ({"details": details} if details else {})


def deleted(kind: Kind, obj: Object) -> dict[str, Any]:
    """The Status of an object that is gone."""
    group = {"group": kind.group} if kind.group else {}
    return success(name=meta(obj).name, **group, kind=kind.plural, uid=meta(obj).uid)
