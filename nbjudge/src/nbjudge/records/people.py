"""The students of a course as the gradebook has them."""

import re
import unicodedata
from typing import NamedTuple

from nbgrader.api import Student
from sqlalchemy import Column, MetaData, String, Table, delete, insert, select

# letters that are no letter with an accent to Unicode, as platforms spell them in ASCII
SPELLED = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe", "ð": "d"})
# nbgrader has no place for it
withdrawn = Table("nbjudge_withdrawn", MetaData(), Column("student", String(128), primary_key=True))


class Person(NamedTuple):
    """One student; "" for what is not known."""

    id: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    # the learning platform's number
    lms_user_id: str = ""

    @property
    def name(self):
        """As lists have it: last name, first name."""
        return ", ".join(filter(None, (self.last_name, self.first_name)))


def everybody(book):
    """All students of a gradebook.

    Parameters
    ----------
    book : nbgrader.api.Gradebook

    Returns
    -------
    list of Person
        By their ids.
    """
    columns = [getattr(Student, name) for name in Person._fields]
    rows = book.db.execute(select(*columns).order_by(Student.id)).all()
    return [Person(*(value or "" for value in row)) for row in rows]


def enter(book, people):
    """Enter students; what a list does not say of a known one stays.

    Parameters
    ----------
    book : nbgrader.api.Gradebook
    people : list of Person
    """
    known = {one.id: one for one in book.db.execute(select(Student)).scalars()}
    for person in people:
        student = known.get(person.id)
        if student is None:
            student = Student(id=person.id)
            book.db.add(student)
        for name in Person._fields[1:]:
            if value := getattr(person, name):
                setattr(student, name, value)
    book.db.commit()


def away(book):
    """Ids of the students who have withdrawn."""
    return set(book.db.execute(select(withdrawn.c.student)).scalars())


def set_away(book, students):
    """Say who has withdrawn: these and nobody else."""
    book.db.execute(delete(withdrawn))
    if students:
        book.db.execute(insert(withdrawn), [{"student": name} for name in sorted(students)])
    book.db.commit()


def squeezed(text):
    """A name without what platforms leave out of it: case, accents, blanks, signs.

    Examples
    --------
    >>> squeezed("Müller, Ann-Marie"), squeezed("O'Brien"), squeezed("Łukasik")
    ('mullerannmarie', 'obrien', 'lukasik')
    """
    plain = unicodedata.normalize("NFKD", text.casefold().translate(SPELLED))
    return re.sub(r"[\W_]", "", "".join(c for c in plain if not unicodedata.combining(c)))


def fitting(people, name="", ids=(), email="", lms=""):
    """The students who may be meant by what a platform says.

    Parameters
    ----------
    people : list of Person
    name : str
        First and last name in either order.
    ids : sequence of str
        The student's id, if one of these is it.
    email, lms : str

    Returns
    -------
    list of Person
        One; none; or several of the same name.

    Examples
    --------
    >>> ann = Person("17", "Ann", "Bell", "ann@example.org", "10251")
    >>> fitting([ann], "bellann") == fitting([ann], lms="10251") == [ann]
    True
    """
    wanted = {one.casefold() for one in ids if one}
    for same in (
        lambda one: bool(lms) and one.lms_user_id == lms,
        lambda one: one.id.casefold() in wanted,
        lambda one: bool(email) and email.casefold() in (one.email.casefold(), one.id.casefold()),
    ):
        if found := [one for one in people if same(one)]:
            return found
    short = squeezed(name)
    return [
        one
        for one in people
        if short
        and short
        in (
            squeezed(one.first_name + one.last_name),
            squeezed(one.last_name + one.first_name),
        )
    ]
