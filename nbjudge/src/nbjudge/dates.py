"""Dates that mean one moment: read strictly, shown in local time and in UTC."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

EXAMPLES = '"2026-03-01 23:59 UTC", "2026-03-01 23:59 +01:00" or "2026-03-01 23:59 Europe/Berlin"'
DATE = re.compile(
    r"(?P<day>\d{4}-\d{2}-\d{2})(?:[ T](?P<time>\d{2}:\d{2}(?::\d{2})?))? ?(?P<zone>\S+)?"
)
OFFSET = re.compile(r"(?:UTC|GMT)?([+-]\d{2}):?(\d{2})")
SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*([dhwm])")
UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def moment(text):
    """A date with its time and its zone.

    Parameters
    ----------
    text : str
        The year first; the zone is UTC, an offset, or a place such as Europe/Berlin.

    Returns
    -------
    datetime
        In UTC.

    Raises
    ------
    ValueError
        If the text could mean several moments; the message says what is missing.

    Examples
    --------
    >>> moment("2026-03-01 23:59 Europe/Berlin").strftime("%Y-%m-%d %H:%M")
    '2026-03-01 22:59'
    >>> moment("2026-03-01 23:59")
    Traceback (most recent call last):
    ValueError: the date '2026-03-01 23:59' names no time zone: write "2026-03-01 23:59 UTC", \
"2026-03-01 23:59 +01:00" or "2026-03-01 23:59 Europe/Berlin"
    """
    found = DATE.fullmatch(text.strip())
    if found is None:
        raise ValueError(
            f"the date {text!r} is none, or can be read in several ways: write {EXAMPLES}"
        )
    if not found["time"]:
        raise ValueError(
            f"the date {text!r} names no time, and may be that day's start or its end: write"
            f" {EXAMPLES}"
        )
    if not found["zone"]:
        raise ValueError(f"the date {text!r} names no time zone: write {EXAMPLES}")
    try:
        naive = datetime.fromisoformat(f"{found['day']} {found['time']}")
    except ValueError as error:
        raise ValueError(f"the date {text!r} is none ({error}): write {EXAMPLES}") from None
    return _placed(naive, found["zone"], text).astimezone(UTC)


def _placed(naive, zone, text):
    if zone.upper() in ("UTC", "Z"):
        return naive.replace(tzinfo=UTC)
    if offset := OFFSET.fullmatch(zone):
        span = timedelta(hours=abs(int(offset[1])), minutes=int(offset[2]))
        return (naive - (span if offset[1][0] == "+" else -span)).replace(tzinfo=UTC)
    try:
        if "/" not in zone:
            raise ZoneInfoNotFoundError
        first, second = (naive.replace(tzinfo=ZoneInfo(zone), fold=fold) for fold in (0, 1))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(
            f"the time zone {zone!r} in {text!r} has several meanings or none: write {EXAMPLES}"
        ) from None
    if first.utcoffset() != second.utcoffset():
        raise ValueError(
            f"the clocks of {zone} are changed at {text!r}: give the time in UTC or with its offset"
        )
    return first


def due(text):
    """A due date, or None for the word that takes it away.

    Examples
    --------
    >>> due("none") is None, due("2026-03-01 23:59 UTC").hour
    (True, 23)
    """
    return None if text.strip().lower() == "none" else moment(text)


def shown(when):
    """A moment in this machine's time and in UTC.

    Parameters
    ----------
    when : datetime
        With its zone, or in UTC as the gradebook has it.

    Examples
    --------
    >>> shown(moment("2026-03-01 23:59 UTC")).endswith("2026-03-01 23:59 UTC")
    True
    """
    when = when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    local = when.astimezone()
    said = f"{when:%Y-%m-%d %H:%M} UTC"
    if local.utcoffset() == timedelta(0):
        return said
    return f"{local:%Y-%m-%d %H:%M} {local.tzname()}, {said}"


def stamp(when):
    """A moment as timestamp.txt has it.

    Examples
    --------
    >>> stamp(moment("2026-03-01 23:59 UTC"))
    '2026-03-01 23:59:00 UTC'
    """
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def naive_utc(when):
    """A moment as nbgrader's gradebook stores it: in UTC, without its zone."""
    return when.astimezone(UTC).replace(tzinfo=None)


def span(text):
    """A length of time: minutes, hours, days or weeks.

    Examples
    --------
    >>> span("3d"), span("36h")
    (datetime.timedelta(days=3), datetime.timedelta(days=1, seconds=43200))
    """
    found = SPAN.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is no length of time: write 3d, 36h, 90m or 1w")
    return timedelta(**{UNITS[found[2]]: float(found[1])})
