"""The real kernel: private namespaces of this machine's own Linux, made for one use and gone with it.

``unshare`` makes user, mount, process and network namespaces, and starts agent/ in them; that is all that is
started on the host. Nothing of the host's network can be changed from inside, and when the agent ends, or is killed,
or this process is, the kernel takes everything down. What is run in there is replay.py's business.

Source: unshare(1), user_namespaces(7), network_namespaces(7).
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from k8snet.errors import CommandError, K8snetError
from k8snet.linux.log import ROOT
from k8snet.linux.tools import Output

TOOLS = ("unshare", "ip", "bridge", "sysctl", "iptables", "iptables-save", "iptables-restore", "conntrack")
PACKAGES = "util-linux, iproute2, procps, iptables, conntrack"
AGENT = Path(__file__).parent / "agent" / "__main__.py"
COMMAND_SECONDS = 60.0
SBIN = "/usr/local/sbin:/usr/sbin:/sbin"
"""Where the tools are, which is not on every user's PATH."""


class Unavailable(K8snetError):
    """This machine does not let us use its kernel; the text says why, and what could be done."""


@functools.cache
def available() -> str | None:
    """None if worlds can be replayed on this machine, else the reason why not, as a sentence's end.

    >>> reason = available()
    >>> reason is None or len(reason) > 0
    True
    """
    if sys.platform != "linux":
        return f"{sys.platform} has no Linux network namespaces; use a Linux machine or a virtual one"
    missing = [tool for tool in TOOLS if shutil.which(tool, path=_path()) is None]
    if missing:
        return f"these tools are not installed: {', '.join(missing)} (they come with {PACKAGES})"
    try:
        with Kernel() as kernel:
            return _lacks(kernel)
    except Unavailable as refusal:
        return str(refusal)


def _lacks(kernel: Kernel) -> str | None:
    """What the private namespaces cannot do although they could be made."""
    trials = (
        ("ip netns add trial", "mounting a network namespace"),
        ("ip link add trial type veth peer name eth0 netns trial", "veth pairs"),
        ("ip link add br-trial type bridge", "bridges"),
        ("sysctl net.bridge.bridge-nf-call-iptables", "the module br_netfilter (try: sudo modprobe br_netfilter)"),
        ("iptables -t nat -A POSTROUTING -j MASQUERADE", "iptables with NAT"),
    )
    for line, what in trials:
        try:
            kernel.run(line.split())
        except CommandError as error:
            return f"this kernel does not offer {what} here: {error}"
    return None


class Kernel:
    """One private corner of the real kernel; a context manager, and all in it is gone when it closes.

    Unavailable if this machine refuses it.
    """

    def __init__(self) -> None:
        self._process = _start()

    def run(self, words: list[str], stdin: str = "", *, netns: str = ROOT, check: bool = True) -> Output:
        """Run a command in a network namespace and return what it prints.

        CommandError if it fails, or with ``check=False`` an Output with its ``code``.
        """
        done = self.request("run", words=words, stdin=stdin, netns=netns, timeout=COMMAND_SECONDS)
        if check and done["code"] != 0:
            raise CommandError((done["err"] or done["out"]).strip(), code=done["code"])
        return Output(done["out"] if done["code"] == 0 else done["err"] + done["out"], code=done["code"])

    def request(self, do: str, **arguments: Any) -> dict[str, Any]:
        """Have the agent do something (agent/loop.py, ``REQUESTS``). CommandError if the kernel refuses it."""
        if self._process.stdin is None or self._process.stdin.closed:
            raise Unavailable("this lab is closed")
        try:
            self._process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
            self._process.stdin.flush()
            reply = self._reply()
        except BrokenPipeError:
            reply = None
        except KeyboardInterrupt:  # the reply is still to come, and would be taken for that of the next request
            self.close()
            raise
        if reply is None:
            raise Unavailable(f"the lab's process has ended: {_last_words(self._process)}")
        if "failed" in reply:
            raise CommandError(f"{do}: {reply['text']}", errno=reply["failed"])
        return reply

    def close(self) -> None:
        """End everything inside, and wait until it is gone."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait()
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()

    def _reply(self) -> dict[str, Any] | None:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        reply: dict[str, Any] | None = json.loads(line) if line else None
        return reply

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.close()


def _start() -> subprocess.Popen[str]:
    """Start the agent in private namespaces, as their root and nobody's elsewhere.

    ``--kill-child``: whoever kills unshare kills the agent too. A session of its own keeps Ctrl-C away from it.
    """
    private = ["--user", "--map-root-user", "--net", "--mount", "--pid", "--ipc", "--uts", "--fork", "--kill-child"]
    process = subprocess.Popen(
        ["unshare", *private, sys.executable, "-I", "-S", str(AGENT)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        env={"PATH": _path(), "LC_ALL": "C"}, cwd="/",
    )
    assert process.stdout is not None
    if not process.stdout.readline():
        raise Unavailable(f"private namespaces are refused here ({_last_words(process)}){_because()}")
    return process


def _last_words(process: subprocess.Popen[str]) -> str:
    """The last line that an ended process wrote to its standard error."""
    _, errors = process.communicate()
    return (errors.strip().splitlines() or ["no word of it"])[-1]


def _path() -> str:
    return f"{os.environ.get('PATH', '/usr/bin:/bin')}:{SBIN}"


def _because() -> str:
    """The usual causes, where they can be seen."""
    if _reads("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1"):
        return "; AppArmor restricts them: sysctl kernel.apparmor_restrict_unprivileged_userns=0 would allow them"
    if _reads("/proc/sys/kernel/unprivileged_userns_clone", "0") or _reads("/proc/sys/user/max_user_namespaces", "0"):
        return "; user namespaces are switched off on this system"
    if Path("/.dockerenv").exists() or Path("/run/.containerenv").exists():
        return "; this is a container, whose seccomp profile forbids them"
    return ""


def _reads(path: str, value: str) -> bool:
    try:
        return Path(path).read_text().strip() == value
    except OSError:
        return False
