"""One command line of iptables: ``-A CHAIN RULE``, ``-L``, ``-X CHAIN`` …, read into a Command.

The same lines are typed after ``iptables`` and stand in the input of ``iptables-restore``. What a command does is in
changes.py. Refusals are in iptables' own words (iptables/xshared.c, do_parse).
"""

from __future__ import annotations

from typing import NamedTuple

from k8snet.errors import NotModelled
from k8snet.linux.fact import Fact
from k8snet.linux.iptables import target_words
from k8snet.linux.iptables.names import parse_number
from k8snet.linux.iptables.options import BadArgument, Complaint, NoTable, Option
from k8snet.linux.iptables.rule import LONGEST_CHAIN_NAME, RuleWords
from k8snet.linux.netfilter import TABLES, Rule

RULE_COMMANDS = "AIDRC"
ALLOWED = {**dict.fromkeys(RULE_COMMANDS, "sdpjgiofvc"), "L": "nvx0", "S": "v", **dict.fromkeys("NXFPEZ", "v")}
"""Which options each command accepts (``0``: --line-numbers); those of the list below only."""
CHECKED = "nsdpjvxio0cfg"
"""Options of which iptables asks whether they go with the command, in the order in which it asks."""

LONG = {
    "append": "A", "delete": "D", "check": "C", "insert": "I", "replace": "R", "list": "L", "list-rules": "S", "flush": "F",
    "zero": "Z", "new-chain": "N", "delete-chain": "X", "rename-chain": "E", "policy": "P", "source": "s", "destination": "d",
    "src": "s", "dst": "d", "protocol": "p", "in-interface": "i", "out-interface": "o", "jump": "j", "goto": "g", "match": "m",
    "table": "t", "numeric": "n", "verbose": "v", "exact": "x", "fragments": "f", "line-numbers": "0", "set-counters": "c",
    "wait": "w", "wait-interval": "W", "version": "V", "help": "h", "modprobe": "M", "ipv4": "4", "ipv6": "6",
}  # fmt: skip
COMMANDS = "ADCIRLSFZNXEP"
CHAIN_IS_OPTIONAL = "LSFZX"
NUMBER_MAY_FOLLOW = "DILSZ"
FLAGS = "nvxf0hV46"
WITH_VALUE = "sdpiojgmtcWM"
SHORT = frozenset(COMMANDS + FLAGS + WITH_VALUE + "w") - set("0M")
"""What may follow a single ``-``."""

NO_FILTERING = '\nThe "nat" table is not intended for filtering, the use of DROP is therefore inhibited.\n\n'


class Command(Fact, frozen=True):
    """What one line asks for: ``op`` is the command's letter, ``number`` a rule's, from 1; ``name`` -E's or -P's word.

    ``line`` is the line's number in the input of iptables-restore.
    """

    op: str
    table: str
    chain: str = ""
    number: int | None = None
    name: str = ""
    rules: tuple[Rule, ...] = ()
    counters: tuple[int, int] = (0, 0)
    flags: frozenset[str] = frozenset()
    zeroes: bool = False
    line: int = 0


class Word(NamedTuple):
    """An option of iptables itself, by its letter, with what was typed for it."""

    letter: str
    typed: str
    attached: str | None


def read(words: list[str], table: str = "filter", *, is_restored: bool = False, line: int = 0) -> Command:
    """A Command from the words behind ``iptables``. Complaint if iptables would refuse them."""
    reader = _Reader(words, table, is_restored)
    reader.read()
    return reader.command(line)


