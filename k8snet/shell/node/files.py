"""``ls``, ``cat`` and ``readlink``, as coreutils has them, and as busybox has them in containers.

What they print was compared with coreutils 9.1; busybox' is by its source alone. They print as into a pipe: a name to a line.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from k8snet.errors import CommandError, NotModelled
from k8snet.linux.tools import Output
from k8snet.shell.node.options import Grammar
from k8snet.shell.node.tree import FOLDER, LINK, Entry, Tree, pointed_at

LS = Grammar("ls", ("1", "l", "a", "A", "i", "d", "L"),
             {"all": "a", "almost-all": "A", "inode": "i", "directory": "d", "dereference": "L"},
             others=("-h", "-R", "-t", "-r", "-S", "-n", "-F", "-p", "-s", "--color", "--help", "--version"))  # fmt: skip
CAT = Grammar("cat", ("u",), {}, others=("-A", "-b", "-e", "-E", "-n", "-s", "-t", "-T", "-v", "--number", "--show-all"))
READLINK = Grammar("readlink", ("f", "n"), {"canonicalize": "f", "no-newline": "n"}, others=("-e", "-m", "-z", "-v", "-s", "-q"))
NO_FILE = "No such file or directory"
INVALID = "Invalid argument"
"""What the kernel says to somebody who reads a namespace."""


class _Listing:
    """What one `ls` has printed so far, and what it could not."""

    def __init__(self, tree: Tree, options: set[str], *, busybox: bool) -> None:
        self.tree = tree
        self.options = options
        self.busybox = busybox
        self.parts: list[str] = []
        self.errors: list[str] = []

    def run(self, paths: Sequence[str]) -> Output:
        """List the files that are named, then what is in the folders that are."""
        found = [(path, entry) for path in sorted(paths) if (entry := self._look(path)) is not None]
        folders = [path for path, entry in found if entry.kind == FOLDER and "d" not in self.options]
        files = [(path, entry) for path, entry in found if path not in folders]
        if files:
            self.parts.append(self._lines(files))
        for path in folders:
            head = f"{path}:\n" if len(paths) > 1 else ""
            self.parts.append(head + self._folder(path))
        text = "\n".join(self.parts)
        if self.errors:
            raise CommandError("\n".join([*self.errors, text]).rstrip("\n"), code=1 if self.busybox else 2)
        return Output(text)

    def _look(self, path: str) -> Entry | None:
        entry = self.tree.look(path)
        if entry is None:
            self.errors.append(f"ls: {path}: {NO_FILE}" if self.busybox else f"ls: cannot access '{path}': {NO_FILE}")
        elif entry.kind == LINK and "L" in self.options:
            return pointed_at(entry)
        return entry

    def _folder(self, path: str) -> str:
        dots = [".", ".."] if "a" in self.options else []
        if dots and self.options & {"l", "i"}:
            raise NotModelled("ls -a with -l or -i", known="ls -l, ls -i")
        inside = [(name, self._look(f"{path.rstrip('/')}/{name}") or Entry()) for name in self.tree.names(path)]
        total = "total 0\n" if "l" in self.options else ""
        return total + self._lines([*((dot, Entry(FOLDER)) for dot in dots), *inside])

    def _lines(self, entries: Sequence[tuple[str, Entry]]) -> str:
        return "".join(f"{self._inode(name, entry)}{self._line(name, entry)}\n" for name, entry in entries)

    def _inode(self, name: str, entry: Entry) -> str:
        if "i" not in self.options:
            return ""
        if not entry.inode:
            raise NotModelled(f"the inode of {name}", known="those of /run/netns")
        return f"{entry.inode} "

    def _line(self, name: str, entry: Entry) -> str:
        if "l" not in self.options:
            return name
        if entry.time is None or entry.kind == FOLDER:
            raise NotModelled(f"the size and the time of {name}", known="ls, and ls -l of /run/netns and /proc/PID/ns")
        arrow = f" -> {entry.target}" if entry.kind == LINK else ""
        date = f"{entry.time:%b} {entry.time.day:2} {entry.time:%H:%M}"
        who = "   1 root     root             0" if self.busybox else "1 root root 0"
        return f"{entry.kind}{entry.mode} {who} {date} {name}{arrow}"


def ls(tree: Tree, words: Sequence[str], *, busybox: bool = False) -> Output:
    """Run ``ls``. CommandError if one of the files is not there."""
    options, paths = LS.read(words)
    if not paths:
        raise NotModelled("ls of the folder that one is in", known="ls PATH")
    return _Listing(tree, {option for option, _ in options}, busybox=busybox).run(paths)


def cat(tree: Tree, words: Sequence[str], stdin: str = "", *, busybox: bool = False) -> Output:
    """Run ``cat``. CommandError if one of the files cannot be read; the others are printed all the same."""
    _, paths = CAT.read(words)
    parts, failed = [], False
    for path in paths or ["-"]:
        text, fault = (stdin, "") if path == "-" else _read(tree, path, busybox=busybox)
        parts.append(text or (f"{fault}\n" if fault else ""))
        failed = failed or bool(fault)
    if failed:
        raise CommandError("".join(parts).removesuffix("\n"))
    return Output("".join(parts))


def _read(tree: Tree, path: str, *, busybox: bool) -> tuple[str, str]:
    """A file's text, or why there is none."""
    try:
        entry = tree.look(path)
    except CommandError:  # a switch that there is not
        entry = None
    if entry is None:
        return "", f"cat: can't open '{path}': {NO_FILE}" if busybox else f"cat: {path}: {NO_FILE}"
    if entry.kind == FOLDER:
        return "", "cat: read error: Is a directory" if busybox else f"cat: {path}: Is a directory"
    if entry.kind == LINK or entry.inode:
        return "", f"cat: read error: {INVALID}" if busybox else f"cat: {path}: {INVALID}"
    if entry.text is None:
        raise NotModelled(f"what is in {path}", known=", ".join(each for each, entry in tree.entries.items() if entry.text))
    return entry.text, ""


def readlink(tree: Tree, words: Sequence[str]) -> Output:
    """Run ``readlink``. CommandError without a word if it is no link."""
    options, paths = READLINK.read(words)
    if not paths:
        raise CommandError("readlink: missing operand\nTry 'readlink --help' for more information.")
    if any(option == "f" for option, _ in options):
        raise NotModelled("readlink -f", known="readlink")
    found = [tree.look(path) for path in paths]
    links = [entry.target for entry in found if entry is not None and entry.kind == LINK]
    text = "\n".join(links) + ("" if ("n", "") in options or not links else "\n")
    if len(links) < len(paths):
        raise CommandError(text.removesuffix("\n"))
    return Output(text)


BY_NAME: dict[str, Callable[..., Output]] = {"ls": ls, "cat": cat, "readlink": readlink}
