"""A rule's text: from words to a Rule, and from a Rule back to the text that the kernel's listing shows.

Whatever the order and the spelling in which a rule was typed, it is listed in one canonical form: addresses,
devices, protocol, the matches in the order in which they were given, the target. Source: iptables(8), and iptables
1.8.9 (nf_tables) as the judge.
"""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

from k8snet.errors import NotModelled
from k8snet.linux.address import Ip, mask_of
from k8snet.linux.iptables import match_words, target_words
from k8snet.linux.iptables.names import parse_number, protocol_name
from k8snet.linux.iptables.options import Complaint, Extension, Given, Option, negation
from k8snet.linux.matches import Destination, Fragment, InDevice, Match, OutDevice, Protocol, Source
from k8snet.linux.netfilter import Rule
from k8snet.linux.targets import Jump, Target

LONGEST_CHAIN_NAME = 28
HOSTS = {"localhost": "127.0.0.1"}


class Header(NamedTuple):
    """What was given to one of the options that every rule has."""

    text: str
    inverted: bool


class RuleWords:
    """The words of one rule, as they come: ``header`` by letter, ``loaded`` matches in order, the target."""

    def __init__(self) -> None:
        self.header: dict[str, Header] = {}
        self.loaded: list[Given] = []
        self.target: Given | None = None
        self.jump = ""

    def add_header(self, letter: str, text: str, *, inverted: bool) -> None:
        """``-s``, ``-d``, ``-i``, ``-o``, ``-p``, ``-f``: once each. Complaint if a value is not what it should be."""
        if letter in self.header:
            raise Complaint(f"multiple -{letter} flags not allowed")
        if letter in "io":
            match_words.check_device_name(text)
        if letter == "p":
            name = protocol_name(text)
            if name is None:
                raise Complaint(f'unknown protocol "{text.lower()}" specified')
            if inverted and name == "all":
                raise Complaint("rule would never match protocol")
            text = name
        self.header[letter] = Header(text, inverted)

    def load_match(self, name: str) -> None:
        """``-m NAME``: its options may follow."""
        if name in match_words.NOT_MODELLED:
            raise NotModelled(f"-m {name}", known=", ".join(match_words.MATCHES))
        if name not in match_words.MATCHES:
            raise Complaint(f"Couldn't load match `{name}':No such file or directory\n")
        extension = match_words.MATCHES[name]
        if not (extension.merges and any(given.extension is extension for given in self.loaded)):
            self.loaded.append(Given(extension))

    def load_target(self, name: str, *, goto: bool) -> None:
        """``-j NAME``, or with ``goto`` ``-g CHAIN``."""
        if self.jump:
            raise Complaint("multiple -j flags not allowed")
        if len(name) > LONGEST_CHAIN_NAME:
            raise Complaint(f"Invalid target name `{name}' ({LONGEST_CHAIN_NAME} chars max)")
        if not name:
            raise Complaint("Invalid target name (too short)")
        if name in target_words.NOT_MODELLED and not goto:
            raise NotModelled(f"-j {name}", known=", ".join((*target_words.VERDICTS, *target_words.TARGETS)))
        self.jump = f"goto {name}" if goto else name
        if name in target_words.TARGETS and not goto:
            self.target = Given(target_words.TARGETS[name])

    def option(self, name: str) -> tuple[Given, Option] | None:
        """The loaded extension's option with this name (or an unmistakable beginning of one); None if there is none.

        A protocol's own match is loaded by its first option: ``-p tcp --dport 80``.
        """
        found = _find_option([*([self.target] if self.target else []), *reversed(self.loaded)], name)
        proto = self.header.get("p")
        if found is None and proto is not None and proto.text in match_words.MATCHES and not self._has_loaded(proto.text):
            given = Given(match_words.MATCHES[proto.text])
            found = _find_option([given], name)
            if found is not None:
                self.loaded.append(given)
        if found is None and name in match_words.NOT_MODELLED_OPTIONS | target_words.NOT_MODELLED_OPTIONS:
            raise NotModelled(f"iptables --{name}")
        return found

    def _has_loaded(self, name: str) -> bool:
        return any(given.extension.name == name for given in self.loaded)

    def rules(self) -> tuple[Rule, ...]:
        """The rules that the words make: one for each pair of addresses. Complaint if they do not go together."""
        proto = self.header.get("p", Header("", False))
        for given in (*self.loaded, *([self.target] if self.target else [])):
            given.proto = "!" if proto.inverted else proto.text
            given.check()
        target: Target | None = self._target()
        extensions = [given.extension.build(given) for given in self.loaded]
        pairs = product(self._addresses("s"), self._addresses("d"))
        return tuple(make_rule([*filter(None, pair), *self._header_matches(), *extensions], target) for pair in pairs)

    def _target(self) -> Target | None:
        if self.target is not None:
            made: Target = self.target.extension.build(self.target)
            return made
        if not self.jump:
            return None
        goto = self.jump.startswith("goto ")
        return Jump(self.jump[5:], goto=True) if goto else target_words.VERDICTS.get(self.jump) or Jump(self.jump)

    def _header_matches(self) -> list[Match]:
        """What is asked of devices, protocol and fragment; what is so of every packet is left out."""
        given = self.header
        matches: list[Match] = []
        if "i" in given and given["i"] != Header("+", False):
            matches.append(InDevice(*given["i"]))
        if "o" in given and given["o"] != Header("+", False):
            matches.append(OutDevice(*given["o"]))
        if "p" in given and given["p"].text != "all":
            matches.append(Protocol(*given["p"]))
        if "f" in given:
            matches.append(Fragment(given["f"].inverted))
        return matches

    def _addresses(self, letter: str) -> list[Match | None]:
        if letter not in self.header:
            return [None]
        text, inverted = self.header[letter]
        networks = [_network(word) for word in text.split(",")]
        if inverted and len(networks) > 1:
            raise Complaint("! not allowed with multiple source or destination IP addresses")
        kind = {"s": Source, "d": Destination}[letter]
        return [kind(ip, mask, inverted) if mask or inverted else None for ip, mask in networks]


