"""Volumes, of which every pod's containers may mount some: the kinds that every node has.

What is in them has no effect in the model, and other kinds are refused before (see effect.py). Source:
pkg/apis/core/validation/validation.go.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from k8snet.kube.names import label_faults
from k8snet.kube.objects import EmptyDirVolumeSource, Volume, VolumeMount
from k8snet.kube.quantity import amount
from k8snet.kube.validation.errors import Errors, all_invalid, duplicate, forbidden, invalid, not_found, required, unsupported

FILE_MODE = "must be a number between 0 and 0777 (octal), both inclusive"
HOST_PATHS = ("", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket")
ONE_TYPE = "may not specify more than 1 volume type"


def volumes(given: list[Volume], path: str) -> tuple[set[str], Errors]:
    """The names of the volumes that are right, and what is wrong with the others."""
    errors: Errors = []
    right: set[str] = set()
    for at, volume in enumerate(given):
        here = f"{path}[{at}]"
        wrong = _source(volume, here)
        faults = all_invalid(f"{here}.name", volume.name, label_faults(volume.name))
        wrong += faults if volume.name else [required(f"{here}.name")]
        wrong += [duplicate(f"{here}.name", volume.name)] if volume.name in right else []
        errors += wrong
        if not wrong:
            right.add(volume.name)
    return right, errors


def _source(volume: Volume, path: str) -> Errors:
    errors: Errors = []
    chosen = ""
    for name, check in _CHECKS.items():
        source = getattr(volume, name)
        if source is None:
            continue
        errors += [forbidden(f"{path}.{name}", ONE_TYPE)] if chosen else check(source, f"{path}.{name}")
        chosen = name
    others = (name for name in volume.__struct_fields__ if name != "name" and name not in _CHECKS)
    if not chosen and not any(getattr(volume, name) is not None for name in others):
        errors.append(required(path, "must specify a volume type"))
    return errors


def _empty_dir(source: EmptyDirVolumeSource, path: str) -> Errors:
    try:
        right = source.sizeLimit is None or amount(source.sizeLimit) >= 0
    except ValueError:
        right = False
    return [] if right else [forbidden(f"{path}.sizeLimit", "SizeLimit field must be a valid resource quantity")]


def _host_path(source: Any, path: str) -> Errors:
    if not source.path:
        return [required(f"{path}.path")]
    errors = no_steps_back(source.path, f"{path}.path")
    wrong = source.type is not None and source.type not in HOST_PATHS
    return errors + ([unsupported(f"{path}.type", source.type, HOST_PATHS)] if wrong else [])


def _named(field: str) -> Callable[[Any, str], Errors]:
    """A Secret or a ConfigMap by its name, some of whose keys become files."""

    def check(source: Any, path: str) -> Errors:
        errors = [] if getattr(source, field) else [required(f"{path}.{field}")]
        errors += _mode(source.defaultMode, f"{path}.defaultMode")
        for at, item in enumerate(source.items or []):
            here = f"{path}.items[{at}]"
            errors += [] if item.key else [required(f"{here}.key")]
            errors += _file(item, here)
        return errors

    return check


def _downward(source: Any, path: str) -> Errors:
    errors = _mode(source.defaultMode, f"{path}.defaultMode")
    for item in source.items or []:
        errors += _file(item, path)
        if item.fieldRef is None and item.resourceFieldRef is None:
            errors.append(required(path, "one of fieldRef and resourceFieldRef is required"))
    return errors


def _projected(source: Any, path: str) -> Errors:
    errors = _mode(source.defaultMode, f"{path}.defaultMode")
    for at, each in enumerate(source.sources or []):
        here = f"{path}.sources[{at}]"
        given = [name for name in each.__struct_fields__ if getattr(each, name) is not None]
        for name in ("secret", "configMap"):
            part = getattr(each, name)
            errors += [required(f"{here}.{name}.name")] if part is not None and not part.name else []
        errors += [forbidden(here, f"{ONE_TYPE} per source")] if len(given) > 1 else []
    return errors


_CHECKS: dict[str, Callable[[Any, str], Errors]] = {
    "emptyDir": _empty_dir, "hostPath": _host_path, "secret": _named("secretName"), "downwardAPI": _downward,
    "configMap": _named("name"), "projected": _projected,
}  # fmt: skip


def _file(item: Any, path: str) -> Errors:
    errors = [] if item.path else [required(f"{path}.path")]
    errors += relative(item.path, f"{path}.path")
    if item.path.startswith("..") and not item.path.startswith("../"):
        errors.append(invalid(f"{path}.path", item.path, "must not start with '..'"))
    return errors + _mode(item.mode, f"{path}.mode")


def _mode(mode: int | None, path: str) -> Errors:
    return [] if mode is None or 0 <= mode <= 0o777 else [invalid(path, mode, FILE_MODE)]


def relative(text: str, path: str) -> Errors:
    """What is wrong with a path inside of a volume."""
    errors = [invalid(path, text, "must be a relative path")] if text.startswith("/") else []
    return errors + no_steps_back(text, path)


def no_steps_back(text: str, path: str) -> Errors:
    """An error for a path that leads upwards."""
    return [invalid(path, text, "must not contain '..'")] if ".." in text.split("/") else []


# --- mounts -------------------------------------------------------------------------------------------------------


def mounts(given: list[VolumeMount], known: set[str], path: str) -> Errors:
    """What is wrong with a container's mounts; ``known`` are the volumes' names."""
    errors: Errors = []
    seen: set[str] = set()
    for at, mount in enumerate(given):
        here = f"{path}[{at}]"
        errors += [] if mount.name else [required(f"{here}.name")]
        errors += [] if mount.name in known else [not_found(f"{here}.name", mount.name)]
        errors += [] if mount.mountPath else [required(f"{here}.mountPath")]
        errors += [invalid(f"{here}.mountPath", mount.mountPath, "must be unique")] if mount.mountPath in seen else []
        seen.add(mount.mountPath)
        errors += _sub_paths(mount, here, path)
    return errors


def _sub_paths(mount: VolumeMount, here: str, path: str) -> Errors:
    errors = relative(mount.subPath, f"{path}.subPath") if mount.subPath else []
    if mount.subPathExpr:
        if mount.subPath:
            errors.append(invalid(f"{here}.subPathExpr", mount.subPathExpr, "subPathExpr and subPath are mutually exclusive"))
        errors += relative(mount.subPathExpr, f"{path}.subPathExpr")
    return errors
