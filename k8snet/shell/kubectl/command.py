"""What a verb of kubectl is, and what it is given when it runs.

Each verb is a `Command` in a file of its own; commands.py puts them together. A verb reads its flags and arguments from the
`Call`, sends requests through the call's `Session`, and prints on its `Terminal`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from k8snet.errors import CommandError
from k8snet.linux.fact import Fact
from k8snet.shell.kubectl.flags import Flag, Parsed, flag, parse

if TYPE_CHECKING:
    from k8snet.linux.trace import Trace
    from k8snet.shell.kubectl.session import Session

SHARED = (flag("n, namespace"), flag("context"), flag("v, v", "int32"), flag("h, help", "bool"))
"""The flags that every verb has."""
SHARED_OTHERS = (
    "as", "as-group", "as-uid", "as-user-extra", "cache-dir", "certificate-authority", "client-certificate", "client-key",
    "cluster", "disable-compression", "insecure-skip-tls-verify", "kubeconfig", "kuberc", "log-flush-frequency",
    "match-server-version", "password", "profile", "profile-output", "proxy-url", "request-timeout", "server", "s",
    "tls-server-name", "token", "user",
    "username", "vmodule", "warnings-as-errors",
)  # fmt: skip
"""And those of them that the model has not."""


class Command(Fact, frozen=True):
    """A verb, or a family of them (``config``, which has ``subcommands`` and cannot run itself).

    What stands behind a ``--`` is arguments too, but for those where it ``has_behind`` a meaning of its own.
    ``usage`` is what follows ``kubectl``; ``about`` one line; ``others`` are the real one's flags that are not modelled.
    """

    name: str
    usage: str
    about: str
    run: Callable[[Call], None] | None = None
    flags: tuple[Flag, ...] = ()
    others: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    subcommands: tuple[Command, ...] = ()
    has_behind: bool = False
    aliases: tuple[str, ...] = ()

    def read(self, words: Sequence[str], path: str) -> Parsed:
        """Its flags and arguments. CommandError if they are wrong; ``path`` is the command in full, for the words of that."""
        parsed = parse(words, (*SHARED, *self.flags), (*SHARED_OTHERS, *self.others), path)
        missing = [f'"{name}"' for name in self.required if name not in parsed.values]
        if missing and "help" not in parsed.values:
            raise CommandError(f"error: required flag(s) {', '.join(missing)} not set")
        return parsed


class Terminal:
    """What has been printed so far, as it stands on the screen.

    ``trace`` is what a command in a pod has sent, and ``code`` with which exit code it has ended.
    """

    def __init__(self) -> None:
        self.text = ""
        self.trace: Trace | None = None
        self.code = 0

    def print(self, text: str) -> None:
        """Print text as it is."""
        self.text += text

    def line(self, text: str) -> None:
        """Print a line."""
        self.text += f"{text}\n"

    def end(self, text: str, code: int) -> None:
        """Print a last line, and end with this exit code: no error of kubectl's, but a result whose trace may be looked at."""
        self.line(text)
        self.code = code


class Call:
    """One run of a command: ``command`` at ``path`` (``kubectl config view``) with what it was given."""

    def __init__(self, command: Command, path: str, parsed: Parsed, session: Session, stdin: str) -> None:
        self.command = command
        self.path = path
        self.args = parsed.args if command.has_behind else (*parsed.args, *(parsed.behind or ()))
        self.behind = parsed.behind
        self.session = session
        self.stdin = stdin
        self.shares_printer = False
        """Whether all objects are printed by one printer: in YAML, it puts a line between two."""
        self.printed = 0
        self._given = parsed.values
        self._defaults = {each.name: each.default for each in (*SHARED, *command.flags)}

    @property
    def verb(self) -> str:
        """The first word behind ``kubectl``."""
        return self.path.split()[1]

    def __getitem__(self, name: str) -> Any:
        """The value of a flag, its default if it was not given."""
        return self._given.get(name, self._defaults[name])

    def given(self, name: str) -> bool:
        """Whether a flag stands on the command line."""
        return name in self._given

    def has(self, name: str) -> bool:
        """Whether the verb knows such a flag."""
        return name in self._defaults

    @property
    def terminal(self) -> Terminal:
        """Where to print."""
        return self.session.terminal

    @property
    def namespace(self) -> str:
        """The namespace that is meant where nothing else says so."""
        return self["namespace"] or self.session.context.namespace

    def line(self, text: str) -> None:
        """Print a line."""
        self.terminal.line(text)

    def misused(self, text: str) -> CommandError:
        """The refusal of wrong usage."""
        return CommandError(f"error: {text}\nSee '{self.path} -h' for help and examples")
