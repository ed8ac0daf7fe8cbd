"""``curl`` for http:// addresses, in the words of curl 7.88.1; the answer's body, or why there is none.

No progress meter: it is drawn for people who wait. No redirects, no bodies of our own, no HTTPS.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from k8snet.errors import CommandError, NotModelled
from k8snet.linux import ask
from k8snet.linux.address import Ip
from k8snet.linux.log import Connect
from k8snet.linux.netns import Netns
from k8snet.linux.tools import Output
from k8snet.linux.tools.libc import MEANINGS, address_of
from k8snet.linux.trace import Trace

FLAGS = {"-s": "silent", "--silent": "silent", "-S": "show", "--show-error": "show", "-v": "verbose",
         "--verbose": "verbose", "-4": "ipv4", "--ipv4": "ipv4"}  # fmt: skip
VALUES = {"-m": "time", "--max-time": "time", "--connect-timeout": "connect", "-o": "file", "--output": "file",
          "-w": "write", "--write-out": "write", "-H": "header", "--header": "header"}  # fmt: skip
KNOWN = ", ".join([*FLAGS, *VALUES])
URL = re.compile(r"(?:(?P<scheme>[a-z]+)://)?(?P<host>[^/:?#]+)(?::(?P<port>\d*))?(?P<path>[^#]*)", re.IGNORECASE)
HINT = "curl: try 'curl --help' or 'curl --manual' for more information"
PATIENCE = 135.0
"""How long the kernel itself sends SYNs, in seconds (tcp_syn_retries=6 after the linear ones)."""


class Asked(NamedTuple):
    """The command line, understood; times in seconds."""

    host: str
    port: int
    path: str
    flags: set[str]
    values: dict[str, str]
    headers: list[str]

    @property
    def limit(self) -> float:
        """How long the connection may take to come about."""
        return min(float(self.values.get(name, PATIENCE)) for name in ("time", "connect"))

    @property
    def request(self) -> list[str]:
        """The request's lines, as curl sends them."""
        default = {"host": f"Host: {self._authority}", "user-agent": "User-Agent: curl/7.88.1", "accept": "Accept: */*"}
        own = [header for header in self.headers if header.partition(":")[2].strip()]
        said = {header.partition(":")[0].lower() for header in self.headers}
        hosts = [header for header in own if header.lower().startswith("host:")]
        head = [*hosts[:1], *(line for name, line in default.items() if name not in said)]
        return [f"GET {self.path} HTTP/1.1", *head, *(header for header in own if header not in hosts)]

    @property
    def _authority(self) -> str:
        return self.host if self.port == 80 else f"{self.host}:{self.port}"


def run(netns: Netns, args: list[str], stdin: str = "") -> Output:
    """Run ``curl [-s] [-S] [-v] [-m SECONDS] [--connect-timeout SECONDS] [-o /dev/null] [-w FORMAT] [-H HEADER] URL``."""
    asked = _read(args[1:])
    dst = address_of(asked.host)
    if dst is None:
        return _failed(asked, 6, f"Could not resolve host: {asked.host}", None)
    return fetch(netns, asked, dst)


def fetch(netns: Netns, asked: Asked, dst: Ip) -> Output:
    """Ask an address for what was asked for, whatever name it was found by."""
    request = "".join(f"{line}\r\n" for line in [*asked.request, ""]).encode()
    trace = ask.connect(netns, Connect(netns.name, dst, asked.port, timeout=asked.limit, data=request))
    if trace.fate != "delivered":
        return _no_answer(asked, dst, trace)
    notes = [f"*   Trying {dst}:{asked.port}...", f"* Connected to {asked.host} ({dst}) port {asked.port} (#0)",
             *(f"> {line}" for line in [*asked.request, ""])]  # fmt: skip
    if not trace.data.startswith(b"HTTP/"):
        text = "Received HTTP/0.9 when not allowed"
        return _failed(asked, 1, text, trace, [*notes, f"* {text}", "* Closing connection 0"])
    head, _, body = trace.data.decode(errors="replace").partition("\r\n\r\n")
    end = f"* Connection #0 to host {asked.host} left intact"
    notes += [*(f"< {line}" for line in [*head.split("\r\n"), ""]), f"{{ [{len(body.encode())} bytes data]", end]
    shown = "" if asked.values.get("file") == "/dev/null" else body
    return Output(_notes(asked, notes) + shown + _written(asked, trace), trace=trace)


# --- the command line --------------------------------------------------------------------------------------------


