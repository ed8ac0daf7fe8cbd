"""What the API says of its own fields: for `kubectl explain`, and for the schema that the API server publishes.

The official types carry the published descriptions in their docstrings, wrapped into lines. Here they become paragraphs
again. A blank line between two paragraphs is nearly always what the API's authors wrote; where a paragraph's last line
is full to the brim, its end cannot be seen any more. Type names are those of the published schema. Source: lightkube-models.
"""

from __future__ import annotations

import re
import types
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import Any, Union, get_args, get_origin

import msgspec

from k8snet.kube.gotypes import GO_TYPES
from k8snet.linux.fact import Fact

WIDTH = 78
"""The descriptions' lines are at most so long, but for words that are longer."""
_FIELD = re.compile(r" {6}\* \*\*(\w+)\*\* ``.*?`` -(?: |$)")
_LISTED = re.compile(r"\s*(-|\*|\d+\.|\(\w+\)) ")
"""The beginning of a list's item: between items there is no blank line."""


class FieldDoc(Fact, frozen=True):
    """One field: its ``name``, and its type as `container` of `base`.

    ``container`` is ``[]``, ``map[string]``, both, or empty. ``of`` is the official type whose fields can be looked at in
    turn, None for a plain value.
    """

    name: str
    container: str
    base: str
    required: bool
    description: str
    enum: tuple[str, ...] = ()
    """The values that there are, where the API lists them; sorted."""
    of: type[msgspec.Struct] | None = None

    @property
    def type(self) -> str:
        """The type as `kubectl explain` has it between its brackets: ``[]Container``, ``map[string]string``."""
        return f"{self.container}{self.base}"


@cache
def fields(kind: type[msgspec.Struct]) -> tuple[FieldDoc, ...]:
    """The fields of one of the official types, by name.

    >>> from k8snet.kube.objects import PodSpec, ServicePort
    >>> {field.name: field.type for field in fields(ServicePort)}["targetPort"]
    'IntOrString'
    >>> first = next(field for field in fields(PodSpec) if field.name == "containers")
    >>> first.type, first.required, first.description[:44]
    ('[]Container', True, 'List of containers belonging to the pod. Con')
    """
    texts = dict(_described(kind))
    found = []
    for info in msgspec.structs.fields(kind):
        go = GO_TYPES.get(f"{kind.__name__}.{info.name}", "")
        container, base, of = _type(info.type, go)
        enum = () if container else ENUMS.get(go, ())
        found.append(FieldDoc(info.encode_name, container, base, info.required, texts.get(info.name, ""), enum, of))
    return tuple(sorted(found, key=lambda each: each.name))


@cache
def description(kind: type[msgspec.Struct]) -> str:
    """What the API says of a type as a whole.

    >>> from k8snet.kube.objects import PodSpec
    >>> description(PodSpec)
    'PodSpec is a description of a pod.'
    """
    head = (kind.__doc__ or "").partition("**parameters**")[0].rstrip()
    return _joined([line.removeprefix(" " * 6) for line in head.splitlines()])


def _described(kind: type[msgspec.Struct]) -> Iterator[tuple[str, str]]:
    """Each field's name and description."""
    name, lines = "", list[str]()
    for line in (kind.__doc__ or "").partition("**parameters**")[2].rstrip().splitlines():
        begins = _FIELD.match(line)
        if begins is None:
            lines.append(line.removeprefix(" " * 8))
            continue
        yield name, _joined(lines)
        name, lines = begins[1], [line[begins.end() :]]
    yield name, _joined(lines)


def _joined(lines: list[str]) -> str:
    """Paragraphs, of lines: a line was ended by its author where the next one's first word would still have fitted."""
    text, before = "", ""
    for line in filter(str.strip, lines):
        word = line.split(maxsplit=1)[0]
        full = len(before) + 1 + len(word) > WIDTH
        text += f"{_between(line, full=full)}{line}" if text else line
        before = line
    return text


def _between(line: str, *, full: bool) -> str:
    """What stood between two lines: a space where the first was full, else the end of an item or of a paragraph."""
    if full and not line.startswith(" "):
        return " "
    return "\n" if line.startswith(" ") or _LISTED.match(line) else "\n\n"


# --- types --------------------------------------------------------------------------------------------------------

