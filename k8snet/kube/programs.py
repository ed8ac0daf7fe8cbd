"""What a program does in a container: where it listens, when it ends by itself, and whether it heeds SIGTERM.

A program is a function from its command line to a `Behaviour`. Only what other machines can see of it is here. Process 1
of a container gets no signal for which it has no handler, so most small programs stay until they are killed (pid_namespaces(7)).
Sources: the programs' manuals; busybox, coreutils, test/images/agnhost of Kubernetes, hashicorp/http-echo.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from k8snet.errors import NotModelled
from k8snet.linux.fact import Fact

Words = tuple[str, ...]
Environment = Mapping[str, str]
ANY, LOOPBACK = "0.0.0.0", "127.0.0.1"


class Behaviour(Fact, frozen=True):
    """What the process of a container does.

    ``listens``: protocols and ports, at the address ``ip``, once ``listens_after`` seconds have passed. It ends by itself with
    ``exit_code`` (None: never) ``after`` so many seconds. ``heeds_term``: whether SIGTERM ends it as process 1, and with
    which code. ``fault``: why it cannot even start, in runc's words. ``taken``: what it says, and ends, where somebody else has
    the port.
    """

    process: str
    listens: tuple[tuple[str, int], ...] = ()
    exit_code: int | None = None
    after: float = 0.0
    heeds_term: bool = True
    log: Words = ()
    fault: str = ""
    ip: str = ANY
    listens_after: float = 0.0
    term_code: int = 0
    taken: str = "bind: Address already in use"


Program = Callable[[Words, Environment], Behaviour]
"""What becomes of a command line (the program's own name is its first word), with these environment variables."""


# --- options ------------------------------------------------------------------------------------------------------


def option(words: Words, name: str, default: str) -> str:
    """The value of an option, the last one if there are several.

    >>> option(("nc", "-l", "-p", "80"), "-p", ""), option(("/agnhost", "netexec", "--http-port=80"), "--http-port", "8080")
    ('80', '80')
    """
    value = default
    for at, word in enumerate(words):
        if word.startswith(f"{name}="):
            value = word[len(name) + 1 :]
        elif word == name and words[at + 1 :]:
            value = words[at + 1]
    return value


def endpoint(text: str) -> tuple[str, int]:
    """An address and a port of ``ADDRESS:PORT``, ``:PORT`` or ``PORT``.

    >>> endpoint(":80"), endpoint("localhost:80")
    (('0.0.0.0', 80), ('127.0.0.1', 80))
    """
    address, _, port = text.rpartition(":")
    return {"": ANY, "localhost": LOOPBACK}.get(address, address), whole(port)


def whole(text: str) -> int:
    """A number in a command line; NotModelled if it is none."""
    if not re.fullmatch(r"-?\d{1,5}", text, re.ASCII):
        raise NotModelled(f"{text!r} in a container's command", known="a number there")
    return int(text)


def line_of(words: Words) -> str:
    """A command line as `ps` shows it."""
    return " ".join(words)


# --- programs that end --------------------------------------------------------------------------------------------


def ends(code: int) -> Program:
    """A program that ends at once."""
    return lambda words, env: Behaviour(line_of(words), exit_code=code)


def echo(words: Words, env: Environment) -> Behaviour:
    """`echo`: it prints its words."""
    said = words[2:] if words[1:2] and words[1] in ("-n", "-e") else words[1:]
    return Behaviour(line_of(words), exit_code=0, log=tuple(" ".join(said).split("\n")))


def curl(words: Words, env: Environment) -> Behaviour:
    """`curl` by itself; with words it would ask somebody, and how it ends would depend on the answer."""
    if words[1:]:
        raise NotModelled(f"a container that runs {line_of(words)}", known="curl as a command in a pod")
    return Behaviour(line_of(words), exit_code=2, log=("curl: try 'curl --help' or 'curl --manual' for more information",))


UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


def sleep(words: Words, env: Environment) -> Behaviour:
    """`sleep`: one or more times, which add up. It has no handler for SIGTERM."""
    if not words[1:]:
        return Behaviour(line_of(words), exit_code=1, log=("sleep: missing operand",))
    seconds = 0.0
    for word in words[1:]:
        found = re.fullmatch(r"(\d+(?:\.\d*)?|\.\d+)([smhd]?)", word)
        if found is not None:
            seconds += float(found[1]) * UNITS[found[2]]
        elif word.lower() in ("inf", "infinity"):
            return Behaviour(line_of(words), heeds_term=False)
        else:
            return Behaviour(line_of(words), exit_code=1, log=(f"sleep: invalid number '{word}'",))
    return Behaviour(line_of(words), exit_code=0, after=seconds, heeds_term=False)


def tail(words: Words, env: Environment) -> Behaviour:
    """`tail -f /dev/null`: it waits for what never comes."""
    if words[1:] not in (("-f", "/dev/null"), ("-F", "/dev/null")):
        raise NotModelled(f"a container that runs {line_of(words)}", known="tail -f /dev/null")
    return Behaviour(line_of(words), heeds_term=False)


# --- programs that listen -----------------------------------------------------------------------------------------


def server(port: int) -> Program:
    """A program that listens on a port of TCP, whatever it is told."""
    return lambda words, env: Behaviour(line_of(words), (("tcp", port),))


def netcat(words: Words, env: Environment) -> Behaviour:
    """`nc -lk -p PORT`: it listens, and goes on after a connection; without -k it would end after the first one."""
    letters = "".join(word[1:] for word in words[1:] if word.startswith("-"))
    numbers = [word for word in words[1:] if word.isdecimal()]
    if not {"l", "k"} <= set(letters) or len(numbers) != 1 or set(letters) - set("lkpuvn"):
        raise NotModelled(f"a container that runs {line_of(words)}", known="nc -lk -p PORT, with -u for UDP")
    return Behaviour(line_of(words), (("udp" if "u" in letters else "tcp", whole(numbers[0])),), heeds_term=False)


def busybox_httpd(words: Words, env: Environment) -> Behaviour:
    """The `httpd -f -p PORT` of busybox; without -f it goes to the background, and the container ends."""
    if not any(re.fullmatch(r"-[a-z]*f[a-z]*", word) for word in words[1:]):
        return Behaviour(line_of(words), exit_code=0)
    ip, port = endpoint(option(words, "-p", "80"))
    return Behaviour(line_of(words), (("tcp", port),), heeds_term=False, ip=ip)


APACHE_LOG = ("[core:notice] AH00094: Command line: 'httpd -D FOREGROUND'",)


def apache(words: Words, env: Environment) -> Behaviour:
    """Apache's `httpd-foreground`."""
    return Behaviour("httpd -DFOREGROUND", (("tcp", 80),), log=APACHE_LOG)


NGINX_LOG = ("/docker-entrypoint.sh: Configuration complete; ready for start up",)
NGINX_TAKEN = "nginx: [emerg] bind() to {ip}:{port} failed (98: Address already in use)"
"""The real one tries five times within 2.5 s before it ends; so say its logs, as in rancher/rke2#10640."""
GO_TAKEN = "listen {proto} :{port}: bind: address already in use"
"""What Go's net.Listen says."""


def nginx(words: Words, env: Environment) -> Behaviour:
    """`nginx -g 'daemon off;'`; without that it goes to the background, and the container ends."""
    if "daemon off;" not in line_of(words):
        return Behaviour(line_of(words), exit_code=0)
    return Behaviour(f"nginx: master process {line_of(words)}", (("tcp", 80),), log=NGINX_LOG, taken=NGINX_TAKEN)


def python(words: Words, env: Environment) -> Behaviour:
    """`python -m http.server`; without words it reads a program from its input, which has ended."""
    if not words[1:]:
        return Behaviour(line_of(words), exit_code=0)
    if words[1:3] != ("-m", "http.server"):
        raise NotModelled(f"a container that runs {line_of(words)}", known="python -m http.server [PORT]")
    ip = option(words, "--bind", option(words, "-b", ANY))
    numbers = [whole(word) for word in words[3:] if word.isdecimal()]
    return Behaviour(line_of(words), (("tcp", numbers[0] if numbers else 8000),), heeds_term=False, ip=ip)


def redis(words: Words, env: Environment) -> Behaviour:
    """`redis-server --port PORT`."""
    port = whole(option(words, "--port", "6379"))
    return Behaviour(f"redis-server *:{port}", (("tcp", port),), log=("* Ready to accept connections tcp",))


POSTGRES_REFUSES = (
    "Error: Database is uninitialized and superuser password is not specified.",
    "       You must specify POSTGRES_PASSWORD to a non-empty value for the",
    '       superuser. For example, "-e POSTGRES_PASSWORD=password" on "docker run".',
)


def postgres(words: Words, env: Environment) -> Behaviour:
    """`postgres`, behind an entrypoint that insists on a password."""
    if not env.get("POSTGRES_PASSWORD") and env.get("POSTGRES_HOST_AUTH_METHOD") != "trust":
        return Behaviour(line_of(words), exit_code=1, log=POSTGRES_REFUSES)
    return Behaviour("postgres", (("tcp", 5432),), log=("database system is ready to accept connections",))


def http_echo(words: Words, env: Environment) -> Behaviour:
    """hashicorp/http-echo: it insists on a text."""
    if not (option(words, "-text", "") or option(words, "--text", "") or env.get("ECHO_TEXT")):
        return Behaviour(line_of(words), exit_code=127, log=("Missing -text option!",))
    listen = option(words, "--listen", option(words, "-listen", ":5678"))
    ip, port = endpoint(listen)
    return Behaviour(line_of(words), (("tcp", port),), log=(f"[INFO] server is listening on {listen}",), ip=ip)


def whoami(words: Words, env: Environment) -> Behaviour:
    """traefik/whoami. As most Go programs it leaves SIGTERM to the runtime, which ends it with 2."""
    port = whole(option(words, "--port", option(words, "-port", env.get("WHOAMI_PORT_NUMBER", "80"))))
    return Behaviour(line_of(words), (("tcp", port),), log=(f"Starting up on port {port}",), term_code=2,
                     taken=GO_TAKEN)


def hello_app(words: Words, env: Environment) -> Behaviour:
    """Google's sample; its port is in an environment variable."""
    port = whole(env.get("PORT") or "8080")
    return Behaviour(line_of(words), (("tcp", port),), log=(f"Server listening on port {port}",), term_code=2,
                     taken=GO_TAKEN)


def pause(words: Words, env: Environment) -> Behaviour:
    """The process that keeps a pod's namespaces: it waits, and takes in orphans."""
    return Behaviour(line_of(words))


# --- agnhost ------------------------------------------------------------------------------------------------------

AGNHOST_OPTIONS = {
    "netexec": ("http-port", "udp-port", "sctp-port", "http-override", "tls-cert-file", "tls-private-key-file",
                "udp-listen-addresses", "delay-shutdown"),
    "serve-hostname": ("tcp", "udp", "http", "close", "port"),
    "test-webserver": ("port",),
    "tcp-reset": ("port",),
    "porter": (),
    "pause": (),
}  # fmt: skip
"""The subcommands that are modelled, each with its options. Not among them: what asks somebody else, and ends."""


def agnhost(words: Words, env: Environment) -> Behaviour:
    """The Kubernetes project's own test server."""
    what = words[1] if words[1:] else ""
    if what not in AGNHOST_OPTIONS:
        raise NotModelled(f"agnhost {what}".rstrip(), known=", ".join(AGNHOST_OPTIONS))
    for word in words[2:]:
        name = word.lstrip("-").partition("=")[0]
        if word.startswith("--") and name not in AGNHOST_OPTIONS[what]:
            return Behaviour(line_of(words), exit_code=1, log=(f"Error: unknown flag: --{name}",))
    if what == "pause":
        return Behaviour(line_of(words), log=("Paused",), term_code=2)
    if what == "netexec":
        return _netexec(words)
    if what == "porter":
        ports = [name.removeprefix("SERVE_PORT_") for name in env if name.startswith("SERVE_PORT_")]
        return Behaviour(line_of(words), tuple(("tcp", whole(port)) for port in ports), term_code=2)
    return _small_server(what, words)


def _netexec(words: Words) -> Behaviour:
    http, udp, sctp = (whole(option(words, f"--{name}-port", default)) for name, default in
                       (("http", "8080"), ("udp", "8081"), ("sctp", "-1")))  # fmt: skip
    if option(words, "--udp-listen-addresses", ""):
        raise NotModelled("agnhost netexec --udp-listen-addresses", known="--udp-port")
    listens = [("tcp", http), ("udp", udp), ("sctp", sctp)]
    log = (f"Started HTTP server on port {http}",)
    return Behaviour(line_of(words), tuple(each for each in listens if each[1] != -1), log=log, taken=GO_TAKEN)


def _small_server(what: str, words: Words) -> Behaviour:
    """serve-hostname, test-webserver, tcp-reset: one port."""
    port = whole(option(words, "--port", {"serve-hostname": "9376", "test-webserver": "80", "tcp-reset": "8080"}[what]))
    wanted = [proto for proto in ("tcp", "udp") if f"--{proto}" in words or f"--{proto}=true" in words]
    if wanted and "--http=false" not in words:
        raise NotModelled(f"agnhost {what} {' '.join(words[2:])}", known=f"--http=false --{wanted[0]}")
    listens = tuple((proto, port) for proto in wanted or ["tcp"])
    return Behaviour(line_of(words), listens, term_code=0 if what == "serve-hostname" else 2, taken=GO_TAKEN)


COMMON: dict[str, Program] = {
    "sleep": sleep, "true": ends(0), "false": ends(1), "echo": echo, "tail": tail,
    **dict.fromkeys(("touch", "mkdir", "rm", "chmod", "chown", "ln"), ends(0)),
}  # fmt: skip
"""What every image with a shell has. Those that only change files have no effect that anybody can see."""
