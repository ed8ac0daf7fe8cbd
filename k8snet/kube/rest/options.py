"""The options of a request that are objects of their own: DeleteOptions, and what a query may say of the same.

Source: k8s.io/apimachinery, pkg/apis/meta/v1/validation (validation.go); k8s.io/apiserver, pkg/registry/rest/delete.go.
"""

from __future__ import annotations

from typing import Any

from k8snet.errors import ApiError
from k8snet.kube.decoding import unhandled_as
from k8snet.kube.gowords import named, quoted
from k8snet.kube.objects import DeleteOptions, Kind, Object, meta
from k8snet.kube.rest.bodies import IGNORE, STRICT, WARN, read_document
from k8snet.kube.rest.http import Request
from k8snet.kube.validation.errors import Errors, invalid, refusal_of, unsupported
from k8snet.linux.fact import Fact

POLICIES = ("Background", "Foreground", "Orphan")
NAMES = {"POST": "CreateOptions", "PUT": "UpdateOptions", "PATCH": "PatchOptions", "DELETE": "DeleteOptions"}


def check(request: Request) -> None:
    """Refuse what a query says of writing and means nothing. ApiError (Invalid)."""
    errors: Errors = []
    if (dry := request.parameter("dryRun")) not in ("", "All"):
        errors.append(unsupported("dryRun", [dry], ("All",)))
    if (how := request.parameter("fieldValidation")) not in ("", STRICT, WARN, IGNORE):
        errors.append(unsupported("fieldValidation", how, (IGNORE, STRICT, WARN)))
    _refuse(NAMES.get(request.method, ""), errors)


def _refuse(name: str, errors: Errors) -> None:
    if errors:
        raise refusal_of(f"{name}.meta.k8s.io", "", errors)


class Deletion(Fact, frozen=True):
    """How to delete: ``grace`` in seconds (None: as the object says), ``propagation``, and what must hold before."""

    grace: int | None = None
    propagation: str = "Background"
    uid: str | None = None
    version: str | None = None
    dry: bool = False

    def check(self, kind: Kind, obj: Object) -> None:
        """Refuse if the object is not the one that was meant. ApiError (Conflict)."""
        about = meta(obj)
        name = f"{kind.kind}.{kind.group}" if kind.group else kind.kind
        why = ""
        if self.uid not in (None, about.uid):
            why = (f"the UID in the precondition ({self.uid}) does not match the UID in record ({about.uid}). "
                   f"The object might have been deleted and then recreated")
        elif self.version not in (None, about.resourceVersion):
            why = (f"the ResourceVersion in the precondition ({self.version}) does not match the ResourceVersion in record "
                   f"({about.resourceVersion}). The object might have been modified")
        if why:
            raise ApiError(f'Operation cannot be fulfilled on {name} "{about.name}": {why}', reason="Conflict")


def deletion(request: Request) -> Deletion:
    """The DeleteOptions of a request: its body, or what the query says. ApiError (BadRequest, Invalid)."""
    body = read_document(request, "DeleteOptions", DeleteOptions) if request.data.strip() else {}
    query = dict(request.parameters) | {"gracePeriodSeconds": request.integer("gracePeriodSeconds")}
    return of_document(body or query, dry=request.is_dry)


def of_document(body: dict[str, Any], *, dry: bool = False) -> Deletion:
    """The DeleteOptions in a document, of which ``dry`` is known already."""
    before = body.get("preconditions") or {}
    orphan = body.get("orphanDependents")
    propagation = body.get("propagationPolicy") or ("Orphan" if orphan in (True, "true") else "Background")
    grace = body.get("gracePeriodSeconds")
    errors: Errors = []
    if propagation not in POLICIES:
        allowed = ",".join(map(quoted, ("Foreground", "Background", "Orphan")))
        errors.append(invalid("propagationPolicy", propagation, f"needs to be one of {{{allowed},nil}}"))
    if grace is not None and (type(grace) is not int or not -(1 << 63) <= grace < 1 << 63):
        why = f"json: cannot unmarshal {named(grace, literal=True)} into Go struct field DeleteOptions.gracePeriodSeconds"
        raise unhandled_as("DeleteOptions", "v1", f"{why} of type int64")
    _refuse("DeleteOptions", errors)
    if grace is not None and grace < 0:  # the server takes a negative grace for 1 second (BeforeDelete)
        grace = 1
    return Deletion(grace, propagation, before.get("uid"), before.get("resourceVersion"), dry or bool(body.get("dryRun")))
