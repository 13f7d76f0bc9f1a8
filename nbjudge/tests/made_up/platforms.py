"""Exports of learning platforms, made up as their documentation describes them.

Each builder writes a file and returns its path. ``Hand`` is one file of one student.
"""

import stat
import zipfile
from typing import NamedTuple

GRADESCOPE_ENTRY = """{folder}:
  :submitters:
  - :name: {name}
    :sid: '{id}'
    :email: {email}
  :created_at: {time}
  :score: 0.0
  :status: ''
  :results: {{}}
"""


class Hand(NamedTuple):
    """One file that a student handed in."""

    name: str
    data: bytes
    id: str = ""
    number: int = 0
    file: str = "exercises.ipynb"
    email: str = ""
    time: str = ""


def zipped(path, files):
    """A zip of {name: bytes}."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def moodle(path, hands, folders=True):
    """Moodle's *Download all submissions*: ``Full name_1234_assignsubmission_file_/…``, or
    without folders ``Full name_1234_assignsubmission_file_exercises.ipynb`` (docs.moodle.org,
    Assignment activity; assign::download_submissions of Moodle).
    """
    between = "/" if folders else ""
    return zipped(
        path,
        {
            f"{one.name}_{one.number}_assignsubmission_file_{between}{one.file}": one.data
            for one in hands
        },
    )


def moodle_worksheet(path, hands, most="12.00"):
    """Moodle's offline grading worksheet (docs.moodle.org, Assignment settings: feedback types)."""
    lines = [
        "Identifier,Full name,ID number,Email address,Status,Grade,Maximum Grade,"
        "Grade can be changed,Last modified (submission),Last modified (grade),Feedback comments"
    ]
    lines += [
        f"Participant {one.number},{one.name},{one.id},{one.email},Submitted for grading - ,,"
        f'{most},Yes,"{one.time}",-,'
        for one in hands
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8-sig")
    return path


def canvas(path, hands):
    """Canvas's ``submissions.zip``: ``lastfirst_LATE_USER_FILE_name`` (Canvas's guide, "How do I
    download all student submissions for an assignment?"); `Hand.name` is "lastfirst" with or
    without _LATE, `Hand.id` the user's number.
    """
    return zipped(path, {f"{one.name}_{one.id}_{one.number}_{one.file}": one.data for one in hands})


def gradescope(path, hands):
    """Gradescope's *Export Submissions*: a folder for each submission and
    ``submission_metadata.yml`` over them all.
    """
    files, table = {}, "---\n"
    for one in hands:
        folder = f"submission_{one.number}"
        files[f"assignment_77_export/{folder}/{one.file}"] = one.data
        table += GRADESCOPE_ENTRY.format(folder=folder, **one._asdict())
    files["assignment_77_export/submission_metadata.yml"] = table.encode()
    return zipped(path, files)


def google(path, hands):
    """Google Classroom's folder in Drive, as Drive zips it: ``Name - title`` for the copies that
    were made for each student (Google's help, "Create an assignment").
    """
    return zipped(path, {f"Chapter 1/{one.name} - {one.file}": one.data for one in hands})


def linked(path, name, target):
    """Add a symbolic link to a zip."""
    with zipfile.ZipFile(path, "a") as archive:
        entry = zipfile.ZipInfo(name)
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(entry, target)
    return path


def renamed_bytes(path, before, after):
    """A zip whose file names hold other bytes, of the same number, as old programs wrote them."""
    assert len(before) == len(after)
    data = path.read_bytes()
    assert data.count(before) >= 2, "once before the file and once in the directory"
    path.write_bytes(data.replace(before, after))
    return path
