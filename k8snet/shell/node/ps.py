"""``ps``: a snapshot of the processes. What it prints was compared with procps-ng 4.0.2, where pids may have seven digits.

Processes use no time and no memory in the model: TIME, %CPU, %MEM, VSZ and RSS are zero.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from string import digits

from k8snet.errors import CommandError, NotModelled
from k8snet.linux.fact import Fact, changed
from k8snet.linux.tools import Output
from k8snet.shell.node.columns import line
from k8snet.shell.node.options import INT, whole
from k8snet.shell.node.processes import Process

USAGE = """

Usage:
 ps [options]

 Try 'ps --help <simple|list|output|threads|misc|all>'
  or 'ps --help <s|l|o|t|m|a>'
 for additional help text.

For more details see ps(1)."""
WIDEST = 100
"""How wide a column may be made; the real ps cuts lines at widths of its own."""
KNOWN = "ps, -e, -f, aux, ax, --forest, -p PID, --ppid PID, -C NAME, -o COLUMNS"


class Clock(Fact, frozen=True):
    """The time at which is asked, and the time of which the processes' own is counted."""

    now: datetime
    begin: datetime

    def started(self, process: Process) -> datetime:
        """When a process was started."""
        return self.begin + timedelta(seconds=int(process.started))


class Column(Fact, frozen=True):
    """A column: its header, how wide it is (the last of a line is never filled up), on which side its text stands."""

    header: str
    width: int
    cell: Callable[[Process, Clock], str]
    right: bool = False


def _short(process: Process, clock: Clock) -> str:
    """STIME: the hour on the same day, else the day, else the year."""
    then = clock.started(process)
    if then.year != clock.now.year:
        return str(then.year)
    return then.strftime("%H:%M" if then.date() == clock.now.date() else "%b%d")


def _recent(process: Process, clock: Clock, recent: str = "%H:%M", older: str = "%b%d") -> str:
    """START: the hour within a day, else the day."""
    then = clock.started(process)
    return then.strftime(recent if (clock.now - then).total_seconds() < 24 * 3600 else older)


def _elapsed(process: Process, clock: Clock) -> str:
    seconds = max(0, int((clock.now - clock.started(process)).total_seconds()))
    days, hours, minutes = seconds // 86400, seconds // 3600 % 24, seconds // 60 % 60
    day = f"{days}-" if days else ""
    return day + (f"{hours:02}:" if hours or days else "") + f"{minutes:02}:{seconds % 60:02}"


def _whole(process: Process, clock: Clock) -> str:
    then = clock.started(process)
    return f"{then:%a %b} {then.day:2} {then:%H:%M:%S %Y}"


def _uid(process: Process, _: Clock) -> str:
    return "0" if process.user == "root" else process.user


def _inode(kind: str) -> Column:
    return Column(f"{kind.upper()}NS", 10, lambda process, _: str(process.spaces.of(kind)), right=True)


def _number(header: str, cell: Callable[[Process], int]) -> Column:
    return Column(header, 7, lambda process, _: str(cell(process)), right=True)


def _fixed(header: str, width: int, text: str) -> Column:
    return Column(header, width, lambda *_: text, right=True)


