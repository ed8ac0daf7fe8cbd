"""Which objects a command line means: ``pods web db``, ``deploy/web svc/web``, ``pods,rs -l app=web``, ``-f FILE``.

Source: k8s.io/cli-runtime, pkg/resource/builder.go; words as kubectl 1.37 prints them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from k8snet.errors import ApiError, CommandError, NotModelled
from k8snet.kube.decoding import find_kind
from k8snet.kube.manifest import parse_named
from k8snet.kube.objects import KINDS, Kind
from k8snet.linux.fact import Fact
from k8snet.shell.kubectl.command import Call
from k8snet.shell.kubectl.flags import flag

FILENAME = flag("f, filename", "array")
SELECTOR = flag("l, selector")
FIELD_SELECTOR = flag("field-selector")
ALL_NAMESPACES = flag("A, all-namespaces", "bool")
FILENAME_OTHERS = ("kustomize", "k", "recursive", "R")
"""What comes with -f and is not modelled."""
NOTHING_GIVEN = (
    "error: You must provide one or more resources by argument or filename.\n"
    "Example resource specifications include:\n"
    "   '-f rsrc.yaml'\n"
    "   '--filename=rsrc.json'\n"
    "   '<resource> <name>'\n"
    "   '<resource>'"
)
CATEGORIES = {"all": ("Pod", "Service", "DaemonSet", "Deployment", "ReplicaSet")}
"""What `kubectl get all` means, in its order."""
_ELSEWHERE = """
    statefulsets statefulset sts jobs job cronjobs cronjob cj replicationcontrollers replicationcontroller rc ingresses ingress
    ing ingressclasses ingressclass networkpolicies networkpolicy netpol persistentvolumes persistentvolume pv
    persistentvolumeclaims persistentvolumeclaim pvc storageclasses storageclass sc
    resourcequotas resourcequota quota limitranges limitrange limits
    horizontalpodautoscalers horizontalpodautoscaler hpa poddisruptionbudgets poddisruptionbudget pdb roles role rolebindings
    rolebinding clusterroles clusterrole clusterrolebindings clusterrolebinding customresourcedefinitions customresourcedefinition
    crd crds priorityclasses priorityclass pc runtimeclasses runtimeclass componentstatuses componentstatus cs servicecidrs
    servicecidr ipaddresses ipaddress ip controllerrevisions controllerrevision podtemplates podtemplate apiservices apiservice
    certificatesigningrequests certificatesigningrequest csr mutatingwebhookconfigurations validatingwebhookconfigurations
    volumeattachments volumeattachment csidrivers csidriver csinodes csinode
"""
"""What a real API server has and the model's has not."""


class Named(Fact, frozen=True):
    """One object that is meant, by name. ``origin`` is the file that it comes from, with the ``document`` there."""

    kind: Kind
    name: str
    namespace: str
    document: dict[str, Any] | None = None
    origin: str = ""


class All(Fact, frozen=True):
    """All objects of a kind, in one namespace or in all (None), as far as the selectors choose them."""

    kind: Kind
    namespace: str | None
    labels: str = ""
    fields: str = ""


def kind_named(word: str) -> Kind:
    """The kind that a word names: plural, singular, short, with its group or without. CommandError if there is none.

    >>> kind_named("deploy").kind, kind_named("deployments.apps").kind, kind_named("Pod").kind
    ('Deployment', 'Deployment', 'Pod')
    """
    name, _, rest = word.lower().partition(".")
    for kind in KINDS.values():
        version = kind.api_version.rpartition("/")[2]
        fits_group = rest.rstrip(".") in ("", kind.group, f"{version}.{kind.group}".rstrip("."))
        if fits_group and name in (kind.plural, kind.kind.lower(), *kind.short):
            return kind
    if name in _ELSEWHERE.split():
        raise NotModelled(f"the resource {word}", known=", ".join(kind.plural for kind in KINDS.values()))
    raise CommandError(f"error: the server doesn't have a resource type \"{word}\"")