def _find_option(loaded: list[Given], name: str) -> tuple[Given, Option] | None:
    """An option by its whole name, the latest extension first; else by its beginning, if only one begins so."""
    options = [(given, option) for given in loaded for option in given.extension.options]
    for given, option in options:
        if name in (option.name, *option.aliases):
            return given, option
    begun = [pair for pair in options if any(word.startswith(name) for word in (pair[1].name, *pair[1].aliases))]
    return begun[0] if len({option.name for _, option in begun}) == 1 else None


def _network(text: str) -> tuple[int, int]:
    """An address and a mask, from HOST, HOST/LENGTH or HOST/MASK."""
    host, slash, suffix = text.partition("/")
    mask = _mask(suffix) if slash else 0xFFFFFFFF
    parts = host.split(".")
    if slash and len(parts) < 4 and all(part.isdecimal() for part in parts):
        host = ".".join([*parts, *["0"] * (4 - len(parts))])
    try:
        return Ip(HOSTS.get(host, host)) & mask, mask
    except (ValueError, NotModelled):
        raise Complaint(f"host/network `{host}' not found") from None


def _mask(text: str) -> int:
    length = parse_number(text, 32)
    try:
        return mask_of(length) if length is not None else Ip(text)
    except (ValueError, NotModelled):
        raise Complaint(f"invalid mask `{text}' specified") from None


# --- back to text ------------------------------------------------------------------------------------------------


def make_rule(matches: list[Match], target: Target | None) -> Rule:
    """A rule with its canonical text."""
    return Rule(tuple(matches), target, " ".join([*map(match_text, matches), *_target_words(target)]))


def match_text(match: Match) -> str:
    """A match in iptables' words: a rule's text is those of its matches, and its target's."""
    return _header_words(match) or str(extension(match).write(match))


def extension(match: Match) -> Extension:
    """The extension to which a match belongs."""
    return match_words.EXTENSION_OF[type(match)]


def _header_words(match: Match) -> str:
    match match:
        case Source(ip, mask, inverted):
            return f"{negation(inverted)}-s {network_text(ip, mask)}"
        case Destination(ip, mask, inverted):
            return f"{negation(inverted)}-d {network_text(ip, mask)}"
        case InDevice(name, inverted):
            return f"{negation(inverted)}-i {name}"
        case OutDevice(name, inverted):
            return f"{negation(inverted)}-o {name}"
        case Protocol(name, inverted):
            return f"{negation(inverted)}-p {name}"
        case Fragment(inverted):
            return f"{negation(inverted)}-f"
    return ""


def network_text(ip: int, mask: int) -> str:
    """A network with its prefix length, or with its mask if that has holes."""
    length = mask.bit_count()
    return f"{Ip(ip)}/{length if mask == mask_of(length) else Ip(mask)}"


def _target_words(target: Target | None) -> list[str]:
    if target is None:
        return []
    if isinstance(target, Jump):
        return [f"-{'g' if target.goto else 'j'} {target.chain}"]
    words = target_words.extension_of(target)
    return [f"-j {words.name}{words.write(target)}" if words else f"-j {target.word}"]
