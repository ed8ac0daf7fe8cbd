"""A long input of iptables-restore in pieces, each short enough for one message to the kernel.

Who is not root outside may not raise a socket's buffer (SO_SNDBUFFORCE), and iptables-nft sends a whole input at once: 300
lines of kube-proxy's are ``Message too long``, 200 are not. In pieces all is as it would have been, but not at one moment.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

MOST_LINES = 200


def pieces(words: Sequence[str], text: str, most: int = MOST_LINES) -> Iterator[tuple[list[str], str]]:
    r"""Command and input of each piece; a command with another input than a long one of iptables-restore is the only piece.

    What is in a table is cleared by the first piece about it, if at all.

    >>> text = "*nat\n:A - [0:0]\n:B - [0:0]\n-A A -j B\nCOMMIT\n"
    >>> [" ".join([*words, *piece.split()]) for words, piece in pieces(["iptables-restore"], text, 2)]
    ['iptables-restore *nat :A - [0:0] :B - [0:0] COMMIT', 'iptables-restore --noflush *nat -A A -j B COMMIT']
    """
    lines = text.splitlines()
    if "iptables-restore" not in words or len(lines) <= most:
        yield list(words), text
        return
    for table, body in _tables(lines):
        for start in range(0, len(body), most):
            flags = ["--noflush"] if start and "--noflush" not in words else []
            yield [*words, *flags], "\n".join([table, *body[start : start + most], "COMMIT", ""])


def _tables(lines: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Each table's line with those up to its COMMIT."""
    table, body = "", list[str]()
    for line in lines:
        if line.startswith("*"):
            table, body = line, []
        elif line == "COMMIT":
            yield table, body or [""]
        else:
            body.append(line)
