"""What a shell does with one line (``sh -c LINE``) as a container's process: a small part of the shell's grammar.

Commands one after the other (``;``, ``&&``, ``||``), ``exec``, ``exit``, a redirection to a file, an endless ``while``. All
else raises NotModelled. Sources: POSIX, Shell Command Language; busybox' ash, dash and bash for what process 1 is.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping

from k8snet.errors import NotModelled
from k8snet.kube.programs import Behaviour, Environment, Program, Words, line_of, whole

KNOWN = "; && || exec exit, > file, while true; do ...; done, and programs: "
SEPARATORS = frozenset({";", "&&", "||", "\n"})
ENDLESS = (("while", "true"), ("while", ":"), ("while", "[", "1", "]"), ("until", "false"))

def run(words: Words, env: Environment, programs: Mapping[str, Program]) -> Behaviour:
    """What a shell does with its words. Without ``-c`` it reads its input, which ends at once where there is no terminal."""
    if "-c" not in words[1:3]:
        if words[1:] and not words[1].startswith("-"):
            raise NotModelled(f"a container that runs {line_of(words)}", known="sh, sh -c LINE")
        return Behaviour(line_of(words), exit_code=0)
    at = words.index("-c") + 1
    if at == len(words):
        return Behaviour(line_of(words), exit_code=2, log=(f"{words[0]}: -c requires an argument",))
    return _Line(words, env, programs).run(parts(words[at]))


Part = tuple[str, Words]
"""What joins a command to the one before it, and the command."""


def parts(line: str) -> list[Part]:
    """The commands of a line. NotModelled for what the shell does beyond that."""
    found: list[Part] = []
    joint, words = ";", list[str]()
    for token in _tokens(line):
        if token in SEPARATORS:
            if words:
                found.append((joint, tuple(words)))
                joint, words = ";", []
            joint = token if token in ("&&", "||") else joint
        elif token and set(token) <= set("();<>|&") and token not in (">", ">>"):
            raise NotModelled(f"the shell's {token}", known=KNOWN)
        else:
            words.append(token)
    return [*found, (joint, tuple(words))] if words else found


def _tokens(line: str) -> Iterator[str]:
    """Words and operators, without the quotes."""
    joined = re.sub(r"\\\n", " ", re.sub(r"(&&|\|\|)\s*\n", r"\1 ", line))
    lexer = shlex.shlex(joined, posix=True, punctuation_chars="();<>|&\n")
    lexer.whitespace, lexer.whitespace_split, lexer.commenters = " \t\r", True, ""
    try:
        for token in lexer:
            yield from token if token and set(token) <= {"\n", ";"} else [token]
    except ValueError:
        raise NotModelled(f"the shell's line {line!r}", known="quotes that end") from None


class _Line:
    """A line as it is carried out: the time that has passed, what was printed, and how the last command ended."""

    def __init__(self, words: Words, env: Environment, programs: Mapping[str, Program]) -> None:
        self.process = line_of(words)
        self.env = env
        self.programs = programs
        self.after = 0.0
        self.code = 0
        self.log: list[str] = []

    def run(self, parts: list[Part]) -> Behaviour:
        """What the whole line comes to."""
        alone = len(parts) == 1
        for at, (joint, words) in enumerate(parts):
            if (joint == "&&" and self.code) or (joint == "||" and not self.code):
                continue
            if words in ENDLESS:
                return self._loop(parts[at + 1 :])
            if words[0] == "exit":
                return self._end(whole(words[1]) % 256 if words[1:] else self.code)
            took_over = words[0] == "exec"
            done = self._command(words[1:] if took_over else words)
            if done.exit_code is None:
                return self._stays(done, itself=took_over or alone)
            self.after += done.after
            self.code = done.exit_code
            if took_over:
                return self._end(self.code)
        return self._end(self.code)

    def _command(self, words: Words) -> Behaviour:
        """One simple command; what it prints is lost if it goes to a file."""
        ends_at = next((at for at, word in enumerate(words) if word in (">", ">>")), len(words))
        to_file, words = ends_at < len(words), words[:ends_at]
        words = tuple(self._expanded(word) for word in words)
        if not words:
            return Behaviour("", exit_code=0)
        if words[0] in (":", "set"):
            return Behaviour("", exit_code=0)
        program = self.programs.get(words[0].rpartition("/")[2])
        if program is None:
            raise NotModelled(f"{words[0]!r} in a shell's line", known=KNOWN + ", ".join(sorted(self.programs)))
        done = program(words, self.env)
        if not to_file:
            self.log += done.log
        return done

    def _expanded(self, word: str) -> str:
        if "`" in word or "$(" in word:
            raise NotModelled(f"the shell's {word}", known="variables: $NAME")
        return re.sub(r"\$(?:\{(\w+)\}|(\w+))", lambda found: self.env.get(found[1] or found[2], ""), word)

    def _loop(self, parts: list[Part]) -> Behaviour:
        """An endless loop: its body is carried out once, to see what it prints and that it is one."""
        words = [words for _, words in parts]
        if not words or words[0][:1] != ("do",) or words[-1] != ("done",):
            raise NotModelled("the shell's while", known="while true; do ...; done")
        for body in (words[0][1:], *words[1:-1]):
            if body and (body[0] in ("exit", "exec", "break") or self._command(body).exit_code is None):
                raise NotModelled(f"{line_of(body)} in an endless loop", known="sleep, echo")
        return Behaviour(self.process, heeds_term=False, log=tuple(self.log))

    def _stays(self, done: Behaviour, *, itself: bool) -> Behaviour:
        """A command that does not end is process 1 if the shell has made way for it; else the shell is, and heeds nothing."""
        return Behaviour(
            done.process if itself else self.process, done.listens, heeds_term=done.heeds_term and itself, log=tuple(self.log),
            ip=done.ip, listens_after=self.after, term_code=done.term_code,
        )  # fmt: skip

    def _end(self, code: int) -> Behaviour:
        return Behaviour(self.process, exit_code=code, after=self.after, heeds_term=False, log=tuple(self.log))
