"""``lsns``: the namespaces that processes are in. What it prints was compared with util-linux 2.38.1.

As there, a namespace is listed by the process of the lowest number in it, and one in which there is no process is not found.
It stands as a branch below the namespaces of that process' parent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from k8snet.errors import CommandError, NotModelled
from k8snet.linux.fact import Fact
from k8snet.shell.node import columns, spaces
from k8snet.shell.node.options import INT, Grammar, number
from k8snet.shell.node.processes import Process

GRAMMAR = Grammar(
    "lsns", ("t:", "p:", "o:", "l", "n", "r", "u", "W"),
    {"type": "t", "task": "p", "output": "o", "list": "l", "noheadings": "n", "raw": "r", "notruncate": "u", "nowrap": "W"},
    others=("-J", "--json", "-T", "--tree", "--output-all", "-h", "--help", "-V", "--version"),
)  # fmt: skip
ALWAYS, OF_NET, COMMAND = ("NS", "TYPE", "NPROCS", "PID", "USER"), ("NETNSID", "NSFS"), "COMMAND"
OF_ONE = ("PID", "PPID", "USER", COMMAND)
"""The columns for the processes of one namespace."""


class Space(Fact, frozen=True):
    """A namespace as it is listed: its number and type, and who is in it, the lowest number first."""

    number: int
    kind: str
    members: tuple[Process, ...]

    @property
    def first(self) -> Process:
        """The process by which it is listed."""
        return self.members[0]


class Netns(Fact, frozen=True):
    """What is known of network namespaces: their numbers in the one that is asked in, and the files they are pinned to."""

    numbers: dict[int, int]
    files: dict[int, str]


def _netnsid(space: Space, netns: Netns) -> str:
    if space.kind != "net":
        return ""
    number = netns.numbers.get(space.number)
    return "unassigned" if number is None else str(number)


Cell = Callable[[Space, Netns], str]
CELLS: dict[str, tuple[bool, Cell]] = {
    "NS": (True, lambda space, _: str(space.number)),
    "TYPE": (False, lambda space, _: space.kind),
    "PATH": (False, lambda space, _: f"/proc/{space.first.pid}/ns/{space.kind}"),
    "NPROCS": (True, lambda space, _: str(len(space.members))),
    "PID": (True, lambda space, _: str(space.first.pid)),
    "PPID": (True, lambda space, _: str(space.first.ppid)),
    "COMMAND": (False, lambda space, _: space.first.args),
    "UID": (True, lambda space, _: "0" if space.first.user == "root" else space.first.user),
    "USER": (False, lambda space, _: space.first.user),
    "NETNSID": (True, _netnsid),
    "NSFS": (False, lambda space, netns: netns.files.get(space.number, "")),
}
"""The columns: whether to the right, and what stands in them."""
NOT_MODELLED = ("PNS", "ONS")


def run(processes: Sequence[Process], netns: Netns, words: Sequence[str]) -> str:
    """Run ``lsns``. CommandError for what it refuses."""
    options, rest = GRAMMAR.read(words)
    values = dict(options)
    kinds = [_kind(value) for option, value in options if option == "t"]
    found = sorted(listed(processes), key=lambda space: space.number)
    tree = "l" not in values
    if rest:
        return _of_one(found, rest[0], _wanted(values.get("o"), OF_ONE), values, netns)
    if kinds:
        found = [space for space in found if space.kind in kinds]
    if "p" in values:
        pid = number(values["p"], "lsns: invalid PID argument", INT)
        found = [space for space in found if any(each.pid == pid for each in space.members)]
    default = (*ALWAYS, *(OF_NET if "net" in kinds else ()), COMMAND)
    return _table(found, _wanted(values.get("o"), default), values, netns, processes if tree else ())


def listed(processes: Sequence[Process]) -> Iterator[Space]:
    """All namespaces that some process is in."""
    for kind in spaces.KINDS:
        members: dict[int, list[Process]] = {}
        for process in sorted(processes, key=lambda each: each.pid):
            members.setdefault(process.spaces.of(kind), []).append(process)
        yield from (Space(number, kind, tuple(those)) for number, those in members.items())


def _of_one(found: list[Space], word: str, wanted: list[str], values: dict[str, str], netns: Netns) -> str:
    """The processes of one namespace."""
    if "p" in values:
        raise CommandError("lsns: --task is mutually exclusive with <namespace>")
    wanted_number = number(word, "lsns: invalid namespace argument", 64)
    one = next((space for space in found if space.number == wanted_number), None)
    if one is None:
        raise CommandError(f"lsns: not found namespace: {word}")
    alone = [Space(one.number, one.kind, (each,)) for each in one.members]
    return _table(alone, wanted, values, netns, one.members if "l" not in values else ())


def _wanted(text: str | None, default: Sequence[str]) -> list[str]:
    """The columns that are asked for."""
    if text is None:
        return list(default)
    names = [name.upper() for name in text.removeprefix("+").split(",")]
    for name in names:
        if name in NOT_MODELLED:
            raise NotModelled(f"lsns -o {name}", known=", ".join(CELLS))
        if name not in CELLS:
            raise CommandError(f"lsns: unknown column: {text.removeprefix('+')}")
    return [*default, *names] if text.startswith("+") else names


def _table(found: list[Space], wanted: list[str], values: dict[str, str], netns: Netns, family: Sequence[Process]) -> str:
    """The rows, with their branches, unless no ``family`` is told of."""
    placed = _branches(found, family) if family else [("", space) for space in found]
    if not placed:
        return ""
    rows = [list(wanted)]
    rows += [[(branch if name == COMMAND else "") + CELLS[name][1](space, netns) for name in wanted] for branch, space in placed]
    if "r" in values:
        text = "".join(" ".join(map(_raw, row)) + "\n" for row in rows)
    else:
        text = columns.smart(rows, [CELLS[name][0] for name in wanted])
    return text.partition("\n")[2] if "n" in values else text


def _branches(found: list[Space], family: Sequence[Process]) -> list[tuple[str, Space]]:
    """Each namespace with its branch, in the order of the tree: below the last line that its process' parent has got so far."""
    last: dict[int, int] = {}
    children: dict[int | None, list[int]] = {}
    parents = {each.pid: each.ppid for each in family}
    for at, space in enumerate(found):
        children.setdefault(last.get(parents[space.first.pid]), []).append(at)
        last[space.first.pid] = at

    def walk(at: int | None, before: str) -> Iterator[tuple[str, Space]]:
        those = children.get(at, [])
        for child in those:
            ends = child == those[-1]
            mark, beyond = ("", "") if at is None else ("└─", "  ") if ends else ("├─", "│ ")
            yield before + mark, found[child]
            yield from walk(child, before + beyond)

    return list(walk(None, ""))


def _raw(cell: str) -> str:
    """A cell as ``-r`` writes it: no blanks, and bytes beyond ASCII by number."""
    return "".join(chr(byte) if 32 < byte < 127 and byte != 92 else f"\\x{byte:02x}" for byte in cell.encode())


def _kind(word: str) -> str:
    if word not in spaces.KINDS:
        raise CommandError(f"lsns: unknown namespace type: {word}")
    return word
