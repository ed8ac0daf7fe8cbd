"""kubectl config: which clusters there are, by which contexts, and which one is meant. It is kept by the model, in no file.

Source: k8s.io/kubectl, pkg/cmd/config; k8s.io/client-go, tools/clientcmd/api/v1.
"""

from __future__ import annotations

import json
from typing import Any

from k8snet.errors import CommandError, NotModelled
from k8snet.shell.kubectl import formats
from k8snet.shell.kubectl.command import Call, Command
from k8snet.shell.kubectl.emitting import OUTPUT_OTHERS
from k8snet.shell.kubectl.flags import flag
from k8snet.shell.kubectl.kubeconfig import ADMIN, Context, Kubeconfig
from k8snet.shell.kubectl.printing.columns import Aligner
from k8snet.shell.kubectl.session import server
from k8snet.shell.kubectl.visiting import Error, end

HEADS = "CURRENT\tNAME\tCLUSTER\tAUTHINFO\tNAMESPACE\n"
OMITTED = "DATA+OMITTED"
"""What stands for certificates and keys."""


def _contexts(call: Call) -> None:
    """The table of contexts, or their names."""
    kubeconfig, form = call.session.kubeconfig, call["output"]
    if form not in ("", "name"):
        raise CommandError(f"error: --output {form} is not available in kubectl config get-contexts; "
                           "resetting to default output format")
    known = kubeconfig.contexts
    errors: list[Error] = [f"context {name} not found" for name in call.args if name not in known]
    names = sorted(name for name in call.args or known if name in known)
    rows = "".join(f"{name}\n" if form else _row(kubeconfig, known[name]) for name in names)
    heads = "" if form or call["no-headers"] else HEADS
    call.terminal.print(Aligner().align(heads + rows))
    end(errors)


def _row(kubeconfig: Kubeconfig, context: Context) -> str:
    mark = "*" if context.name == kubeconfig.current else " "
    return f"{mark}\t{context.name}\t{context.cluster}\t{ADMIN}\t{context.set_namespace}\n"


def _current(call: Call) -> None:
    call.line(call.session.kubeconfig.current)


def _use(call: Call) -> None:
    if len(call.args) != 1:
        raise _unexpected(call)
    if not call.args[0]:
        raise CommandError("error: empty context names are not allowed")
    call.session.kubeconfig.use(call.args[0])
    call.line(f'Switched to context "{call.args[0]}".')


def _unexpected(call: Call) -> CommandError:
    from k8snet.shell.kubectl.program import help_of  # it is above this file: it finds the commands

    call.terminal.print(help_of(call.command, call.path))
    return CommandError(f"error: Unexpected args: [{' '.join(call.args)}]")


def _set(call: Call) -> None:
    """Change a context, or add one for a cluster that is known."""
    if len(call.args) > 1:
        raise _unexpected(call)
    kubeconfig, name = call.session.kubeconfig, call.args[0] if call.args else ""
    if not name and not call["current"]:
        raise CommandError("error: you must specify a non-empty context name or --current")
    if name and call["current"]:
        raise CommandError("error: you cannot specify both a context name and --current")
    name = name or kubeconfig.current
    before, known = kubeconfig.contexts.get(name), clusters(kubeconfig)
    asked = call["cluster"] if call.given("cluster") else before.cluster if before else ""
    if asked not in known:
        raise NotModelled(f"a context with the cluster {asked!r}", known=", ".join(f"--cluster={each}" for each in known))
    if call.given("user") and call["user"] != ADMIN:
        raise NotModelled(f"the user {call['user']}", known=ADMIN)
    namespace = call["namespace"] if call.given("namespace") else before.set_namespace if before else ""
    context = before or kubeconfig.contexts.setdefault(name, Context(name, known[asked].assembly))
    context.cluster, context.assembly, context.set_namespace = asked, known[asked].assembly, namespace
    call.line(f'Context "{name}" {"modified" if before else "created"}.')


def clusters(kubeconfig: Kubeconfig) -> dict[str, Context]:
    """The clusters by their names, each with a context that leads to it."""
    return {each.cluster: each for each in sorted(kubeconfig.contexts.values(), key=lambda each: each.cluster)}


def _clusters(call: Call) -> None:
    call.line("NAME")
    for name in clusters(call.session.kubeconfig):
        call.line(name)


def _users(call: Call) -> None:
    call.line(f"NAME\n{ADMIN}")


# --- view ---------------------------------------------------------------------------------------------------------


def _view(call: Call) -> None:
    if call.args:
        raise call.misused(f"unexpected arguments: [{' '.join(call.args)}]")
    form = call["output"] or "yaml"
    formats.check(form)
    document = _document(call)
    if form == "name":
        call.line("config/<unknown>")
    elif form == "json":  # in the order of the fields of Go's struct
        call.line(json.dumps(document, indent=4))
    else:
        call.terminal.print(formats.text(form, document))


def _document(call: Call) -> dict[str, Any]:
    """The kubeconfig as JSON has it; with --minify only what the current context needs, or the one that --context names."""
    kubeconfig = call.session.kubeconfig
    current = (call["context"] if call["minify"] else "") or kubeconfig.current
    if current not in kubeconfig.contexts:
        raise CommandError(f"error: cannot locate context {current}")
    shown = [context for name, context in sorted(kubeconfig.contexts.items()) if not call["minify"] or name == current]
    needed = {each.cluster for each in shown}
    user = {"client-certificate-data": OMITTED, "client-key-data": OMITTED}
    return {
        "kind": "Config", "apiVersion": "v1",
        "clusters": [{"name": name, "cluster": {"server": server(each), "certificate-authority-data": OMITTED}}
                     for name, each in clusters(kubeconfig).items() if name in needed],
        "users": [{"name": ADMIN, "user": user}],
        "contexts": [{"name": each.name, "context": _context(each)} for each in shown],
        "current-context": current,
    }  # fmt: skip


def _context(context: Context) -> dict[str, str]:
    namespace = {"namespace": context.set_namespace} if context.set_namespace else {}
    return {"cluster": context.cluster, "user": ADMIN, **namespace}


COMMAND = Command(
    "config", "config SUBCOMMAND", "Modify kubeconfig files.",
    subcommands=(
        Command("current-context", "config current-context", "Display the current-context", _current),
        Command("get-clusters", "config get-clusters", "Display clusters defined in the kubeconfig", _clusters),
        Command("get-contexts", "config get-contexts [(-o|--output=)name)]", "Describe one or many contexts", _contexts,
                flags=(flag("o, output"), flag("no-headers", "bool"))),
        Command("get-users", "config get-users", "Display users defined in the kubeconfig", _users),
        Command("set-context", "config set-context [NAME | --current] [--cluster=cluster_nickname] [--user=user_nickname] "
                               "[--namespace=namespace]", "Set a context entry in kubeconfig", _set,
                flags=(flag("current", "bool"), flag("cluster"), flag("user"))),
        Command("use-context", "config use-context CONTEXT_NAME", "Set the current-context in a kubeconfig file", _use,
                aliases=("use",)),
        Command("view", "config view [flags]", "Display merged kubeconfig settings or a specified kubeconfig file", _view,
                flags=(flag("o, output"), flag("minify", "bool")), others=("flatten", "merge", "raw", *OUTPUT_OTHERS)),
    ),
    others=("delete-cluster", "delete-context", "delete-user", "rename-context", "set", "set-cluster", "set-credentials",
            "unset"),
)  # fmt: skip
