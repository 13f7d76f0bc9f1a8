"""Values of options, checked before any work: none may quietly cost a whole class its points."""

import argparse
import math
import re
from urllib.parse import urlsplit

UNITS = {"M": 1 << 20, "G": 1 << 30}
# what Python with NumPy and its threads maps before a student's first line has run
LEAST_MEMORY = 512 << 20
LEAST_SECONDS = 1.0


def memory(text):
    """Bytes of a size that is written with its unit, M or G; MiB and MB are the same.

    Examples
    --------
    >>> memory("2GiB") == 2 << 30
    True
    >>> memory("1")
    Traceback (most recent call last):
    argparse.ArgumentTypeError: '1' is no size with its unit: write 2GiB or 1500MiB
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([MG])(?:i?B)?\s*", text, re.IGNORECASE)
    if found is None:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no size with its unit: write 2GiB or 1500MiB"
        )
    size = int(float(found[1]) * UNITS[found[2].upper()])
    if size < LEAST_MEMORY:
        raise argparse.ArgumentTypeError(
            f"{text} is too little to start a notebook: give {LEAST_MEMORY >> 20}MiB or more"
        )
    return size


def seconds(text):
    """A time of at least a second.

    Examples
    --------
    >>> seconds("2.5")
    2.5
    """
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not LEAST_SECONDS <= value < math.inf:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no time limit: give {LEAST_SECONDS:g} second or more"
        )
    return value


def count(text):
    """A whole number above zero.

    Examples
    --------
    >>> count("2")
    2
    """
    return _whole(text, 1)


def seed(text):
    """A seed: a whole number, zero included.

    Examples
    --------
    >>> seed("-1")
    Traceback (most recent call last):
    argparse.ArgumentTypeError: '-1' is not a whole number of at least 0
    """
    return _whole(text, 0)


def port(text):
    """A port of this machine; 0 means any that is free.

    Examples
    --------
    >>> port("8000")
    8000
    >>> port("70000")
    Traceback (most recent call last):
    argparse.ArgumentTypeError: '70000' is no port: give a number from 1 to 65535, or 0 for any
    """
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no port: give a number from 1 to 65535, or 0 for any"
        )
    return int(text)


def _whole(text, least):
    try:
        value = int(text)
    except ValueError:
        value = least - 1
    if value < least:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least {least}")
    return value


def scheduler(text):
    """The address of a Dask scheduler, with protocol and port.

    Examples
    --------
    >>> scheduler("tcp://10.0.0.5:8786")
    'tcp://10.0.0.5:8786'
    >>> scheduler("localhost")
    Traceback (most recent call last):
    argparse.ArgumentTypeError: 'localhost' is no scheduler's address: write tcp://HOST:PORT or tls://HOST:PORT
    """
    try:
        parts = urlsplit(text)
        whole = parts.scheme in ("tcp", "tls") and parts.hostname and parts.port
    except ValueError:  # a port that is no number
        whole = False
    if not whole:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no scheduler's address: write tcp://HOST:PORT or tls://HOST:PORT"
        )
    return text
