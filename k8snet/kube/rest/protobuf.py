"""Protobuf's encoding: a message is a run of fields, each with its number and its kind.

Source: protobuf.dev, "Encoding".
"""

from __future__ import annotations

from collections.abc import Iterator

VARINT, FIXED_64, LENGTH, FIXED_32 = 0, 1, 2, 5
"""The kinds of a field's value on the wire."""


class Malformed(ValueError):
    """Bytes that are no message."""


def message(*fields: tuple[int, str | bytes | None]) -> bytes:
    r"""A message with these fields, each a number and a text or a message; None is left out.

    >>> message((1, "a"), (2, None), (3, message((1, "b"))))
    b'\n\x01a\x1a\x03\n\x01b'
    """
    parts = []
    for number, value in fields:
        if value is not None:
            data = value.encode() if isinstance(value, str) else value
            parts += [_varint(number << 3 | LENGTH), _varint(len(data)), data]
    return b"".join(parts)


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    found.append(number)
    return bytes(found)


def fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    r"""The fields of a message: each a number, and an integer or bytes. Malformed if it is none.

    >>> list(fields(b"\n\x01a\x10\x96\x01"))
    [(1, b'a'), (2, 150)]
    """
    at = 0
    while at < len(data):
        tag, at = _read_varint(data, at)
        kind = tag & 7
        if kind == VARINT:
            value, at = _read_varint(data, at)
            yield tag >> 3, value
            continue
        if kind == LENGTH:
            size, at = _read_varint(data, at)
        elif kind in (FIXED_64, FIXED_32):
            size = 8 if kind == FIXED_64 else 4
        else:
            raise Malformed(f"proto: illegal wireType {kind}")
        if at + size > len(data):
            raise Malformed("unexpected EOF")
        yield tag >> 3, data[at : at + size]
        at += size


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    number = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            raise Malformed("unexpected EOF")
        number |= (data[at] & 0x7F) << shift
        at += 1
        if data[at - 1] < 0x80:
            return number, at
    raise Malformed("proto: integer overflow")
