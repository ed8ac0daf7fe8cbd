"""The verbs of kubectl that the model has, by name, in the order in which kubectl's own help tells them."""

from __future__ import annotations

from k8snet.shell.kubectl import (
    api_resources,
    apply,
    cluster_info,
    config,
    create,
    delete,
    describe,
    drain,
    events,
    execute,
    explain,
    expose,
    get,
    label,
    logs,
    patch,
    port_forward,
    rollout,
    run,
    scale,
    setting,
    taint,
    version,
    wait,
)  # fmt: skip
from k8snet.shell.kubectl.command import Command

COMMANDS: dict[str, Command] = {
    each.name: each
    for each in (
        create.COMMAND, expose.COMMAND, run.COMMAND, setting.COMMAND, explain.COMMAND, get.COMMAND, delete.COMMAND,
        scale.COMMAND, describe.COMMAND, apply.COMMAND, patch.COMMAND, label.LABEL, label.ANNOTATE, rollout.COMMAND,
        cluster_info.COMMAND, drain.CORDON, drain.UNCORDON, drain.DRAIN, taint.COMMAND, logs.COMMAND, execute.COMMAND,
        port_forward.COMMAND, events.COMMAND, wait.COMMAND, api_resources.COMMAND, api_resources.VERSIONS, config.COMMAND,
        version.COMMAND,
    )
}  # fmt: skip

NOT_MODELLED = (
    "alpha", "attach", "auth", "autoscale", "certificate", "completion", "cp", "debug", "diff", "edit", "kuberc",
    "kustomize", "options", "plugin", "proxy", "replace", "top",
)  # fmt: skip
"""What real kubectl has besides."""
ORDER = (
    "create", "expose", "run", "set", "explain", "get", "edit", "delete", "rollout", "scale", "autoscale", "certificate",
    "cluster-info", "top", "cordon", "uncordon", "drain", "taint", "describe", "logs", "attach", "exec", "port-forward", "proxy",
    "cp", "auth", "debug", "events", "diff", "apply", "patch", "replace", "wait", "kustomize", "label", "annotate", "completion",
    "plugin", "version", "api-versions", "api-resources", "options", "config", "kuberc",
)  # fmt: skip
"""All of them, in the order in which they are suggested to whoever mistypes one."""