PID, PPID = _number("PID", lambda process: process.pid), _number("PPID", lambda process: process.ppid)
UID = Column("UID", 8, lambda process, _: process.user)
USER = Column("USER", 8, lambda process, _: process.user)
TTY = Column("TTY", 8, lambda process, _: process.tty)
TIME = _fixed("TIME", 8, "00:00:00")
NAME = Column("COMMAND", 15, lambda process, _: process.comm)
ARGS = Column("COMMAND", 27, lambda process, _: process.args)
STAT = Column("STAT", 4, lambda process, _: process.stat)
CPU, MEM, VSZ, RSS = _fixed("%CPU", 4, "0.0"), _fixed("%MEM", 4, "0.0"), _fixed("VSZ", 6, "0"), _fixed("RSS", 5, "0")
STIME = Column("STIME", 5, _short)
BSD_TIME, START = _fixed("TIME", 6, "0:00"), Column("START", 5, _recent)
NAME_CMD, ARGS_CMD = changed(NAME, header="CMD"), changed(ARGS, header="CMD")
BRIEF = (PID, TTY, TIME, NAME_CMD)
FULL = (UID, PID, PPID, _fixed("C", 2, "0"), STIME, TTY, TIME, ARGS_CMD)
BSD = (PID, TTY, STAT, BSD_TIME, ARGS)
BSD_USER = (USER, PID, CPU, MEM, VSZ, RSS, TTY, STAT, START, BSD_TIME, ARGS)
COLUMNS: dict[str, Column] = {
    "pid": PID, "ppid": PPID, "user": USER, "euser": changed(USER, header="EUSER"), "uid": Column("UID", 5, _uid, right=True),
    "comm": NAME, "ucmd": NAME_CMD, "cmd": ARGS_CMD, "args": ARGS, "command": ARGS, "stat": STAT,
    "s": Column("S", 1, lambda process, _: process.stat[0]), "tty": changed(TTY, header="TT"), "tname": TTY, "time": TIME,
    "cputime": TIME, "etime": Column("ELAPSED", 11, _elapsed, right=True), "stime": STIME, "bsdstart": changed(START, width=6),
    "start": Column("STARTED", 8, lambda process, clock: _recent(process, clock, "%H:%M:%S", "  %b %d"), right=True),
    "lstart": Column("STARTED", 24, _whole, right=True),
    "%cpu": CPU, "pcpu": CPU, "%mem": MEM, "pmem": MEM, "vsz": VSZ, "rss": RSS,
    **{f"{kind}ns": _inode(kind) for kind in ("ipc", "mnt", "net", "pid", "time", "user", "uts")}, "cgroupns": _inode("cgroup"),
}  # fmt: skip
"""What ``-o`` knows."""


class _Asked:
    """What a command line asks for."""

    def __init__(self) -> None:
        self.everybody = False
        self.columns: list[tuple[Column, str | None]] = []
        self.default: Sequence[Column] = BRIEF
        self.forest = False
        self.lists: list[Callable[[Process], bool]] = []
        self.bsd = False

    def chosen(self, processes: Sequence[Process], own: Process) -> list[Process]:
        """The processes that are asked for; by default those on the same terminal."""
        if self.everybody:
            return list(processes)
        if self.lists:
            return [each for each in processes if any(fits(each) for fits in self.lists)]
        return [each for each in processes if each.tty == own.tty and each.user == own.user]


def run(processes: Sequence[Process], words: Sequence[str], clock: Clock, own: int) -> Output:
    """Run ``ps``; ``own`` is its process' number. CommandError for what it refuses."""
    asked = _read(list(words))
    me = next(each for each in processes if each.pid == own)
    found = asked.chosen(processes, me)
    placed = _forest(found) if asked.forest else [("", each) for each in found]
    wanted = asked.columns or [(column, None) for column in asked.default]
    text = render(placed, wanted, clock)
    return Output(text, code=0 if found else 1)


def render(placed: Sequence[tuple[str, Process]], wanted: Sequence[tuple[Column, str | None]], clock: Clock) -> str:
    """The table: each process with what stands before its command; a column may have another header, or an empty one."""
    columns = [changed(column, header=column.header if header is None else header) for column, header in wanted]
    columns = [changed(each, width=max(each.width, len(each.header))) for each in columns]
    widths, right = [each.width for each in columns], [each.right for each in columns]
    heads = [each.header for each in columns]
    rows = [line(heads, widths, right)] if any(heads) else []
    for branch, process in placed:
        cells = [(branch if each.cell in (NAME.cell, ARGS.cell) else "") + each.cell(process, clock) for each in columns]
        rows.append(line(cells, widths, right))
    return "".join(f"{row}\n" for row in rows)


def _forest(found: Sequence[Process]) -> list[tuple[str, Process]]:
    """Children below their parents, with procps' branches; those of process 1 stand beside it."""
    here = {each.pid for each in found}
    children: dict[int, list[Process]] = {}
    for each in found:
        top = each.ppid <= 1 or each.ppid not in here
        children.setdefault(0 if top else each.ppid, []).append(each)

    def walk(pid: int, before: str, mark: str) -> Iterator[tuple[str, Process]]:
        those = children.get(pid, [])
        for each in those:
            yield before + mark, each
            beyond = "" if not mark else "    " if each is those[-1] else " |  "
            if each.pid > 1:
                yield from walk(each.pid, before + beyond, " \\_ ")

    return list(walk(0, "", ""))


# --- what is asked for --------------------------------------------------------------------------------------------


