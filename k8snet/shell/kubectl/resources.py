"""Which objects a command line means: ``pods web db``, ``deploy/web svc/web``, ``pods,rs -l app=web``, ``-f FILE``.

Source: k8s.io/cli-runtime, pkg/resource/builder.go; words as kubectl 1.37 prints them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from k8snet.errors import ApiError, CommandError, K8snetError, NotModelled
from k8snet.kube.decoding import find_kind, metadata_refusal, type_meta, version_and_kind
from k8snet.kube.gowords import quoted
from k8snet.kube.labels import compile as compile_selector
from k8snet.kube.manifest import Read, read_named
from k8snet.kube.objects import KINDS, Kind
from k8snet.linux.fact import Fact
from k8snet.shell.kubectl.command import Call
from k8snet.shell.kubectl.emitting import VALIDATIONS
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
CUSTOM = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
"""Where kubectl looks whether somebody has defined a kind that it does not know."""
CATEGORIES = {"all": ("pods", "services", "daemonsets.apps", "deployments.apps", "replicasets.apps")}
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

    @property
    def labels(self) -> dict[str, str]:
        """The labels that its document gives it."""
        labels: dict[str, str] = ((self.document or {}).get("metadata") or {}).get("labels") or {}
        return labels

    @property
    def placed(self) -> dict[str, Any]:
        """The document of its file, with the namespace that is meant; what is in none has none, whatever its file says."""
        document = self.document or {}
        about = {key: value for key, value in (document.get("metadata") or {}).items() if key != "namespace"}
        return document | {"metadata": {**about, **({"namespace": self.namespace} if self.kind.namespaced else {})}}


class All(Fact, frozen=True):
    """All objects of a kind, in one namespace or in all (None), as far as the selectors choose them."""

    kind: Kind
    namespace: str | None
    labels: str = ""
    fields: str = ""


def kind_named(word: str) -> Kind:
    """The kind that a word names: plural, singular, short, with its group or without. CommandError if there is none.

    Of a group its beginning is enough; a short name is written in small letters.

    >>> kind_named("deploy").kind, kind_named("deployments.apps").kind, kind_named("Pod").kind, kind_named("leases.coord").kind
    ('Deployment', 'Deployment', 'Pod', 'Lease')
    """
    name, _, rest = word.partition(".")
    named = [kind for kind in KINDS.values() if name.lower() in (kind.plural, kind.kind.lower()) or name in kind.short]
    exact = [kind for kind in named if rest in ("", kind.group, _versioned(kind))]
    if found := exact or [kind for kind in named if kind.group.startswith(rest)]:
        return found[0]
    if name.lower() in _ELSEWHERE.split():
        raise NotModelled(f"the resource {word}", known=", ".join(kind.plural for kind in KINDS.values()))
    group = f' in group "{rest}"' if rest else ""
    raise CommandError(f"error: the server doesn't have a resource type \"{name}\"{group}")


def _versioned(kind: Kind) -> str:
    """A kind's group behind its version, as it may stand behind a resource: ``v1.apps``, ``v1.``."""
    return f"{kind.api_version.rpartition('/')[2]}.{kind.group}"


def _kinds(words: Sequence[str]) -> list[Kind]:
    """The kinds that words name, each once."""
    return list(dict.fromkeys(kind_named(word) for word in words))


class _Words(Fact, frozen=True):
    """What the arguments name: ``kinds``, ``names`` of objects of them, or ``pairs`` of both."""

    kinds: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()


def wanted(
    call: Call, args: Sequence[str] | None = None, *, names_needed: bool = False, every: bool = False,
) -> list[Named | All]:  # fmt: skip
    """What the arguments, -f, -l, -A of a call mean. CommandError if they do not fit together.

    ``names_needed``: a kind alone means nothing, unless a selector stands with it. ``every``: all objects are asked for.
    """
    paths = call["filename"] if call.has("filename") else ()
    labels, fields = _selector(call).strip(), _flag(call, "field-selector").strip()
    faults = _missing(paths)
    if every and (labels or fields):
        faults.append("setting 'all' parameter but found a non empty selector. ")
    words = _Words()
    try:
        words = _read(call.args if args is None else args)
    except CommandError as error:
        faults.append(str(error))
    _refuse(faults)
    if paths:
        return list(_of_paths(call, words))
    if labels or fields or every or (len(words.kinds) and not words.names and not names_needed):
        return list(_selected(call, words, labels, fields))
    return list(_by_name(call, words))


def _missing(paths: Iterable[str]) -> list[str]:
    return [f"the path {quoted(path)} does not exist" for path in paths if path != "-" and not Path(path).exists()]


def _refuse(faults: Sequence[str]) -> None:
    """Refuse a command line that has faults, if it has any."""
    if faults:
        raise CommandError("\n".join(faults) if len(faults) > 1 else f"error: {faults[0]}")


def is_single(call: Call, meant: Sequence[Named | All]) -> bool:
    """Whether a command line means one object, and cannot mean several."""
    if call.has("filename") and call["filename"]:
        return len(call["filename"]) == 1 and call["filename"] != ("-",)
    return len(meant) == 1 and isinstance(meant[0], Named)


def _selector(call: Call) -> str:
    """What chooses objects by their labels; the flag ``--selector`` of `kubectl expose` is something else."""
    return call[SELECTOR.name] if SELECTOR in call.command.flags else ""


def _flag(call: Call, name: str) -> str:
    return call[name] if call.has(name) else ""


