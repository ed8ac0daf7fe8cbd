"""What an image does when it runs: one table of images, and how a container's words are put together.

A container listens where its process does; ``containerPort`` opens nothing. An image that is not in the table does not
exist, as far as the model's registries go. What a program cannot do in the model raises NotModelled. What programs do is
in programs.py, and what a shell does in shell_line.py. Sources: the images' own Dockerfiles, entrypoints and READMEs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from k8snet.errors import NotModelled
from k8snet.kube import programs as known
from k8snet.kube import shell_line
from k8snet.kube.programs import COMMON, Behaviour, Environment, Program, Words
from k8snet.linux.fact import Fact

__all__ = ["IMAGES", "PROGRAMS", "Behaviour", "Image", "expand", "misspelt", "reference", "repository", "run", "tools"]


class Image(Fact, frozen=True):
    """An image: its entrypoint and command, the programs inside that the model knows, and the tools of k8snet.linux.

    ``script``: the entrypoint makes ready, and then runs the words that follow; where these are no program but options, it puts
    ``wraps`` before them. ``others``: programs that it has and the model does not.
    """

    entrypoint: Words
    cmd: Words
    programs: dict[str, Program]
    tools: Words = ()
    script: bool = False
    wraps: str = ""
    others: frozenset[str] = frozenset()


# --- running ------------------------------------------------------------------------------------------------------


def run(image: str, command: Sequence[str] | None = None, args: Sequence[str] | None = None,
        env: Mapping[str, str] | None = None) -> Behaviour | None:
    """What a container of this image does; None if there is no such image.

    ``command`` replaces the image's entrypoint, and then its own words are not added; ``args`` replaces those words. Where they
    say ``$(NAME)``, the value from ``env`` is put in.

    >>> run("nginx:1.29").listens
    (('tcp', 80),)
    >>> run("busybox").exit_code, run("busybox", ["sleep", "infinity"]).exit_code
    (0, None)
    """
    values = tuple(sorted(env.items())) if env else ()
    return _run(image, None if command is None else tuple(command), None if args is None else tuple(args), values)


@lru_cache(maxsize=4096)
def _run(name: str, command: Words | None, args: Words | None, env: tuple[tuple[str, str], ...]) -> Behaviour | None:
    image = _find(name)
    if image is None:
        return None
    words = (*command, *(args or ())) if command else (*image.entrypoint, *(args or image.cmd))
    values = dict(env)
    return _start(image, expand(words, values), values)


def _find(name: str) -> Image | None:
    return IMAGES.get(repository(name)) if misspelt(name) is None and _has_tag(name) else None


def expand(words: Sequence[str], env: Mapping[str, str]) -> Words:
    """Words with the values of variables: ``$(NAME)``, if there is such a one; ``$$`` is a dollar.

    >>> expand(["$(PORT)", "$(OTHER)", "$$(PORT)"], {"PORT": "80"})
    ('80', '$(OTHER)', '$(PORT)')
    """
    def value(found: re.Match[str]) -> str:
        return "$" if found[0] == "$$" else env.get(found[1], found[0])

    return tuple(re.sub(r"\$\$|\$\(([^)]*)\)", value, word) for word in words)


def _start(image: Image, words: Words, env: Environment) -> Behaviour:
    """What becomes of a command line in an image."""
    if not words:
        return Behaviour("", exit_code=128, fault="no command specified")
    if image.script and words[0] == image.entrypoint[0] and words[1:]:
        return _script(image, words, env)
    name = words[0].rpartition("/")[2]
    program = image.programs.get(name)
    if program is not None:
        return program(words, env)
    if _has(image, name):
        raise NotModelled(f"a container that runs {' '.join(words)}", known=", ".join(sorted(image.programs)))
    path = "/" in words[0]
    missing = f"stat {words[0]}: no such file or directory" if path else "executable file not found in $PATH"
    return Behaviour(words[0], exit_code=128, fault=f'exec: "{words[0]}": {missing}')


def _script(image: Image, words: Words, env: Environment) -> Behaviour:
    """What an entrypoint that is a script makes of the words that follow."""
    if image.wraps and (words[1].startswith("-") or words[1].endswith(".conf") or image.wraps == "curl"):
        return _start(image, words[1:] if _has(image, words[1]) else (image.wraps, *words[1:]), env)
    if _has(image, words[1]):
        return _start(image, words[1:], env)
    return Behaviour(" ".join(words), exit_code=127, log=(f"{words[0]}: exec: {words[1]}: not found",))


def _has(image: Image, name: str) -> bool:
    """Whether an image has a program of that name."""
    name = name.rpartition("/")[2]
    return name in image.programs or name in image.others or name in image.tools


def tools(image: str) -> Words:
    """The tools inside an image that the model has as well."""
    found = IMAGES.get(repository(image))
    return found.tools if found else ()


# --- names --------------------------------------------------------------------------------------------------------

_TAG = re.compile(r"v?\d+(\.\d+)*([-.][a-z0-9.]+)*|latest|stable|mainline|slim|perl|glibc|musl|uclibc|"
                  r"(alpine|bookworm|trixie|noble|jammy)(-slim|\d+(\.\d+)*)?|(stable|mainline)-[a-z-]+")  # fmt: skip
"""Tags that look like a version, or like one of the usual variants, exist; others do not."""
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_PATH = re.compile(r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*")
_DOMAIN = re.compile(r"[A-Za-z0-9.-]+(?::\d+)?")


@lru_cache(maxsize=4096)
def repository(image: str) -> str:
    """An image's repository in full, without the tag.

    >>> repository("nginx:1.29"), repository("nicolaka/netshoot")
    ('docker.io/library/nginx', 'docker.io/nicolaka/netshoot')
    """
    domain, path = _split(image)
    return f"{domain}/{path}"


def _split(image: str) -> tuple[str, str]:
    """The registry, and what it calls the repository."""
    name = image.partition("@")[0]
    head, slash, last = name.rpartition("/")
    name = f"{head}{slash}{last.partition(':')[0]}"
    first, slash, rest = name.partition("/")
    if not slash:
        return "docker.io", f"library/{name}"
    if not ("." in first or ":" in first or first == "localhost"):
        return "docker.io", name
    return (first, rest) if first != "docker.io" or "/" in rest else (first, f"library/{rest}")


@lru_cache(maxsize=4096)
def reference(image: str) -> str:
    """An image's full name with its tag or digest, as the runtime writes it.

    >>> reference("nginx"), reference("registry.k8s.io/pause:3.10.1")
    ('docker.io/library/nginx:latest', 'registry.k8s.io/pause:3.10.1')
    """
    name, at, digest = image.partition("@")
    tag = name.rpartition("/")[2].partition(":")[2]
    written = f"{repository(image)}:{tag}" if tag else repository(image)
    return f"{written}{at}{digest}" if at or tag else f"{written}:latest"


def misspelt(image: str) -> str | None:
    """Why an image's name is none, in the kubelet's words (reason InvalidImageName); None if it is one.

    >>> misspelt("Nginx")[-75:]
    'invalid reference format: repository name (library/Nginx) must be lowercase'
    """
    domain, path = _split(image)
    name, _, digest = image.partition("@")
    tag = name.rpartition("/")[2].partition(":")
    well = _PATH.fullmatch(path) and _DOMAIN.fullmatch(domain) and (not digest or _DIGEST.fullmatch(digest))
    if well and (not tag[1] or re.fullmatch(r"[\w][\w.-]{0,127}", tag[2], re.ASCII)):
        return None
    lower = path != path.lower() and _PATH.fullmatch(path.lower())
    why = f"invalid reference format{f': repository name ({path}) must be lowercase' if lower else ''}"
    return f'Failed to apply default image tag "{image}": couldn\'t parse image name "{image}": {why}'


def _has_tag(image: str) -> bool:
    name, _, digest = image.partition("@")
    tag = name.rpartition("/")[2].partition(":")[2]
    return bool(digest) or not tag or _TAG.fullmatch(tag) is not None


# --- the table ----------------------------------------------------------------------------------------------------


def _shell_with(programs: dict[str, Program]) -> Program:
    """A shell in an image that has these programs."""
    return lambda words, env: shell_line.run(words, env, {**COMMON, **programs})


def _with_shell(names: Sequence[str], programs: dict[str, Program]) -> dict[str, Program]:
    """The programs of an image with a shell under these names."""
    return {**COMMON, **dict.fromkeys(names, _shell_with(programs)), **programs}


BUSYBOX: dict[str, Program] = {"httpd": known.busybox_httpd, "nc": known.netcat}
PROGRAMS: dict[str, Program] = {**COMMON, **BUSYBOX, **dict.fromkeys(("sh", "ash", "bash", "zsh"), _shell_with(BUSYBOX))}
"""The programs of busybox, and the shells: what nearly every image can run."""

SMALL = ("hostname", "sleep")
BUSYBOX_TOOLS = (*SMALL, "arping", "ip", "nc", "ping", "traceroute")
ALL_TOOLS = (*BUSYBOX_TOOLS, "bridge", "conntrack", "curl", "dig", "iptables", "ss", "tcpdump")
OTHERS = frozenset({
    "awk", "cat", "cp", "cut", "date", "env", "find", "grep", "head", "id", "kill", "ls", "mv", "nslookup", "printenv", "printf",
    "ps", "sed", "seq", "sort", "stat", "tee", "test", "top", "tr", "uname", "vi", "watch", "wc", "wget", "which", "whoami",
    "xargs", "yes",
})  # fmt: skip
"""Programs of nearly every image that the model does not run."""


def _linux(cmd: str, shells: Sequence[str], tools_: Words = SMALL, programs: dict[str, Program] | None = None) -> Image:
    """An image that is a small Linux: a shell, and what goes with it."""
    return Image((), (cmd,), _with_shell(shells, programs or {}), tools_, others=OTHERS)


def _server(entrypoint: str, program: Program, cmd: Words = ()) -> Image:
    """An image that has nothing but one program."""
    return Image((entrypoint,) if entrypoint else (), cmd, {(entrypoint or cmd[0]).rpartition("/")[2]: program})


def _official(cmd: Words, program: Program, tools_: Words = SMALL, entrypoint: str = "docker-entrypoint.sh",
              wraps: str = "") -> Image:
    """One of Docker's official images."""
    return Image((entrypoint,), cmd, _with_shell(("sh", "bash"), {cmd[0]: program}), tools_, True, wraps, OTHERS)