def _read(words: list[str]) -> _Asked:
    asked = _Asked()
    while words:
        word = words.pop(0)
        if word.startswith("--"):
            _long(asked, word[2:], words)
        elif word.startswith("-"):
            _unix(asked, word[1:], words)
        elif not word:
            raise CommandError(f"error: garbage option{USAGE}")
        elif word[0] in digits:
            asked.default, asked.bsd = BSD, True
            asked.lists.append(_among(_pids(word), lambda process: process.pid))
        else:
            _bsd(asked, word, words)
    return asked


def _unix(asked: _Asked, letters: str, words: list[str]) -> None:
    while letters:
        letter, letters = letters[0], letters[1:]
        if letter in "eA":
            asked.everybody = True
        elif letter == "f":
            asked.default = FULL
        elif letter in "opqC":
            _listed(asked, letter, letters or _value(letter, words))
            return
        elif letter != "w":
            raise NotModelled(f"ps -{letter}", known=KNOWN)


def _bsd(asked: _Asked, letters: str, words: list[str]) -> None:
    """Letters without a hyphen. ``a`` lifts the limit to the terminal's user, ``x`` the one to processes with a terminal."""
    asked.default, asked.bsd = (asked.default if asked.bsd else BSD), True
    everybody, without_terminal = "a" in letters, "x" in letters
    while letters:
        letter, letters = letters[0], letters[1:]
        if letter in "op":
            _listed(asked, letter, letters or _value(letter, words))
            break
        if letter == "u":
            asked.default = BSD_USER
        elif letter == "f":
            asked.forest = True
        elif letter not in "axw":
            raise NotModelled(f"ps {letter}", known=KNOWN)
    if everybody and without_terminal:
        asked.everybody = True
    elif everybody:
        asked.lists.append(lambda process: process.tty != "?")
    elif without_terminal:
        asked.lists.append(lambda process: process.user == "root")


def _long(asked: _Asked, word: str, words: list[str]) -> None:
    name, joined, value = word.partition("=")
    if name == "forest":
        asked.forest = True
    elif name in ("pid", "ppid", "format"):
        _listed(asked, {"pid": "p", "ppid": "P", "format": "o"}[name], value if joined else _value(name, words))
    elif name == "no-headers":
        raise NotModelled("ps --no-headers", known="-o pid=")
    else:
        raise NotModelled(f"ps --{name}", known=KNOWN)


def _value(letter: str, words: list[str]) -> str:
    if not words:
        what = "format specification must follow -o" if letter == "o" else "list of process IDs must follow -p"
        raise CommandError(f"error: {what}{USAGE}")
    return words.pop(0)


def _listed(asked: _Asked, letter: str, value: str) -> None:
    if letter == "o":
        asked.columns += _columns(value)
    elif letter == "C":
        asked.lists.append(lambda process: process.comm in value.split(","))
    elif letter == "P":
        asked.lists.append(_among(_pids(value), lambda process: process.ppid))
    else:
        asked.lists.append(_among(_pids(value), lambda process: process.pid))


def _among(pids: set[int], cell: Callable[[Process], int]) -> Callable[[Process], bool]:
    return lambda process: cell(process) in pids


def _pids(text: str) -> set[int]:
    words = text.replace(",", " ").split()
    if not words:
        raise CommandError(f"error: process ID list syntax error{USAGE}")
    return set(map(_pid, words))


def _pid(word: str) -> int:
    try:
        pid = whole(word, INT)
    except ValueError:
        raise CommandError(f"error: process ID list syntax error{USAGE}") from None
    if not pid:
        raise CommandError(f"error: process ID out of range{USAGE}")
    return pid


def _columns(text: str) -> list[tuple[Column, str | None]]:
    """The columns of one ``-o``; behind ``=`` comes the last one's header, whatever it says."""
    specifiers, equals, header = text.partition("=")
    names = specifiers.replace(",", " ").split()
    found: list[tuple[Column, str | None]] = [(_column(name), None) for name in names]
    if equals and found:
        found[-1] = (found[-1][0], header)
    return found


def _column(name: str) -> Column:
    word, colon, width = name.partition(":")
    column = COLUMNS.get(word)
    if column is None:
        raise CommandError(f'error: unknown user-defined format specifier "{name}"{USAGE}')
    return changed(column, width=_width(width)) if colon else column


def _width(text: str) -> int:
    try:
        width = whole(text, INT)
    except ValueError:
        width = 0
    if width == 0:
        raise CommandError(f"error: column widths must be unsigned decimal numbers{USAGE}")
    if width is None or width > WIDEST:
        raise NotModelled(f"a column of {text} letters", known=f"at most {WIDEST}")
    return width
