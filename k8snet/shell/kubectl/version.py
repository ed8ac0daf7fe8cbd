"""kubectl version: which version kubectl is, and which the API server. Source: k8s.io/kubectl, pkg/cmd/version."""

from __future__ import annotations

import json
from typing import Any

from k8snet.errors import CommandError
from k8snet.shell.kubectl import formats
from k8snet.shell.kubectl.command import Call, Command
from k8snet.shell.kubectl.emitting import OUTPUT
from k8snet.shell.kubectl.flags import flag

CLIENT = {
    "major": "1", "minor": "37", "gitVersion": "v1.37.1", "gitCommit": "f78e722310e50bcaca9276be22276d9e91d91308",
    "gitTreeState": "clean", "buildDate": "2026-09-23T17:10:04Z", "goVersion": "go1.26.8", "compiler": "gc",
    "platform": "linux/amd64",
}  # fmt: skip
"""What the released kubectl tells of itself, in the order of its fields."""
KUSTOMIZE = "v5.8.1"


def run(call: Call) -> None:
    """Print the versions."""
    if call.args and not call["client"]:
        raise CommandError(f"error: extra arguments: [{' '.join(call.args)}]")
    form = call["output"]
    if form not in ("", "json", "yaml"):
        raise CommandError("error: --output must be 'yaml' or 'json'")
    versions: dict[str, Any] = {"clientVersion": CLIENT, "kustomizeVersion": KUSTOMIZE}
    if not call["client"]:
        versions["serverVersion"] = call.session.request("GET", "/version", {"timeout": "32s"})
    if form == "json":
        call.line(json.dumps(versions, indent=2))
    elif form == "yaml":
        call.line(formats.text("yaml", versions))
    else:
        call.line(f"Client Version: {CLIENT['gitVersion']}\nKustomize Version: {KUSTOMIZE}")
        if "serverVersion" in versions:
            call.line(f"Server Version: {versions['serverVersion']['gitVersion']}")


COMMAND = Command("version", "version [flags] [options]", "Print the client and server version information.", run,
                  flags=(*OUTPUT, flag("client", "bool")))  # fmt: skip
