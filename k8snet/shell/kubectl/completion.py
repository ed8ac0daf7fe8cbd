"""What can stand next on kubectl's command line: verbs, kinds, names, flags, and the values of flags.

`complete` is a pure function of the words before the cursor and of what the session finds in the cluster. Kinds are offered by
their plural, and by each of their names once a letter of it is typed. Keys of manifests are in manifest_keys.py.
Source: k8s.io/kubectl, pkg/util/completion, says what follows which verb.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from k8snet.errors import K8snetError
from k8snet.kube.objects import KINDS, Kind, meta
from k8snet.shell.kubectl import explain
from k8snet.shell.kubectl.command import SHARED, Command
from k8snet.shell.kubectl.commands import COMMANDS
from k8snet.shell.kubectl.flags import Flag
from k8snet.shell.kubectl.formats import NOT_MODELLED as FORMS_NOT_MODELLED
from k8snet.shell.kubectl.formats import OF_GET
from k8snet.shell.kubectl.resources import CATEGORIES, kind_named

if TYPE_CHECKING:
    from k8snet.shell.kubectl.session import Session

ALL = tuple(KINDS)
TYPES: dict[str, tuple[str, ...]] = {
    "get": ALL, "describe": ALL, "delete": ALL, "label": ALL, "annotate": ALL, "patch": ALL, "edit": ALL, "wait": ALL,
    "scale": ("Deployment", "ReplicaSet"),
    "expose": ("Pod", "Service", "Deployment", "ReplicaSet"),
    "rollout": ("Deployment", "DaemonSet"),
    "set": ("Deployment", "DaemonSet", "ReplicaSet", "Pod"),
}
"""Verbs whose arguments are a kind and names of such objects, or ``KIND/NAME``; a verb's subcommands are as the verb."""
NAMES = {"logs": "Pod", "exec": "Pod", "port-forward": "Pod", "cordon": "Node", "uncordon": "Node", "drain": "Node"}
"""Verbs whose arguments are names of one kind of objects; a pod also by what has made it, ``KIND/NAME``."""
WITH_PODS = ("DaemonSet", "Deployment", "Pod", "ReplicaSet", "Service")
CHOICES: dict[str, tuple[str, ...]] = {
    "output": tuple(each for each in OF_GET if each not in FORMS_NOT_MODELLED),
    "dry-run": ("none", "client", "server"),
    "cascade": ("background", "foreground", "orphan"),
    "restart": ("Always", "OnFailure", "Never"),
    "image-pull-policy": ("Always", "IfNotPresent", "Never"),
    "protocol": ("TCP", "UDP"),
    "api-version": tuple(dict.fromkeys(kind.api_version for kind in KINDS.values())),
    "validate": ("strict", "warn", "ignore"),
}
"""Values of flags that are few and known."""
BY_VERB: dict[tuple[str, str], tuple[str, ...]] = {
    ("expose", "type"): ("ClusterIP", "NodePort", "LoadBalancer", "ExternalName"),
    ("patch", "type"): ("json", "merge", "strategic"),
    ("explain", "output"): ("plaintext",),
}


def complete(session: Session | None, words: Sequence[str], cursor_word: str) -> list[str]:
    """What the word at the cursor may become. ``words`` are those before it, without ``kubectl`` itself.

    Without a session, nothing that only a cluster knows.

    >>> complete(None, ["get"], "rep")
    ['replicaset', 'replicasets']
    >>> complete(None, ["get", "pods"], "--all-n")
    ['--all-namespaces']
    """
    typed = _Typed()
    for word in words:
        typed.add(word)
    found, start = _candidates(_Cluster(session, typed), typed, cursor_word)
    whole = {*(start + each for each in found), *typed.missing}
    return sorted(each for each in whole if each.startswith(cursor_word))


class _Typed:
    """The words before the cursor, understood: the command and its path, its flags' values, and its arguments."""

    def __init__(self) -> None:
        self.commands: list[Command] = []
        self.values: dict[str, str] = {}
        self.args: list[str] = []
        self.awaited: Flag | None = None
        self.behind = False
        """After a ``--`` nothing is kubectl's."""

    @property
    def verb(self) -> str:
        """The first word of the command; empty as long as there is none."""
        return self.commands[0].name if self.commands else ""

    @property
    def choices(self) -> list[Command]:
        """The commands that may come next."""
        if self.args:
            return []
        return list(self.commands[-1].subcommands if self.commands else COMMANDS.values())

    @property
    def flags(self) -> list[Flag]:
        """The flags that may stand here."""
        return [*(self.commands[-1].flags if self.commands else ()), *SHARED]

    @property
    def missing(self) -> list[str]:
        """The flags without which the command cannot run."""
        if not self.commands or self.awaited or self.behind:
            return []
        return [f"--{name}" for name in self.commands[-1].required if name not in self.values]

    def add(self, word: str) -> None:
        """Read one more word."""
        if self.awaited is not None:
            self.values[self.awaited.name], self.awaited = word, None
        elif self.behind or word == "--":
            self.behind = True
        elif word.startswith("-") and word != "-":
            self._add_flag(word)
        else:
            command = next((each for each in self.choices if word in (each.name, *each.aliases)), None)
            if command:
                self.commands.append(command)
            else:
                self.args.append(word)

    def _add_flag(self, word: str) -> None:
        name, equals, value = word.lstrip("-").partition("=")
        short = not word.startswith("--")
        flag = next((each for each in self.flags if (each.short == name[:1] if short else each.name == name)), None)
        if flag is None or not flag.takes_value:
            return
        inside = value if equals else name[1:] if short else ""
        if inside:
            self.values[flag.name] = inside
        else:
            self.awaited = flag


