"""How conntrack follows a TCP connection: the table of states, as in nf_conntrack_proto_tcp.c.

A row is a kind of segment, a column the present state; the word found there is the next state. ``-`` means the
segment does not fit (INVALID), ``.`` that it is let through and changes nothing.
"""

from __future__ import annotations

STATES = ("NONE", "SYN_SENT", "SYN_RECV", "ESTABLISHED", "FIN_WAIT", "CLOSE_WAIT", "LAST_ACK", "TIME_WAIT", "CLOSE", "SYN_SENT2")
SHORT = dict(zip(("SS", "SR", "ES", "FW", "CW", "LA", "TW", "CL", "S2"), STATES[1:], strict=True))
TIMEOUTS = {
    "SYN_SENT": 120.0, "SYN_RECV": 60.0, "ESTABLISHED": 432000.0, "FIN_WAIT": 120.0, "CLOSE_WAIT": 60.0,
    "LAST_ACK": 30.0, "TIME_WAIT": 120.0, "CLOSE": 10.0, "SYN_SENT2": 120.0,
}
"""Seconds that an entry lives in a state without another segment."""

ORIGINAL = {
    #          NONE SYN_SENT SYN_RECV EST FIN_WAIT CLOSE_WAIT LAST_ACK TIME_WAIT CLOSE SYN_SENT2
    "syn":    "SS   SS       .        .   .        .          .        SS        SS    S2",
    "synack": "-    -        SR       -   -        -          -        -         -     SR",
    "fin":    "-    -        FW       FW  LA       LA         LA       TW        CL    -",
    "ack":    "ES   -        ES       ES  CW       CW         TW       TW        CL    -",
    "rst":    "-    CL       CL       CL  CL       CL         CL       CL        CL    CL",
}
REPLY = {
    "syn":    "-    S2       .        .   .        .          .        SS        .     S2",
    "synack": "-    SR       .        .   .        .          .        .         .     SR",
    "fin":    "-    -        FW       FW  LA       LA         LA       TW        CL    -",
    "ack":    "-    .        SR       ES  CW       CW         TW       TW        CL    .",
    "rst":    "-    CL       CL       CL  CL       CL         CL       CL        CL    CL",
}


def _columns(rows: dict[str, str]) -> dict[tuple[str, str], str]:
    return {(kind, state): word for kind, row in rows.items() for state, word in zip(STATES, row.split(), strict=True)}


TABLES = {False: _columns(ORIGINAL), True: _columns(REPLY)}


def kind_of(flags: str) -> str:
    """Which row a segment belongs to, by its flags as tcpdump prints them."""
    if "R" in flags:
        return "rst"
    if "S" in flags:
        return "synack" if "." in flags else "syn"
    return "fin" if "F" in flags else "ack"


def following(state: str, flags: str, *, reply: bool) -> str | None:
    """The state after a segment; None if it does not fit.

    >>> following("SYN_SENT", "S.", reply=True), following("SYN_SENT", ".", reply=False)
    ('SYN_RECV', None)
    """
    word = TABLES[reply][kind_of(flags), state or "NONE"]
    if word == "-":
        return None
    return state if word == "." else SHORT[word]


def may_begin(flags: str, *, loose: bool) -> bool:
    """Whether a segment can open an entry: a SYN; and mid-stream, an ACK if conntrack is ``loose``."""
    return kind_of(flags) == "syn" or (loose and kind_of(flags) == "ack")


def starts_anew(state: str, flags: str) -> bool:
    """Whether a SYN makes a finished entry give way to a new connection."""
    return kind_of(flags) == "syn" and state in ("TIME_WAIT", "CLOSE")