def kinds_named(words: str) -> list[Kind]:
    """The kinds of a list with commas, each once; ``all`` is several."""
    found: list[Kind] = []
    for word in words.split(","):
        if not word:
            raise CommandError("error: arguments in resource/name form may not have more than one slash" if "/" in words
                               else 'error: the server doesn\'t have a resource type ""')
        found += [KINDS[each] for each in CATEGORIES[word]] if word in CATEGORIES else [kind_named(word)]
    return list(dict.fromkeys(found))


def wanted(call: Call, args: Sequence[str] | None = None, *, names_needed: bool = False) -> list[Named | All]:
    """What the arguments, -f, -l, -A of a call mean. CommandError if they do not fit together.

    ``names_needed``: a kind alone means nothing, unless a selector or --all stands with it.
    """
    words = list(call.args if args is None else args)
    if call.has("filename") and call["filename"]:
        if words:
            raise CommandError("error: when paths, URLs, or stdin is provided as input, you may not specify a resource by "
                               "arguments as well")
        return list(from_files(call))
    if not words:
        raise CommandError(NOTHING_GIVEN)
    if any("/" in word for word in words):
        return list(_pairs(call, words))
    kinds, names = kinds_named(words[0]), words[1:]
    labels, fields = _flag(call, "selector"), _flag(call, "field-selector")
    everywhere = bool(_flag(call, "all-namespaces"))
    if names:
        return list(_by_name(call, kinds, names, labels or fields, everywhere))
    if names_needed and not (labels or fields or _flag(call, "all")):
        raise CommandError("error: resource(s) were provided, but no name was specified")
    return [All(kind, None if everywhere or not kind.namespaced else call.namespace, labels, fields) for kind in kinds]


def _flag(call: Call, name: str) -> Any:
    return call[name] if call.has(name) else ""


def _by_name(call: Call, kinds: list[Kind], names: Sequence[str], selected: str, everywhere: bool) -> list[Named]:
    if selected:
        raise CommandError("error: name cannot be provided when a selector is specified")
    if everywhere:
        raise CommandError("error: a resource cannot be retrieved by name across all namespaces")
    if _flag(call, "all"):
        raise CommandError("error: setting 'all' parameter but found a non empty selector. ")
    return [Named(kind, name, call.namespace) for kind in kinds for name in names]


def _pairs(call: Call, words: Sequence[str]) -> list[Named]:
    if not all("/" in word for word in words):
        raise CommandError(
            "error: there is no need to specify a resource type as a separate argument when passing arguments in resource/name "
            "form (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'")
    if _flag(call, "selector"):
        raise CommandError("error: selectors and the all flag cannot be used when passing resource/name arguments")
    found = []
    for word in words:
        parts = word.split("/")
        if len(parts) != 2:
            raise CommandError("error: arguments in resource/name form may not have more than one slash")
        if not all(parts):
            raise CommandError("error: arguments in resource/name form must have a single resource and name")
        kinds = kinds_named(parts[0])
        if len(kinds) != 1:
            raise CommandError("error: arguments in resource/name form must have a single resource and name")
        found.append(Named(kinds[0], parts[1], call.namespace))
    return found


def from_files(call: Call) -> list[Named]:
    """The objects of the files that -f names, ``-`` being what comes in."""
    found: list[Named] = []
    for path in call["filename"]:
        try:
            documents = parse_named(call.stdin if path == "-" else Path(path))
        except ApiError as error:
            raise CommandError(str(error)) from error
        found += [_of_file(call, document, origin) for document, origin in documents]
    return found


def _of_file(call: Call, document: dict[str, Any], origin: str) -> Named:
    kind, about = find_kind(document, origin), document.get("metadata") or {}
    inside = about.get("namespace") or ""
    if call.given("namespace") and inside not in ("", call.namespace):
        raise CommandError(f'error: the namespace from the provided object "{inside}" does not match the namespace '
                           f'"{call.namespace}". '
                           f"You must pass '--namespace={inside}' to perform this operation.")
    return Named(kind, about.get("name") or "", inside or call.namespace, document, origin)

