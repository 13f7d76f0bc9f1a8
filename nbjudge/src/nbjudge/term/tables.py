"""Tables as CSV: class lists and grading worksheets that learning platforms write, and our own.

Columns are found by their headings. A platform set to another language writes other headings; its
export is refused with the headings that are needed.
"""

import csv
import io
import re
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple

from nbjudge.files import replace
from nbjudge.records.people import Person

DELIMITERS = ",;\t"
NUMBER = re.compile(r"\D*(\d+)")
FORMULA = ("=", "+", "-", "@", "\t", "\r")
PLAIN_NUMBER = re.compile(r"-?\d+(\.\d+)?")
# Canvas's row of maxima, and its made-up student
NOT_STUDENTS = ("points possible", "student, test", "test student")


class Table(NamedTuple):
    """A CSV file's headings and rows."""

    columns: list
    # list of dict
    rows: list
    delimiter: str

    def column(self, *names):
        """The heading that is one of some names, whatever their case; None if there is none."""
        known = {column.strip().casefold(): column for column in self.columns}
        return next((known[name.casefold()] for name in names if name.casefold() in known), None)


class Participant(NamedTuple):
    """A row of Moodle's grading worksheet."""

    name: str
    id: str
    email: str
    # when it was handed in; None if it was not, or the date cannot be read
    time: datetime | None


def decoded(data):
    """Text in the encodings that spreadsheets write.

    Examples
    --------
    >>> decoded("Łukasik".encode("utf-8-sig")), decoded("Müller".encode("cp1252"))
    ('Łukasik', 'Müller')
    """
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def parsed(data):
    """A CSV file with commas, semicolons or tabs.

    Parameters
    ----------
    data : bytes

    Returns
    -------
    Table

    Examples
    --------
    >>> parsed(b"id;name\\n1;Ann").rows
    [{'id': '1', 'name': 'Ann'}]
    """
    text = decoded(data)
    first = text.partition("\n")[0]
    delimiter = max(DELIMITERS, key=first.count)
    lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    columns = [name.strip() for name in lines[0]] if lines else []
    rows = [
        dict(zip(columns, [*line, *[""] * len(columns)], strict=False))
        for line in lines[1:]
        if any(map(str.strip, line))
    ]
    return Table(columns, rows, delimiter)


def roster(data, name="the file"):
    """The students of a class list: Moodle's, Canvas's, or a plain one.

    Parameters
    ----------
    data : bytes
        The participants of a Moodle course, a Moodle grading worksheet or grade export, Canvas's
        gradebook, or a table with nbgrader's columns id, first_name, last_name, email, lms_user_id.
    name : str
        What to call it in an error.

    Returns
    -------
    list of Person

    Raises
    ------
    ValueError
        If no column names the students.

    Examples
    --------
    >>> roster(b"First name,Last name,ID number,Email address\\nAnn,Bell,17,ann@example.org")
    [Person(id='17', first_name='Ann', last_name='Bell', email='ann@example.org', lms_user_id='')]
    """
    table = parsed(data)
    if table.column("SIS Login ID", "SIS User ID") and table.column("Student", "Student Name"):
        people = _of_canvas(table)
    elif table.column("Full name", "First name", "Last name", "Surname", "Email address"):
        people = _of_moodle(table)
    elif table.column("id"):
        people = _plain(table)
    else:
        raise ValueError(
            f"{name} is no class list: it has the columns {', '.join(table.columns) or 'none'};"
            " export Moodle's participants or Canvas's gradebook in English, or write one with the"
            " columns id, first_name, last_name, email"
        )
    people = [one for one in people if one.id]
    double = {one.id for one in people if [two.id for two in people].count(one.id) > 1}
    if double:
        raise ValueError(
            f"{name} has several students with the id {', '.join(sorted(double))}: ids must differ"
        )
    return people


def _get(row, column):
    return (row.get(column) or "").strip() if column else ""


