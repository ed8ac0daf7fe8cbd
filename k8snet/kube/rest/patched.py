"""What a patch has made of an object becomes an object again; what does not is refused together with the patch.

JSON patches and merge patches are decoded as a body is. A strategic merge patch is turned into Go's structs without JSON in
between, and the words for a wrong type are others. Source: k8s.io/apiserver, pkg/endpoints/handlers/patch.go;
k8s.io/apimachinery, pkg/runtime/converter.go.
"""

from __future__ import annotations

import json
import re
from typing import Any

from k8snet.errors import ApiError
from k8snet.kube.goformat import printed
from k8snet.kube.objects import Kind
from k8snet.kube.rest import bodies
from k8snet.kube.rest.bodies import Decoded
from k8snet.kube.rest.protonumbers import NUMBERS
from k8snet.kube.validation.errors import invalid, refusal_of

_KINDS = {"string": "string", "bool": "bool", "array": "slice", "object": "map"}
"""Go's words for what JSON has."""
_WRONG = re.compile(r"json: cannot unmarshal (\w+)(?: (\S+))? into Go .* of type (\S+)")


def decode(kind: Kind, after: dict[str, Any], validation: str) -> Decoded:
    """The object that a JSON patch or a merge patch has made. ApiError (Invalid)."""
    shown = json.dumps(after, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    version, name = after.get("apiVersion"), after.get("kind")
    if (version, name) != (kind.api_version, kind.kind):
        raise _refused(shown, bodies.unregistered(str(name), str(version)))
    return bodies.decode_as(kind, after, validation, lambda why: _refused(shown, why))


def decode_strategic(kind: Kind, after: dict[str, Any], validation: str, patch: dict[str, Any]) -> Decoded:
    """The object that a strategic merge patch has made, whatever it says of its kind. ApiError (Invalid)."""
    document = after | {"apiVersion": kind.api_version, "kind": kind.kind}
    return bodies.decode_as(kind, document, validation, lambda why: _refused(printed(patch), converted(why)))


def _refused(patch: str, why: str) -> ApiError:
    return refusal_of("", "", [invalid("patch", patch, why)])


def converted(why: str) -> str:
    """What JSON's decoder says of a wrong type, in the words of who turns maps into structs.

    >>> converted("json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32")
    'unrecognized type: int32'
    >>> converted("json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string")
    'cannot convert int64 to string'
    """
    found = _WRONG.fullmatch(why)
    if found is None:
        return why
    name, digits, go = found.groups()
    source = _KINDS.get(name) or ("float64" if "." in (digits or "") else "int64")
    if go.startswith("map["):
        return f"cannot restore map from {source}"
    if go.startswith("[]"):
        return f"cannot restore slice from {source}"
    bare = go.rpartition(".")[2]
    if bare in NUMBERS:
        return f"cannot restore struct from: {source}"
    simple = go if go in ("bool", "int32", "int64") else "string"
    numbers = source in ("int64", "float64")
    if (numbers and simple in ("int32", "int64")) or (source == "int64" and simple == "string"):
        return f"cannot convert {source} to {go}"
    return f"unrecognized type: {simple}"
