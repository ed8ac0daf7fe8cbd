"""Content negotiation: in which form a client wants the answer.

Objects come as they are, as a table, or by their metadata alone; a client lists what it can read, the best first. The model
writes JSON. Source: k8s.io/apiserver, pkg/endpoints/handlers/negotiation (negotiate.go).
"""

from __future__ import annotations

from k8snet.errors import ApiError
from k8snet.kube.rest.http import JSON
from k8snet.linux.fact import Fact

META = "meta.k8s.io"
DISCOVERY = "apidiscovery.k8s.io"
AS_THEY_ARE = ""
TABLE = "Table"
METADATA = "PartialObjectMetadata"
FORMS = {
    AS_THEY_ARE: ("", ("",)),
    TABLE: (META, ("v1",)),
    METADATA: (META, ("v1",)),
    f"{METADATA}List": (META, ("v1",)),
    "APIGroupDiscoveryList": (DISCOVERY, ("v2",)),
}
"""The forms that there are: the group and the versions of each."""


class Form(Fact, frozen=True):
    """The form of an answer, and the media type under which it goes out."""

    name: str
    media: str = JSON


def negotiated(accept: str, offered: tuple[str, ...] = (AS_THEY_ARE, TABLE, METADATA, f"{METADATA}List")) -> Form:
    """The first form of a header field Accept that is offered. ApiError (NotAcceptable) if there is none.

    >>> negotiated("application/json;as=Table;v=v1;g=meta.k8s.io,application/json").name
    'Table'
    >>> negotiated("*/*"), negotiated("application/cbor, application/json")
    (Form(name='', media='application/json'), Form(name='', media='application/json'))
    """
    for clause in filter(None, map(str.strip, accept.split(","))):
        media, *rest = (part.strip() for part in clause.split(";"))
        given = dict(part.partition("=")[::2] for part in rest)
        name = given.get("as", AS_THEY_ARE)
        if media not in (JSON, "application/*", "*/*") or name not in offered:
            continue
        group, versions = FORMS[name]
        if name == AS_THEY_ARE:
            return Form(name)
        if given.get("g") == group and given.get("v") in versions:
            return Form(name, f"{JSON};g={group};v={given['v']};as={name}" if group == DISCOVERY else JSON)
    if not accept.strip():
        return Form(AS_THEY_ARE)
    raise ApiError(f"only the following media types are accepted: {JSON}", reason="NotAcceptable")