def _of_canvas(table):
    login, sis = table.column("SIS Login ID"), table.column("SIS User ID")
    student, number = table.column("Student", "Student Name"), table.column("ID")
    people = []
    for row in table.rows:
        name = _get(row, student)
        if name.casefold() in NOT_STUDENTS or not _get(row, number):
            continue
        last, _, first = map(str.strip, name.partition(","))
        user = _get(row, login) or _get(row, sis) or _get(row, number)
        email = user if "@" in user else ""
        people.append(Person(user, first, last, email, _get(row, number)))
    return people


def _of_moodle(table):
    first, last = table.column("First name"), table.column("Last name", "Surname")
    email = table.column("Email address")
    ids = table.column("ID number", "Student ID", "Username")
    people = []
    for row in table.rows:
        given, family = _get(row, first), _get(row, last)
        if not given and not family:
            given, _, family = _get(row, table.column("Full name")).rpartition(" ")
        user = _get(row, ids) or _get(row, table.column("Username")) or _get(row, email)
        people.append(Person(user, given, family, _get(row, email)))
    return people


def _plain(table):
    columns = [table.column(name) for name in Person._fields]
    return [Person(*(_get(row, column) for column in columns)) for row in table.rows]


def moodle_worksheet(data):
    """Moodle's grading worksheet: {participant's number: Participant}; None if it is none.

    Its dates are in the time zone of who downloaded it, which is taken for this machine's.

    Parameters
    ----------
    data : bytes

    Examples
    --------
    >>> rows = b"Identifier,Full name,Email address\\nParticipant 7,Ann Bell,ann@example.org"
    >>> moodle_worksheet(rows)["7"].name
    'Ann Bell'
    """
    table = parsed(data)
    number, name = table.column("Identifier"), table.column("Full name")
    if not number or not name:
        return None
    ids, email = table.column("ID number"), table.column("Email address")
    when = table.column("Last modified (submission)")
    return {
        match[1]: Participant(
            _get(row, name), _get(row, ids), _get(row, email), _moodle_time(_get(row, when))
        )
        for row in table.rows
        if (match := NUMBER.fullmatch(_get(row, number)))
    }


def classroom_roster(data):
    """GitHub Classroom's roster: {user: (identifier, name)}; None if it is none.

    Parameters
    ----------
    data : bytes
        classroom_roster.csv, as Classroom's tab *Students* offers it.

    Examples
    --------
    >>> classroom_roster(b"identifier,github_username,github_id,name\\n17,annb,5,Ann Bell")
    {'annb': ('17', 'Ann Bell')}
    """
    table = parsed(data)
    user, identifier = table.column("github_username"), table.column("identifier")
    if not user or not identifier:
        return None
    name = table.column("name")
    return {
        _get(row, user): (_get(row, identifier), _get(row, name))
        for row in table.rows
        if _get(row, user)
    }


def _moodle_time(text):
    """A date as Moodle writes it in English; None if it is none.

    Examples
    --------
    >>> _moodle_time("Sunday, 1 March 2026, 11:59 PM").strftime("%Y-%m-%d %H:%M")
    '2026-03-01 23:59'
    >>> _moodle_time("-") is None
    True
    """
    for form in ("%A, %d %B %Y, %I:%M %p", "%A, %B %d, %Y, %I:%M %p", "%A, %d %B %Y, %H:%M"):
        with suppress(ValueError):
            return datetime.strptime(text, form).astimezone()
    return None


def no_formula(text):
    """A text that no spreadsheet takes for a formula.

    Examples
    --------
    >>> no_formula("=1+1"), no_formula("Ann"), no_formula("-2.5")
    ("'=1+1", 'Ann', '-2.5')
    """
    if PLAIN_NUMBER.fullmatch(text):
        return text
    return f"'{text}" if text.startswith(FORMULA) else text


def write(path, rows):
    """Write a table as UTF-8 with the mark that Excel needs; nothing in it is taken for a formula.

    Parameters
    ----------
    path : path
    rows : list of sequence
        The headings first.
    """
    text = io.StringIO(newline="")
    csv.writer(text).writerows([no_formula(str(cell)) for cell in row] for row in rows)
    replace(path, text.getvalue().encode("utf-8-sig"))
