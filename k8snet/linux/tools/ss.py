"""``ss``: TCP and UDP sockets, in the columns of iproute2 6.1. Numbers only: ``-n`` must be said.

Processes do not exist in the model; each app gets a stable number of its own, from 100 upwards.
"""

from __future__ import annotations

from k8snet.errors import NotModelled
from k8snet.linux.fact import Fact
from k8snet.linux.netns import Netns
from k8snet.linux.sockets import Listener, TunnelSocket

LETTERS = frozenset("tulnapH4")
LONG = {"--tcp": "t", "--udp": "u", "--listening": "l", "--numeric": "n", "--all": "a", "--processes": "p",
        "--no-header": "H", "--ipv4": "4"}  # fmt: skip
KNOWN = "-t, -u, -l, -a, -n, -p, -H, -4"
STATES = {"ESTABLISHED": "ESTAB", "SYN_SENT": "SYN-SENT", "SYN_RECV": "SYN-RECV", "FIN_WAIT": "FIN-WAIT-1",
          "TIME_WAIT": "TIME-WAIT", "CLOSE_WAIT": "CLOSE-WAIT", "LAST_ACK": "LAST-ACK"}  # fmt: skip
BACKLOG = 128
"""How many connections wait for accept(2) at most: what many programs ask for."""
FIRST_PID, FIRST_FD = 100, 3


class _Row(Fact, frozen=True):
    """One socket: ``peer_port`` is ``*`` for one that has no peer; ``users`` is empty for one without an app."""

    netid: str
    state: str
    send_queue: int
    ip: str
    port: str
    peer: str
    peer_port: str
    users: str


def run(netns: Netns, args: list[str], stdin: str = "") -> str:
    """Run ``ss -tuln…``."""
    letters = _letters(args[1:])
    protos = [proto for proto in ("udp", "tcp") if proto[0] in letters]
    rows = [*_listening(netns, protos)] if letters & {"l", "a"} else []
    if "l" not in letters or "a" in letters:
        rows += _connected(netns, protos)
    rows.sort(key=lambda row: protos.index(row.netid))
    return _table(rows, letters, has_netid=len(protos) > 1)


def _letters(words: list[str]) -> set[str]:
    letters: set[str] = set()
    for word in words:
        said = LONG.get(word, "") if word.startswith("--") else word[1:] if word.startswith("-") else ""
        if not said or not set(said) <= LETTERS:
            raise NotModelled(f"ss {word}", known=KNOWN)
        letters |= set(said)
    if "n" not in letters or not letters & {"t", "u"}:
        raise NotModelled("ss with names of services, or of all families", known="-n together with -t or -u")
    return letters


def _listening(netns: Netns, protos: list[str]) -> list[_Row]:
    rows = []
    for socket in netns.sockets.listeners:
        if socket.proto in protos:
            is_tcp = socket.proto == "tcp"
            rows.append(_Row(socket.proto, "LISTEN" if is_tcp else "UNCONN", BACKLOG if is_tcp else 0, str(socket.ip),
                             str(socket.port), "0.0.0.0", "*", _users(netns, socket)))  # fmt: skip
    return rows


def _connected(netns: Netns, protos: list[str]) -> list[_Row]:
    return [
        _Row(socket.proto, STATES.get(socket.state, socket.state), 0, str(socket.ip), str(socket.port),
             str(socket.peer), str(socket.peer_port), "")
        for socket in netns.sockets.connected() if socket.proto in protos
    ]  # fmt: skip


def _users(netns: Netns, socket: Listener | TunnelSocket) -> str:
    """The app behind a socket, as a process would be printed; its sockets are its file descriptors 3, 4, …"""
    if socket.app is None:
        return ""
    listeners = [each for each in netns.sockets.listeners if each.app is not None]
    apps = list(dict.fromkeys(each.app.name for each in listeners))
    own = [each for each in listeners if each.app.name == socket.app.name]
    name = socket.app.name
    return f' users:(("{name}",pid={FIRST_PID + apps.index(name)},fd={FIRST_FD + own.index(socket)}))'


# --- columns -----------------------------------------------------------------------------------------------------

HEADS = ("Netid", "State", "Recv-Q", "Send-Q", "Local Address:", "Port", "Peer Address:", "Port", "Process")
GAPS = ("", " ", " ", " ", " ", "", " ", "", "")
"""What stands before a column, unless it is the first."""
RIGHT = (4, 6)
"""The columns that are set to the right: the addresses."""


def _table(rows: list[_Row], letters: set[str], *, has_netid: bool) -> str:
    """The rows, each column as wide as its widest cell (ss.c: render)."""
    cells = [_cells(row, "p" in letters) for row in rows]
    lines = cells if "H" in letters else [list(HEADS), *cells]
    columns = range(0 if has_netid else 1, len(HEADS))
    widths = {column: max((len(line[column]) for line in lines), default=0) for column in columns}
    text = ""
    for line in lines:
        parts = []
        for column in columns:
            pad = str.rjust if column in RIGHT else str.ljust
            gap = GAPS[column] if column != columns[0] else ""
            parts.append(gap + pad(line[column], widths[column]))
        text += "".join(parts) + "\n"
    return text


def _cells(row: _Row, with_users: bool) -> list[str]:
    queues = [f"{0:<6}", f"{row.send_queue:<6}"]
    users = row.users if with_users else ""
    return [row.netid, row.state, *queues, f"{row.ip}:", row.port, f"{row.peer}:", row.peer_port, users]
