"""kubectl: from a command line to what stands on the screen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from k8snet.errors import ApiError, CommandError, K8snetError, NotModelled
from k8snet.linux.tools import Output, split
from k8snet.shell.kubectl.command import SHARED, SHARED_OTHERS, Call, Command, Terminal
from k8snet.shell.kubectl.flags import Flag, Parsed, parse
from k8snet.shell.kubectl.kubeconfig import Context, Kubeconfig
from k8snet.shell.kubectl.refusals import Refused
from k8snet.shell.kubectl.session import Session

CLUSTER_FIRST = frozenset([
    "create", "run", "explain", "apply", "cluster-info", "cordon", "uncordon", "drain", "wait", "api-resources", "api-versions",
    "version",
])  # fmt: skip
"""The verbs that ask for their context's cluster before they ask for its namespace."""


def kubectl(kubeconfig: Kubeconfig, line: str, stdin: str = "", *, check: bool = True) -> Output:
    """Run ``kubectl LINE``. What it prints, errors too, is the Output; with ``check``, an error raises instead.

    ApiError if the server refused something, CommandError if kubectl itself did; the error's text is all that was printed.
    """
    terminal = Terminal()
    try:
        words = split(line)
        _run(kubeconfig, words[1:] if words[:1] == ["kubectl"] else words, stdin, terminal)
    except (ApiError, CommandError) as error:
        text = f"{terminal.text}{error}\n"
        if check:
            raise _with_text(error, text.removesuffix("\n")) from error
        return Output(text, code=error.code, trace=terminal.trace)
    except RecursionError:
        raise NotModelled("a command with so many parts, or parts within parts", known="fewer") from None
    return Output(terminal.text, code=terminal.code, trace=terminal.trace)


def _with_text(error: ApiError | CommandError, text: str) -> K8snetError:
    """The same error, with all that was printed before it."""
    if isinstance(error, ApiError):
        return ApiError(text, reason=error.reason, code=error.code, causes=error.causes)
    return CommandError(text, code=error.code, errno=error.errno)


def _run(kubeconfig: Kubeconfig, words: list[str], stdin: str, terminal: Terminal) -> None:
    from k8snet.shell.kubectl.commands import COMMANDS

    command, path, rest = find(words, COMMANDS)
    parsed = command.read(rest, path)
    if "help" in parsed.values or command.run is None:
        terminal.print(help_of(command, path))
        terminal.code = 0 if "help" in parsed.values else 1
        return
    context = _context(kubeconfig, path.split()[1], parsed)
    session = Session(kubeconfig, context, terminal, parsed.values.get("v", 0))
    call = Call(command, path, parsed, session, stdin)
    try:
        command.run(call)
    except Refused as error:
        session.tell_of_refusal(error, call.verb)
        raise


def _context(kubeconfig: Kubeconfig, verb: str, parsed: Parsed) -> Context:
    """The context that is meant. CommandError, in words that depend on what kubectl looks for first."""
    name = "" if verb == "config" else parsed.values.get("context", "")
    if name and name not in kubeconfig.contexts and (verb in CLUSTER_FIRST or parsed.values.get("namespace")):
        raise CommandError(f'error: context "{name}" does not exist')
    return kubeconfig.context(name)


def find(words: list[str], commands: Mapping[str, Command]) -> tuple[Command, str, list[str]]:
    """The command that the words begin with, its full path, and the words that are left. CommandError in kubectl's words."""
    at = _first_word(words, SHARED)
    if at is None:
        raise _no_command(words)
    name, rest = words[at], [*words[:at], *words[at + 1 :]]
    command = next((each for each in commands.values() if name in (each.name, *each.aliases)), None)
    if command is None and words[0].startswith("-"):
        raise CommandError(f"Error: flags cannot be placed before plugin name: {words[0]}")
    if command is None:
        raise _unknown(name, commands)
    path = f"kubectl {command.name}"
    while command.subcommands:
        inner = _inner(command, path, rest)
        if inner is None:
            break
        command, at = inner
        path, rest = f"{path} {command.name}", [*rest[:at], *rest[at + 1 :]]
    return command, path, rest


def _inner(command: Command, path: str, rest: list[str]) -> tuple[Command, int] | None:
    """The subcommand that the words name, and where; None: none of them, and the command can do without."""
    at = _first_word(rest, (*SHARED, *command.flags))
    if at is None:
        return None
    found = next((each for each in command.subcommands if rest[at] in (each.name, *each.aliases)), None)
    if found is not None:
        return found, at
    if command.run is None:
        known = ", ".join(each.name for each in command.subcommands)
        if rest[at] in command.others:
            raise NotModelled(f"{path} {rest[at]}", known=known)
        words = " ".join(command.read(rest, path).args)
        raise CommandError(f"error: unknown command \"{words}\"\nSee '{path} -h' for help and examples")
    if rest[at] in command.others:
        raise NotModelled(f"{path} {rest[at]}", known=", ".join(each.name for each in command.subcommands))
    return None


def _first_word(words: list[str], flags: Iterable[Flag]) -> int | None:
    """Where the first word is that is neither a flag nor the value of one. A flag that is not known yet has a value.

    Source: github.com/spf13/cobra, command.go (stripFlags).
    """
    bare = {word for each in flags if not each.takes_value for word in (f"-{each.short}", f"--{each.name}")}
    at = 0
    while at < len(words) and words[at] != "--":
        word = words[at]
        if word and not word.startswith("-"):
            return at
        is_short = word.startswith("-") and len(word) == len("-x")
        valued = "=" not in word and word not in bare and (word.startswith("--") or is_short)
        if valued and at + 2 >= len(words):
            return None
        at += 2 if valued else 1
    return None


def _no_command(words: list[str]) -> K8snetError:
    from k8snet.shell.kubectl.commands import COMMANDS

    try:
        parse(words, SHARED, SHARED_OTHERS, "kubectl")
    except CommandError as error:
        return error
    return NotModelled("kubectl's own help", known=", ".join(COMMANDS))


def _unknown(name: str, commands: Mapping[str, Command]) -> K8snetError:
    from k8snet.shell.kubectl.commands import NOT_MODELLED, ORDER

    if name in NOT_MODELLED:
        return NotModelled(f"kubectl {name}", known=", ".join(commands))
    near = [each for each in ORDER if _distance(name, each) <= 2 or each.startswith(name)]
    meant = f"\n\nDid you mean this?\n{chr(10).join(f'{chr(9)}{each}' for each in near)}" if near else ""
    return CommandError(f'error: unknown command "{name}" for "kubectl"{meant}')


def _distance(one: str, other: str) -> int:
    """Levenshtein's distance: how many letters must be put in, taken out or changed."""
    row = list(range(len(other) + 1))
    for i, left in enumerate(one, 1):
        diagonal, row[0] = row[0], i
        for j, right in enumerate(other, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (left != right))
    return row[-1]


def help_of(command: Command, path: str) -> str:
    """A short help of our own: how it is used, and which flags the model knows."""
    lines = [command.about, "", "Usage:", f"  kubectl {command.usage}"]
    if command.subcommands:
        lines += ["", "Available Commands:", *(f"  {each.name:<16} {each.about}" for each in command.subcommands)]
    if command.flags:
        lines += ["", "Options:", *(f"  {each.shown}" for each in command.flags)]
    return "\n".join(lines) + "\n"