_NAMES: dict[Any, str] = {str: "string", bool: "boolean", int: "integer", datetime: "Time", dict: "string"}
_MAPS = {"v1.ResourceList": ("map[string]", "Quantity")}
"""Maps whose values are no strings."""


def _type(hint: Any, go: str) -> tuple[str, str, type[msgspec.Struct] | None]:
    """The container, the base, and the struct that a hint of the official types stands for."""
    choices = [each for each in get_args(hint) if each is not type(None)] if get_origin(hint) in _UNIONS else [hint]
    if len(choices) == 2:
        return "", "IntOrString", None
    (choice,) = choices
    if get_origin(choice) is list:
        container, base, of = _type(get_args(choice)[0], go)
        return f"[]{container}", base, of
    if isinstance(choice, type) and issubclass(choice, msgspec.Struct):
        return "", choice.__name__, choice
    if get_origin(choice) is dict:
        return "", "FieldsV1", None
    if choice is dict:
        return (*_MAPS.get(go, ("map[string]", "string")), None)
    return "", {"resource.Quantity": "Quantity", "v1.MicroTime": "MicroTime"}.get(go, _NAMES[choice]), None


_UNIONS = (Union, types.UnionType)

_ENUMS = """
v1.AddressType: FQDN IPv4 IPv6
v1.AppArmorProfileType: Localhost RuntimeDefault Unconfined
v1.AzureDataDiskCachingMode: None ReadOnly ReadWrite
v1.AzureDataDiskKind: Dedicated Managed Shared
v1.DNSPolicy: ClusterFirst ClusterFirstWithHostNet Default None
v1.DaemonSetUpdateStrategyType: OnDelete RollingUpdate
v1.DeploymentStrategyType: Recreate RollingUpdate
v1.GRPCProbeMode: Plaintext TLS
v1.HTTPProtocol: HTTP1 HTTP2
v1.HostPathType: "" BlockDevice CharDevice Directory DirectoryOrCreate File FileOrCreate Socket
v1.IPFamilyPolicy: PreferDualStack RequireDualStack SingleStack
v1.MountPropagationMode: Bidirectional HostToContainer None
v1.NamespacePhase: Active Terminating
v1.NodeInclusionPolicy: Honor Ignore
v1.NodePhase: Pending Running Terminated
v1.NodeSelectorOperator: DoesNotExist Exists Gt In Lt NotIn
v1.PersistentVolumeMode: Block Filesystem
v1.PodFSGroupChangePolicy: Always OnRootMismatch
v1.PodPhase: Failed Pending Running Succeeded Unknown
v1.PodQOSClass: BestEffort Burstable Guaranteed
v1.PreemptionPolicy: Never PreemptLowerPriority
v1.ProcMountType: Default Unmasked
v1.Protocol: SCTP TCP UDP
v1.PullPolicy: Always IfNotPresent Never
v1.RestartPolicy: Always Never OnFailure
v1.SeccompProfileType: Localhost RuntimeDefault Unconfined
v1.ServiceAffinity: ClientIP None
v1.ServiceExternalTrafficPolicy: Cluster Local
v1.ServiceInternalTrafficPolicy: Cluster Local
v1.ServiceType: ClusterIP ExternalName LoadBalancer NodePort
v1.SupplementalGroupsPolicy: Merge Strict
v1.TaintEffect: NoExecute NoSchedule PreferNoSchedule
v1.TerminationMessagePolicy: FallbackToLogsOnError File
v1.TolerationOperator: Equal Exists Gt Lt
v1.URIScheme: HTTP HTTPS
v1.UnsatisfiableConstraintAction: DoNotSchedule ScheduleAnyway
v1.VolumeHealthStatusType: DataLoss Degraded Inaccessible
"""
_SIGNALS = """ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT RTMAX RTMIN SEGV STKFLT STOP SYS
TERM TRAP TSTP TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ"""

_ROWS = (line.split(": ") for line in _ENUMS.strip().splitlines())
_REAL_TIME = (*(f"RTMAX-{at}" for at in range(1, 15)), *(f"RTMIN+{at}" for at in range(1, 16)))

ENUMS = {
    **{go: tuple(value.strip('"') for value in values.split()) for go, values in _ROWS},
    "v1.Signal": tuple(sorted(f"SIG{name}" for name in (*_SIGNALS.split(), *_REAL_TIME))),
}
"""The values of the Go types that the API marks as enumerations."""