def _candidates(cluster: _Cluster, typed: _Typed, word: str) -> tuple[Iterable[str], str]:
    """What may follow, and the part of the word that stands before it and stays."""
    if typed.behind:
        return (), ""
    if typed.awaited is not None:
        return _values(cluster, typed, typed.awaited), ""
    if word.startswith("--") and "=" in word:
        name = word[2:].partition("=")[0]
        given = next((each for each in typed.flags if each.name == name), None)
        return (_values(cluster, typed, given) if given else ()), f"--{name}="
    if word.startswith("-"):
        return _flags(typed), ""
    if typed.choices:
        return [each.name for each in typed.choices], ""
    return _arguments(cluster, typed, word)


# --- what there is ------------------------------------------------------------------------------------------------


class _Cluster:
    """What the session finds in the cluster that the line is about. A cluster that refuses has nothing to offer."""

    def __init__(self, session: Session | None, typed: _Typed) -> None:
        self.session = session
        self.typed = typed

    @property
    def contexts(self) -> list[str]:
        return list(self.session.kubeconfig.contexts) if self.session else []

    def names(self, kind: str) -> list[str]:
        """Names of objects, in the namespace that the line means."""
        found = self._ask(lambda session: session.list(kind, self._namespace(session) if KINDS[kind].namespaced else None))
        return [meta(each).name or "" for each in found or ()]

    def containers(self) -> list[str]:
        """Names of the containers of the pod that the line names."""
        if not self.typed.args:
            return []
        name = self.typed.args[0].removeprefix("pod/").removeprefix("pods/")
        pod = self._ask(lambda session: session.get("Pod", name, self._namespace(session)))
        return [each.name for each in (*pod.spec.containers, *(pod.spec.initContainers or ()))] if pod else []

    def _namespace(self, session: Session) -> str:
        return self.typed.values.get("namespace") or session.context.namespace

    def _ask(self, question: Callable[[Session], Any]) -> Any:
        if self.session is None or self.typed.values.get("context", self.session.context.name) != self.session.context.name:
            return None  # another cluster's names would mislead
        try:
            return question(self.session)
        except K8snetError:
            return None


def _values(cluster: _Cluster, typed: _Typed, flag: Flag) -> Iterable[str]:
    if flag.name == "namespace":
        return cluster.names("Namespace")
    if flag.name == "context":
        return cluster.contexts
    if flag.name == "container":
        return cluster.containers()
    return BY_VERB.get((typed.verb, flag.name), CHOICES.get(flag.name, ()))


def _flags(typed: _Typed) -> Iterable[str]:
    for each in typed.flags:
        yield f"--{each.name}"
        if each.short and each.short != each.name:
            yield f"-{each.short}"


def _arguments(cluster: _Cluster, typed: _Typed, word: str) -> tuple[Iterable[str], str]:
    if typed.verb == "config":
        return (cluster.contexts if typed.commands[-1].name.endswith("-context") else ()), ""
    if typed.verb == "explain":
        return (() if typed.args else _paths(word)), ""
    if typed.verb == "taint":
        return (cluster.names("Node") if typed.args else ("node", "nodes")), ""
    if typed.verb in NAMES:
        return _one_kind(cluster, typed, word)
    return _kind_and_names(cluster, typed, word, TYPES[typed.verb]) if typed.verb in TYPES else ((), "")


def _one_kind(cluster: _Cluster, typed: _Typed, word: str) -> tuple[Iterable[str], str]:
    kind = NAMES[typed.verb]
    if kind == "Pod" and typed.args:
        return (), ""  # a command, or a port
    if kind == "Pod" and "/" in word:
        return _behind_slash(cluster, word)
    above = [f"{KINDS[each].plural}/" for each in WITH_PODS] if kind == "Pod" else []
    return [*cluster.names(kind), *above], ""


def _kind_and_names(cluster: _Cluster, typed: _Typed, word: str, kinds: Sequence[str]) -> tuple[Iterable[str], str]:
    if "/" in word:
        return _behind_slash(cluster, word)
    if not typed.args:
        before, comma, last = word.rpartition(",")
        return _kinds(last, kinds, typed.verb), f"{before}{comma}"
    kind = _kind(typed.args[0])
    return (each for each in cluster.names(kind.kind) if each not in typed.args) if kind else (), ""


def _behind_slash(cluster: _Cluster, word: str) -> tuple[Iterable[str], str]:
    before = word.partition("/")[0]
    kind = _kind(before)
    return (cluster.names(kind.kind) if kind else ()), f"{before}/"


def _kind(word: str) -> Kind | None:
    try:
        return kind_named(word)
    except K8snetError:
        return None


def _kinds(word: str, kinds: Sequence[str], verb: str) -> Iterable[str]:
    """Names of kinds: all of them once there is a letter, and before that each once, in the singular where few are possible."""
    for name in kinds:
        kind = KINDS[name]
        singular = kind.kind.lower()
        yield from (kind.plural, singular, *kind.short) if word else (kind.plural if kinds == ALL else singular,)
    if verb in ("get", "delete", "describe"):
        yield from CATEGORIES


def _paths(word: str) -> Iterable[str]:
    """What `kubectl explain` may be asked for: a kind, and behind a dot its fields."""
    before, dot, _ = word.rpartition(".")
    if not dot:
        return _kinds(word, ALL, "explain")
    return [f"{before}.{each}" for each in explain.below(before)]