CONTROL_PLANE = {"etcd": 2379, "kube-apiserver": 6443, "kube-controller-manager": 10257, "kube-scheduler": 10259}
"""The control plane's programs, and the port on which each listens."""
_BUSYBOX = _linux("sh", ("sh", "ash"), BUSYBOX_TOOLS, BUSYBOX)
_AGNHOST = Image(("/agnhost",), ("pause",), _with_shell(("sh", "ash"), {**BUSYBOX, "agnhost": known.agnhost}),
                 (*BUSYBOX_TOOLS, "curl", "dig"), others=OTHERS)  # fmt: skip
IMAGES: dict[str, Image] = {
    "docker.io/library/nginx": _official(("nginx", "-g", "daemon off;"), known.nginx, (*SMALL, "curl"), "/docker-entrypoint.sh"),
    "docker.io/library/httpd": _linux("httpd-foreground", ("sh", "bash"), SMALL, {"httpd-foreground": known.apache}),
    "docker.io/library/redis": _official(("redis-server",), known.redis, wraps="redis-server"),
    "docker.io/library/postgres": _official(("postgres",), known.postgres, wraps="postgres"),
    "docker.io/library/python": _linux("python3", ("sh", "bash"), SMALL, {"python": known.python, "python3": known.python}),
    "docker.io/library/busybox": _BUSYBOX,
    "registry.k8s.io/busybox": _BUSYBOX,
    "docker.io/library/alpine": _linux("/bin/sh", ("sh", "ash"), BUSYBOX_TOOLS, {"nc": known.netcat}),
    "docker.io/library/debian": _linux("bash", ("sh", "bash")),
    "docker.io/library/ubuntu": _linux("/bin/bash", ("sh", "bash")),
    "docker.io/nicolaka/netshoot": _linux("zsh", ("sh", "ash", "bash", "zsh"), ALL_TOOLS, {"nc": known.netcat}),
    "docker.io/curlimages/curl": Image(("/entrypoint.sh",), ("curl",), _with_shell(("sh", "ash"), {"curl": known.curl}),
                                       (*BUSYBOX_TOOLS, "curl"), True, "curl", OTHERS),
    "docker.io/hashicorp/http-echo": _server("/http-echo", known.http_echo),
    "docker.io/traefik/whoami": _server("/whoami", known.whoami),
    "docker.io/kennethreitz/httpbin": Image((), ("gunicorn", "-b", "0.0.0.0:80", "httpbin:app", "-k", "gevent"),
                                            _with_shell(("sh", "bash"), {"gunicorn": known.server(80)}), SMALL),
    "gcr.io/google-samples/hello-app": _server("", known.hello_app, ("./hello-app",)),
    "registry.k8s.io/pause": _server("/pause", known.pause),
    "registry.k8s.io/e2e-test-images/agnhost": _AGNHOST,
    **{f"registry.k8s.io/{name}": _server(name, known.server(port)) for name, port in CONTROL_PLANE.items()},
    "docker.io/library/agnhost": _AGNHOST,  # real registries have it under its long name only
}  # fmt: skip
"""By repository."""