def _read(args: Sequence[str]) -> _Words:
    first = list(dict.fromkeys(args[0].split(","))) if args else []
    words = [f"{kind}/{name}" for kind in first for name in args[1:]] if len(first) > 1 and args[1:] else list(args)
    if not any("/" in word for word in words):
        kinds = [part for each in first for part in CATEGORIES.get(each, (each,))]
        return _Words(tuple(dict.fromkeys(kinds)), tuple(words[1:]))
    if not all("/" in word for word in words):
        raise CommandError(
            "there is no need to specify a resource type as a separate argument when passing arguments in resource/name "
            "form (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'")
    return _Words(pairs=tuple(map(_pair, words)))


def _pair(word: str) -> tuple[str, str]:
    kind, _, name = word.partition("/")
    if "/" in name:
        raise CommandError("arguments in resource/name form may not have more than one slash")
    if not kind or not name or "," in kind:
        raise CommandError("arguments in resource/name form must have a single resource and name")
    return kind, name


def _of_paths(call: Call, words: _Words) -> Iterator[Named]:
    if words.kinds:
        raise CommandError("error: when paths, URLs, or stdin is provided as input, you may not specify resource arguments as "
                           "well")
    if words.pairs:
        raise CommandError("error: resource/name arguments cannot be provided when a path is specified")
    for each in from_files(call):
        if not isinstance(each, Named):
            raise each
        yield each


def _selected(call: Call, words: _Words, labels: str, fields: str) -> Iterator[All]:
    if words.names:
        raise CommandError("error: name cannot be provided when a selector is specified")
    if words.pairs:
        raise CommandError("error: selectors and the all flag cannot be used when passing resource/name arguments")
    if not words.kinds:
        raise CommandError("error: at least one resource must be specified to use a selector")
    for kind in _kinds(words.kinds):
        yield All(kind, None if _everywhere(call) or not kind.namespaced else call.namespace, labels, fields)


def _everywhere(call: Call) -> bool:
    return call.has("all-namespaces") and bool(call["all-namespaces"])


def _by_name(call: Call, words: _Words) -> Iterator[Named]:
    if len(words.kinds) > 1 and words.names:
        raise CommandError("error: you must specify only one resource")
    kinds = _kinds([*words.kinds, *(kind for kind, _ in words.pairs)])
    if words.kinds and not words.names:
        raise CommandError("error: resource(s) were provided, but no name was specified")
    if not kinds:
        raise CommandError(NOTHING_GIVEN)
    if _everywhere(call) and any(kind.namespaced for kind in kinds):
        raise CommandError("error: a resource cannot be retrieved by name across all namespaces")
    for kind, name in (*((words.kinds[0], name) for name in words.names), *words.pairs):
        yield Named(kind_named(kind), name, call.namespace)


def from_files(call: Call) -> list[Named | K8snetError]:
    """The objects of the files that -f names, ``-`` being what comes in; if there is a selector, those that it chooses.

    What is wrong with one stands in its place. NotModelled.
    """
    try:
        fits = compile_selector(_selector(call))
    except ApiError as error:
        selector = quoted(_selector(call))
        raise CommandError(f"error: the provided selector {selector} is not valid: {error}") from error
    _refuse(_missing(call["filename"]))
    found = [each for path in call["filename"] for each in _of_path(call, path)]
    validates = call.has("validate") and VALIDATIONS[call["validate"]] != "Ignore"
    if validates and any(map(_is_strange, found)):
        call.session.request("GET", CUSTOM)
    return [each for each in found if not isinstance(each, Named) or fits(each.labels)]


def _is_strange(each: Named | K8snetError) -> bool:
    """Whether a document's kind is none that the server has by that very name."""
    if isinstance(each, Named):
        return (each.document or {}).get("kind") != each.kind.kind
    return "no matches for kind" in str(each)


def _of_path(call: Call, path: str) -> Iterator[Named | K8snetError]:
    for read in read_named(call.stdin if path == "-" else Path(path)):
        try:
            yield read.document if isinstance(read.document, ApiError) else _of_file(call, read.document, read)
        except (ApiError, CommandError) as error:
            yield error


def _of_file(call: Call, document: dict[str, Any], read: Read) -> Named:
    type_meta(document, read.origin)
    refusal = metadata_refusal(document, read.origin)
    if refusal is not None and (not read.listed or not isinstance(document.get("metadata") or {}, dict)):
        raise refusal
    kind = _kind_of(document, read)
    about = {key: value for key, value in (document.get("metadata") or {}).items() if isinstance(value, str)}
    inside = about.get("namespace") or ""
    if kind.namespaced and call.given("namespace") and inside not in ("", call.namespace):
        raise CommandError(f'error: the namespace from the provided object "{inside}" does not match the namespace '
                           f'"{call.namespace}". '
                           f"You must pass '--namespace={inside}' to perform this operation.")
    namespace = (inside or call.namespace) if kind.namespaced else ""
    return Named(kind, about.get("name") or "", namespace, document, read.origin)


def _kind_of(document: dict[str, Any], read: Read) -> Kind:
    """The kind of a document. kubectl knows it in small letters too, as which the server does not know it."""
    version, name = version_and_kind(document, read.origin)
    small = (kind for kind in KINDS.values() if (kind.api_version, kind.kind.lower()) == (version, name))
    try:
        return next(small, None) or find_kind(document, read.origin)
    except ApiError as error:
        known = f"no matches for kind {quoted(name)} in version {quoted(version)}"
        raise CommandError(f"error: unable to recognize {known}") if read.listed and known in str(error) else error from None

