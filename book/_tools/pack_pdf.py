"""A PDF as browsers print it, made small: all that describes it is put into compressed streams.

Chromium writes the tags that screen readers use as plain text, one object for each word: two thirds
of the book's file. PDF 1.5 keeps such objects in object streams (ISO 32000-1, 7.5.7) and says where
they are in a cross-reference stream (7.5.8).
"""

from __future__ import annotations

import re
import zlib

TOGETHER = 500  # objects in one stream
OBJECT = re.compile(rb"\s*(\d+) 0 obj\s*")
TRAILER = re.compile(rb"trailer\s*<<(.*?)>>\s*startxref", re.S)


def objects(content: bytes) -> dict[int, bytes]:
    """{number: content} of the objects that the cross-reference table of a PDF names."""
    start = int(content.rpartition(b"startxref")[2].split()[0])
    table = content[start : content.index(b"trailer", start)].split(b"\n")
    places = sorted(int(line[:10]) for line in table if line.rstrip().endswith(b" n"))
    found = {}
    for place, end in zip(places, [*places[1:], start]):
        head = OBJECT.match(content, place)
        if head is None:
            raise ValueError(f"there is no object at {place}: the table of the PDF is wrong")
        found[int(head.group(1))] = content[head.end() : content.rindex(b"endobj", place, end)]
    return found


def stream(entries: bytes, data: bytes) -> bytes:
    packed = zlib.compress(data, 9)
    head = b"<<%b/Filter/FlateDecode/Length %d>>" % (entries, len(packed))
    return head + b"\nstream\n" + packed + b"\nendstream\n"


def pack(content: bytes) -> bytes:
    """The same PDF with its objects in compressed streams."""
    plain = objects(content)
    loose = {number: body for number, body in plain.items() if b"stream" in body}
    small = [(number, body.strip()) for number, body in plain.items() if number not in loose]
    places: dict[int, tuple[int, int, int]] = {0: (0, 0, 65535)}  # kind, where, which
    last = max(plain)
    for first in range(0, len(small), TOGETHER):
        last += 1
        index, bodies = [], b""
        for order, (number, body) in enumerate(small[first : first + TOGETHER]):
            index.append(b"%d %d" % (number, len(bodies)))
            bodies += body + b"\n"
            places[number] = (2, last, order)
        head = b" ".join(index) + b"\n"
        entries = b"/Type/ObjStm/N %d/First %d" % (len(index), len(head))
        loose[last] = stream(entries, head + bodies)

    out = bytearray(b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n")
    for number, body in loose.items():
        places[number] = (1, len(out), 0)
        out += b"%d 0 obj\n" % number + body.rstrip() + b"\nendobj\n"
    start, number = len(out), last + 1
    places[number] = (1, start, 0)
    rows = b"".join(
        kind.to_bytes(1, "big") + where.to_bytes(4, "big") + which.to_bytes(2, "big")
        for kind, where, which in (places.get(n, (0, 0, 0)) for n in range(number + 1))
    )
    trailer = TRAILER.search(content, content.rindex(b"trailer"))
    if trailer is None:
        raise ValueError("the PDF has no trailer")
    kept = re.sub(rb"/Size\s+\d+", b"", trailer.group(1)).strip()
    table = b"/Type/XRef/W[1 4 2]/Size %d" % (number + 1) + kept
    return (
        bytes(out)
        + b"%d 0 obj\n" % number
        + stream(table, rows)
        + (b"endobj\nstartxref\n%d\n%%%%EOF\n" % start)
    )