class _Reader:
    """Reads the words of one line from left to right."""

    def __init__(self, words: list[str], table: str, is_restored: bool) -> None:
        self.words = words
        self.at = 0
        self.table = table
        self.is_restored = is_restored
        self.rule = RuleWords()
        self.op = ""
        self.zeroes = False
        self.chain = ""
        self.name = ""
        self.number: int | None = None
        self.counters = (0, 0)
        self.given: set[str] = set()
        self.negated = False

    def read(self) -> None:
        while self.at < len(self.words):
            word = self.words[self.at]
            self.at += 1
            if word == "!":
                self._negate()
            elif word.startswith("--") and len(word) > 2:
                self._long(word)
            elif word.startswith("-") and len(word) > 1:
                self._short(word)
            else:
                raise BadArgument(f"Bad argument `{word}'")
        if self.negated:
            raise Complaint("nothing appropriate following !")

    def _negate(self) -> None:
        if self.negated:
            raise Complaint("multiple consecutive ! not allowed")
        self.negated = True

    def _short(self, word: str) -> None:
        """``-A``, ``-nvL``, ``-tfilter``: letters until one takes a value, which may be attached to it."""
        for index, letter in enumerate(word[1:], start=1):
            rest = word[index + 1 :]
            if letter not in SHORT:
                raise Complaint(f'unknown option "{word if index == 1 else "-" + letter}"')
            takes_rest = letter not in FLAGS
            self._option(Word(letter, f"-{letter}", rest if takes_rest and rest else None))
            if takes_rest:
                return

    def _long(self, word: str) -> None:
        name, equals, value = word[2:].partition("=")
        attached = value if equals else None
        exact = LONG.get(name)
        found = None if exact else self.rule.option(name)
        if found is not None:
            given, option = found
            values = self._values(option, attached, word)
            given.take(option, values, inverted=self._take_negation())
            return
        begun = {letter for long, letter in LONG.items() if long.startswith(name)}
        letter = exact or (begun.pop() if len(begun) == 1 else None)
        if letter is None:
            raise Complaint(f'unknown option "{word}"')
        self._option(Word(letter, word, attached))

    def _values(self, option: Option, attached: str | None, word: str) -> list[str]:
        if option.takes == 0:
            return []
        values = [self._value(Word("", word, attached))]
        if option.takes == 2:
            if self.at >= len(self.words) or self.words[self.at][:1] in ("-", "!"):
                raise Complaint("--tcp-flags requires two args.")
            values.append(self._next())
        return values

    def _option(self, word: Word) -> None:
        letter = word.letter
        if letter in COMMANDS:
            self._refuse_negation(word)
            self._command(word)
        elif letter in "sdpio":
            self.given.add(letter)
            self.rule.add_header(letter, self._value(word), inverted=self._take_negation())
        elif letter == "f":
            self.given.add(letter)
            self.rule.add_header("f", "", inverted=self._take_negation())
        else:
            self._other(word)

    def _other(self, word: Word) -> None:
        """The options that no ``!`` can stand before."""
        self._refuse_negation(word)
        letter = word.letter
        if letter in "jg":
            self.given.add(letter)
            self.rule.load_target(self._value(word), goto=letter == "g")
        elif letter == "m":
            self.rule.load_match(self._value(word))
        elif letter == "t":
            self._set_table(self._value(word))
        elif letter == "c":
            self._set_counters(word)
        elif letter in "wW":
            self._wait(word)
        elif letter == "6":
            raise NotModelled("iptables -6", known="IPv4")
        elif letter == "M":
            self._value(word)
        elif letter in "nx0" and letter in self.given:
            raise Complaint(f"multiple -{letter} flags not allowed")
        else:
            self.given.add(letter)

    def _take_negation(self) -> bool:
        negated, self.negated = self.negated, False
        return negated

    def _refuse_negation(self, word: Word) -> None:
        if self.negated:
            name = "--match" if word.letter == "m" else word.typed
            raise Complaint(f"{'unexpected ! flag' if word.letter == 'm' else 'cannot have !'} before {name}")

    def _value(self, word: Word) -> str:
        if word.attached is not None:
            return word.attached
        if self.at >= len(self.words):
            raise Complaint(f'option "{word.typed}" requires an argument')
        return self._next()

    def _next(self) -> str:
        self.at += 1
        return self.words[self.at - 1]

    def _operand(self) -> str | None:
        """The next word, unless it begins another option."""
        if self.at < len(self.words) and self.words[self.at][:1] not in ("-", "!"):
            return self._next()
        return None

    # --- the command itself -----------------------------------------------------------------------------------

    def _command(self, word: Word) -> None:
        letter = word.letter
        if self.op and {self.op, letter} in ({"L", "Z"}, {"S", "Z"}):
            self.zeroes, self.op = True, (self.op if letter == "Z" else letter)
            return
        if self.op:
            raise Complaint(f"Cannot use -{letter} with -{self.op}")
        self.op = letter
        optional = letter in CHAIN_IS_OPTIONAL
        self.chain = (word.attached or self._operand() or "") if optional else self._value(word)
        if not optional:
            self._check_chain_name()
        if letter == "P":
            self._read_policy()
        elif letter == "E":
            self.name = self._operand() or ""
            if not self.name:
                raise Complaint("-E requires old-chain-name and new-chain-name")
        elif letter == "R":
            number = self._operand()
            if number is None:
                raise Complaint("-R requires a rule number")
            self._read_number(number)
        elif letter in NUMBER_MAY_FOLLOW and self.chain:
            number = self._operand()
            if number is not None:
                self._read_number(number)

    def _read_number(self, text: str) -> None:
        self.number = parse_number(text, 0xFFFFFFFF)
        if not self.number:
            raise Complaint(f"Invalid rule number `{text}'")

    def _read_policy(self) -> None:
        self.name = self._operand() or ""
        if not self.name:
            raise Complaint("-P requires a chain and a policy")
        if self.table == "nat" and self.name == "DROP":
            raise Complaint(NO_FILTERING)

    def _check_chain_name(self) -> None:
        name = self.chain
        if self.op == "N":
            if name.startswith("-"):
                raise Complaint("chain name not allowed to start with `-'")
            if name in target_words.VERDICTS or name in target_words.TARGETS or name in target_words.NOT_MODELLED:
                raise Complaint("chain name may not clash with target name")
        if len(name) > LONGEST_CHAIN_NAME:
            raise Complaint(f"chain name `{name}' too long (must be under {LONGEST_CHAIN_NAME + 1} chars)")
        if self.op == "N" and any(char.isspace() for char in name):
            raise Complaint(f"Invalid chain name `{name}'")

    def _set_table(self, name: str) -> None:
        if self.is_restored:
            raise Complaint("The -t option cannot be used in iptables-restore.\n")
        check_table(name)
        self.table = name

    def _set_counters(self, word: Word) -> None:
        self.given.add("c")
        packets = parse_number(self._value(word), 2**64 - 1)
        size = parse_number(self._operand() or "", 2**64 - 1)
        if packets is None or size is None:
            raise Complaint("-c requires packet and byte counter")
        self.counters = packets, size

    def _wait(self, word: Word) -> None:
        if self.is_restored:
            raise Complaint(f"You cannot use `-{word.letter}' from iptables-restore")
        if word.attached is None:
            self._operand()

    def command(self, line: int) -> Command:
        """The whole line's meaning. Complaint if its parts do not go together."""
        if "V" in self.given or "h" in self.given:
            return Command("V" if "V" in self.given else "h", self.table)
        if not self.op:
            raise Complaint("no command specified")
        self._check_options()
        rules = self.rule.rules() if self.op in RULE_COMMANDS and not (self.op == "D" and self.number) else ()
        if self.op == "R" and len(rules) > 1:
            raise Complaint("Replacement rule does not specify a unique address")
        flags = frozenset(self.given & set("nvx0"))
        return Command(
            self.op, self.table, self.chain, self.number, self.name, rules, self.counters, flags, self.zeroes, line
        )  # fmt: skip

    def _check_options(self) -> None:
        allowed = "v" if self.op == "D" and self.number else ALLOWED[self.op]
        for letter in CHECKED if not self.given.issubset(allowed) else ():
            if letter in self.given and letter not in allowed:
                raise Complaint(f"Illegal option `-{letter.replace('g', 'j')}' with this command")
        for letter, chains in (("i", ("POSTROUTING", "OUTPUT")), ("o", ("PREROUTING", "INPUT"))):
            if letter in self.given and self.chain in chains:
                raise Complaint(f"Can't use -{letter} with {self.chain}\n")
        if self.table == "nat" and self.rule.jump == "DROP":
            raise Complaint(NO_FILTERING)


def check_table(name: str) -> None:
    """NoTable unless a table of this name exists."""
    if name == "security":
        raise NotModelled("iptables -t security", known=", ".join(TABLES))
    if name not in TABLES:
        raise NoTable(f"table '{name}' does not exist\nPerhaps iptables or your kernel needs to be upgraded.")