def _read(words: list[str]) -> Asked:
    flags, values, headers, urls = set[str](), dict[str, str](), list[str](), list[str]()
    rest = iter(_split_flags(words))
    for word in rest:
        if word in FLAGS:
            flags.add(FLAGS[word])
        elif word in VALUES:
            value = next(rest, None)
            if value is None:
                raise CommandError(f"curl: option {word}: requires parameter\n{HINT}", code=2)
            _check(word, value)
            values[VALUES[word]] = value
            headers += [value] if VALUES[word] == "header" else []
        elif word.startswith("-") and word != "-":
            raise NotModelled(f"curl {word}", known=KNOWN)
        else:
            urls.append(word)
    if not urls:
        raise CommandError(HINT, code=2)
    if len(urls) > 1:
        raise NotModelled("curl with several URLs", known="one")
    return Asked(*_parts(urls[0]), flags, values, headers)


def _split_flags(words: list[str]) -> list[str]:
    """``-sSm1`` as ``-s -S -m 1``."""
    split: list[str] = []
    for word in words:
        rest = word
        while len(rest) > 2 and rest[0] == "-" and rest[1] != "-" and rest[:2] in FLAGS:
            split.append(rest[:2])
            rest = f"-{rest[2:]}"
        attached = len(rest) > 2 and rest[0] == "-" and rest[:2] in VALUES
        split += [rest[:2], rest[2:]] if attached else [rest]
    return split


def _check(word: str, value: str) -> None:
    kind = VALUES[word]
    if kind in ("time", "connect") and not re.fullmatch(r"\d+(\.\d*)?", value):
        raise CommandError(f"curl: option {word}: expected a proper numerical parameter\n{HINT}", code=2)
    if kind == "file" and value != "/dev/null":
        raise NotModelled(f"curl {word} {value}", known="-o /dev/null: there are no files")
    if kind == "write" and "%" in value.replace("%{http_code}", "").replace("%{response_code}", ""):
        raise NotModelled(f"curl {word} {value}", known="%{http_code}")
    if kind == "header" and ":" not in value:
        raise NotModelled(f"curl {word} {value}", known="-H 'Name: value'")


def _parts(url: str) -> tuple[str, int, str]:
    match = URL.fullmatch(url)
    if match is None or int(match["port"] or 80) > 65535:
        raise CommandError("curl: (3) URL using bad/illegal format or missing URL", code=3)
    if (match["scheme"] or "http").lower() != "http":
        raise NotModelled(f"curl {match['scheme']}://", known="http://")
    path = match["path"]
    return match["host"], int(match["port"] or 80), path if path.startswith("/") else f"/{path}"


# --- the text ----------------------------------------------------------------------------------------------------


def _no_answer(asked: Asked, dst: Ip, trace: Trace) -> Output:
    """Why there is none: the connection was refused, or found no way, or took too long."""
    took = round((trace.ended - trace.started) * 1000)
    if trace.fate == "timeout" and float(asked.values.get("time", PATIENCE)) <= asked.limit < PATIENCE:
        return _failed(asked, 28, f"Connection timed out after {took} milliseconds", trace)
    prefix = f"Failed to connect to {asked.host} port {asked.port} after {took} ms:"
    if trace.fate == "timeout" and asked.limit < PATIENCE:
        return _failed(asked, 28, f"{prefix} Timeout was reached", trace)
    if trace.errno == "ECONNRESET":
        return _failed(asked, 56, f"Recv failure: {MEANINGS['ECONNRESET']}", trace)
    meaning = MEANINGS.get(trace.errno or "", "Connection timed out")
    text = f"{prefix} Couldn't connect to server"
    notes = [f"*   Trying {dst}:{asked.port}...", f"* connect to {dst} port {asked.port} failed: {meaning}",
             f"* {text}", "* Closing connection 0"]  # fmt: skip
    code = 28 if trace.fate == "timeout" else 7
    return _failed(asked, code, text, trace, notes)


def _failed(asked: Asked, code: int, text: str, trace: Trace | None, notes: list[str] | None = None) -> Output:
    is_quiet = "silent" in asked.flags and "show" not in asked.flags
    message = "" if is_quiet else f"curl: ({code}) {text}\n"
    if notes is None:
        notes = [f"* {text}", "* Closing connection 0"]
    return Output(_notes(asked, notes) + message + _written(asked, trace), code=code, trace=trace)


def _notes(asked: Asked, notes: list[str]) -> str:
    return "".join(f"{line}\n" for line in notes) if "verbose" in asked.flags else ""


def _written(asked: Asked, trace: Trace | None) -> str:
    code = f"{trace.status if trace and trace.status else 0:03d}"
    text = asked.values.get("write", "").replace("%{http_code}", code).replace("%{response_code}", code)
    return text.replace("\\n", "\n").replace("\\t", "\t")
