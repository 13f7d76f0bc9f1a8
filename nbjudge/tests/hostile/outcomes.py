"""Every hostile or unlucky case of `cases` through both graders, and the guide's table of what came
of it.

    python nbjudge/tests/hostile/outcomes.py ours [CASE ...]    nbjudge on all cases, or on these
    python nbjudge/tests/hostile/outcomes.py stock [CASE ...]   stock nbgrader on those that it has
                                                                not been given yet, or on these
    python nbjudge/tests/hostile/outcomes.py table              writes the table into the guide,
                                                                its sum into nbjudge/README.md

A case is handed in beside an honest neighbour, `honest-01`, whose turn comes after it. nbjudge
grades a class of cases in one run, at each level of isolation; stock nbgrader gets each case in a
throwaway machine (see `throwaway`), with a limit of 6 s per cell and 75 s for the two notebooks,
which takes about an hour of two cores, and root. What was seen is kept in outcomes.json as the
words below; none means that all is as it should be.
"""

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

HERE = Path(__file__).resolve().parent
HOME = HERE.parents[2]
sys.path[:0] = [str(HERE.parent), str(HOME / "tests")]

from bookreader import put_between

from hostile.arena import CHAPTER, DUE, RIGHT_A, TOKENS, make_course, submit
from hostile.cases import CASES, Case

STORE, GUIDE = HERE / "outcomes.json", HOME / "book" / "instructors.md"
README = HOME / "nbjudge" / "README.md"
CELL_SECONDS, RUN_SECONDS, AT_ONCE = 6, 75, 3
NEIGHBOUR = "honest-01"
# the levels of isolation that have a column each
OURS = ("namespaces", "landlock")
UNHELD = {"network-vsock": "a throwaway machine's network does not hold these sockets"}
WORDS = {
    "others": "others got no grade or a wrong one",
    "hung": f"the run did not end in {RUN_SECONDS} s",
    "more": "more points than the code is worth",
    "less": "fewer points than the code is worth, or none",
    "unsaid": "not gradable, and nobody was told why",
    "read": "hidden tests in the student's own outputs",
    "changed": "files of the course or the system changed",
    "network": "a connection out",
    "alive": "processes that stay",
    "script": "a script that runs on the feedback page",
}


# Of the dangers on a page, those that act by themselves or at a click.
RUNS = re.compile(r"^(script|iframe|object|embed)$|, 'on|javascript:|vbscript:")


# ---- what came of a case


def image_of(home, place):
    """What no submission may change."""
    import numpy

    import lmcore
    from hostile.test_hostile import image

    folders = [home / "solutions", home / "submitted", home / "exercises", place]
    files = [home / "nbgrader_config.py", Path(numpy.__file__), Path(lmcore.__file__)]
    return (
        [image(folder) for folder in folders]
        + [file.read_bytes() for file in files]
        + [os.path.lexists(path) for path in ("/evil", "/usr/evil", home / "autograded" / "evil")]
    )


def words_for(case, scores, neighbour):
    """What the scores say.

    They are {grade_id: score} of the case and of its neighbour, None where there is no grade.
    """
    found = []
    if neighbour is None or (neighbour.get("a-tests"), neighbour.get("b-tests")) != (10, 10):
        found.append("others")
    if case.b is None:
        return found + (["more"] if scores and sum(score or 0 for score in scores.values()) else [])
    got = [None if scores is None else scores.get(name) for name in ("a-tests", "b-tests")]
    pairs = list(zip(got, (case.a, case.b)))
    if any(score is not None and score > worth for score, worth in pairs):
        found.append("more")
    if case.exact and any((score or 0) < worth for score, worth in pairs):
        found.append("less")
    return found


def texts_of(home, name):
    """What a student's own cells print, and the feedback page; empty where there is none."""
    printed, page = "", ""
    notebook = home / "autograded" / name / CHAPTER / "exercises.ipynb"
    if notebook.is_file():
        for cell in json.loads(notebook.read_text(errors="replace"))["cells"]:
            meta = (
                cell["metadata"].get("nbgrader", {}) if isinstance(cell["metadata"], dict) else {}
            )
            if not (meta.get("grade") and meta.get("locked")):
                printed += json.dumps(cell.get("outputs", []))
    target = home / "feedback" / name / CHAPTER / "exercises.html"
    if target.is_file():
        page = target.read_text(encoding="utf-8", errors="replace")
    return printed, page


def words_on_pages(home, name):
    """What the outputs and the page say, beside the page of the honest neighbour."""
    from hostile.test_hostile import Dangers

    printed, page = texts_of(home, name)
    found = ["read"] if any(token in printed for token in TOKENS) else []

    def running(text):
        return Counter(danger for danger in map(str, Dangers(text).found) if RUNS.search(danger))

    ordinary = texts_of(home, NEIGHBOUR)[1]  # stock's pages hold scripts of their own
    if ordinary and running(page) - running(ordinary):
        found.append("script")
    return found


def hidden_on(home, name):
    """Whether the feedback page shows a hidden test; None without a page."""
    page = texts_of(home, name)[1]
    return any(token in page for token in TOKENS) if page else None


def student(name):
    """Who hands a case in: somebody whose name comes before the neighbour's."""
    return name if name == NEIGHBOUR else f"0-{name}"


def alive(mark):
    """Whether a process with this number in its command line is left."""
    import psutil

    return any(
        mark in " ".join(process.info["cmdline"] or [])
        for process in psutil.process_iter(["cmdline"])
        if process.pid != os.getpid()
    )


class Course:
    """The arena in a folder, with a host that can be attacked; `template` is such a course made
    before.
    """

    def __init__(self, tmp, names, template):
        from hostile.test_hostile import Host, filled

        self.host, self.home, self.mark = (
            Host(tmp),
            tmp / "course",
            f"{90000 + os.getpid() % 9999}.5",
        )
        shutil.copytree(template, self.home)
        places = {
            "place": self.host.place,
            "course": self.home,
            "port": self.host.port,
            "mark": self.mark,
        }
        for name in names:
            submit(self.home, self.home, student(name), filled(CASES[name], **places))
        if NEIGHBOUR not in names:
            submit(self.home, self.home, NEIGHBOUR, Case("honest", RIGHT_A))
        os.environ["ARENA_SECRET"] = "41.1257"
        self.before = image_of(self.home, self.host.place)

    def harm(self):
        """What was done to the host."""
        done = {
            "changed": image_of(self.home, self.host.place) != self.before,
            "network": self.host.reached(),
            "alive": alive(self.mark),
        }
        return [word for word, it_is in done.items() if it_is]


# ---- the two graders


def ours(names, template, level):
    """{case: (words, hidden test on the page)} of our grader at a level of isolation.

    All are graded in one run; harm to the host counts against each of them.
    """
    from nbjudge.course import course_config
    from nbjudge.records import gradebook as writer
    from nbjudge.records import scores as export
    from nbjudge.run import grade_class

    from hostile.test_hostile import LIMITS

    with tempfile.TemporaryDirectory() as tmp:
        course, found = Course(Path(tmp), names, template), {}
        graded = grade_class(
            course.home, due=DUE, limits=LIMITS, isolation=level, say=lambda line: None
        )
        rows = {row.student: row for row in graded}
        book = writer.Writer(course_config(course.home))
        scores = {
            who: {name: cell.earned for name, cell in found.cells.items()}
            for (who, _), found in export.scores(book.book, CHAPTER).items()
        }
        book.close()
        harm = course.harm()
        for name in names:
            who = student(name)
            said = words_for(
                CASES[name],
                scores.get(who) if rows[who].score is not None else None,
                scores.get(NEIGHBOUR),
            )
            if CASES[name].b is None and not (rows[who].state == "unreadable" and rows[who].remark):
                said.append("unsaid")
            found[name] = (
                said + harm + words_on_pages(course.home, who),
                hidden_on(course.home, who),
            )
    return found


STOCK = (
    "import sys; from hostile import stock; stock.grade(sys.argv[1], sys.argv[1], sys.argv[2], feedback=True,"
    " seconds=float(sys.argv[3]))"
)
QUIET = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}


def stock_inside(name, template):
    """Words for one case with stock nbgrader; run this in a machine that is thrown away."""
    from hostile import stock as plain

    with tempfile.TemporaryDirectory() as tmp:
        course = Course(Path(tmp), [name], template)
        process = subprocess.Popen(
            [sys.executable, "-c", STOCK, str(course.home), CHAPTER, str(CELL_SECONDS)],
            cwd=HERE.parent,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            process.wait(RUN_SECONDS)
            said = []
        except subprocess.TimeoutExpired:
            process.kill()
            said = ["hung"]
        scores = plain.scores(plain.config_of(course.home, course.home), CHAPTER)
        graded = {
            who
            for who in scores
            if (course.home / "autograded" / who / CHAPTER / "exercises.ipynb").is_file()
        }
        said += words_for(
            CASES[name],
            *[scores[who] if who in graded else None for who in (student(name), NEIGHBOUR)],
        )
        return said + course.harm() + words_on_pages(course.home, student(name)), hidden_on(
            course.home, student(name)
        )


def stock(name, template):
    """(words, hidden test on the page) of stock nbgrader; None where no machine could tell."""
    from hostile import throwaway

    command = [sys.executable, str(HERE / "outcomes.py"), "inside", name, str(template)]
    said = throwaway.run(command, RUN_SECONDS + 90, QUIET)
    lines = [line for line in said.splitlines() if line.startswith("[[")]
    return json.loads(lines[-1]) if lines else None


def by_turns():
    """All cases, one of each kind after the other, so that a run cut short has seen every kind."""
    kinds = {}
    for name, case in CASES.items():
        kinds.setdefault(case.kind, []).append(name)
    return [
        names[i]
        for i in range(max(map(len, kinds.values())))
        for names in kinds.values()
        if i < len(names)
    ]


def run_ours(names):
    """Ours on these cases, at each level of isolation, a class of them at a time."""
    with tempfile.TemporaryDirectory() as tmp:
        clean = make_course(Path(tmp, "clean"))
        for kind in dict.fromkeys(CASES[name].kind for name in names):
            some = [name for name in names if CASES[name].kind == kind]
            for level in OURS:
                for name, (words, hidden) in ours(some, clean, level).items():
                    keep(name, **{level: words, f"{level}_page": hidden})
                seen = [record for record in kept().values() if record["kind"] == kind]
                now = time.strftime("%H:%M:%S")
                print(f"{level} {now} {kind}: {cell(seen, level)}", flush=True)


def run_stock(names):
    """Stock nbgrader on these cases, some at a time."""
    from nbgrader.converters import GenerateAssignment

    from hostile import stock as plain
    from nbjudge import course

    with tempfile.TemporaryDirectory() as tmp, ThreadPoolExecutor(AT_ONCE) as pool:
        registered = make_course(Path(tmp, "registered"))
        course.run(
            GenerateAssignment, plain.config_of(registered, registered), assignment_id=CHAPTER
        )
        for number, (name, found) in enumerate(
            zip(names, pool.map(partial(stock, template=registered), names)), 1
        ):
            print(
                f"stock {number}/{len(names)} {time.strftime('%H:%M:%S')} {name}: {found}",
                flush=True,
            )
            if found is not None:
                keep(name, stock=found[0], stock_page=found[1])


def kept():
    """{case: what was seen}, in the order of the cases."""
    found = json.loads(STORE.read_text()) if STORE.exists() else {}
    return {name: found[name] for name in CASES if name in found}


def digest(case):
    """A few letters that change with the case; of a function, what it is worth must do."""
    return hashlib.sha256(
        repr(case._replace(how=case.how if isinstance(case.how, str) else None)).encode()
    ).hexdigest()[:8]


def keep(name, **seen):
    """Add to outcomes.json, a line for each case; both graders may be at work."""
    with open(HERE / "outcomes.py") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        all_of_it = kept()
        all_of_it[name] = (
            all_of_it.get(name, {}) | {"kind": CASES[name].kind, "case": digest(CASES[name])} | seen
        )
        lines = [
            f"{json.dumps(case, ensure_ascii=False)}: {json.dumps(all_of_it[case])}"
            for case in CASES
            if case in all_of_it
        ]
        STORE.write_text("{\n" + ",\n".join(lines) + "\n}\n")


# ---- the table


def cell(records, grader):
    """What one grader made of a class of cases, in words."""
    seen = [record[grader] for record in records if grader in record]
    parts = [
        f"{text}: {count}"
        for word, text in WORDS.items()
        if (count := sum(word in words for words in seen))
    ]
    fair = sum(not words for words in seen)
    return f"{fair} of {len(seen)} as they should be" + "".join(f"; {part}" for part in parts)


def table(records):
    """The table in Markdown, and the sentences below it; `records` is what `kept` gives."""
    titles = [f"nbjudge, {level}" for level in OURS] + ["Stock nbgrader"]
    graders = [*OURS, "stock"]
    lines = ["| " + " | ".join(["Class", "Cases", *titles]) + " |", "| --- " * 5 + "|"]
    kinds = {}
    for record in records.values():
        kinds.setdefault(record["kind"], []).append(record)
    for kind, some in [*kinds.items(), ("all", list(records.values()))]:
        cells = [cell(some, grader) for grader in graders]
        lines.append("| " + " | ".join([kind, str(len(some)), *cells]) + " |")
    *ours, theirs = (
        [page for record in records.values() if (page := record.get(f"{grader}_page")) is not None]
        for grader in graders
    )
    ours = sum(ours, [])
    tried = sum("stock" in record for record in records.values())
    below = (
        f"Stock nbgrader was given {tried} of the {len(records)} cases, some of every class, each"
        f" in a machine that was thrown away, with {CELL_SECONDS} s per cell. Hidden tests stood on"
        f" {sum(ours)} of {len(ours)} feedback pages of nbjudge and on {sum(theirs)} of"
        f" {len(theirs)} of stock nbgrader. One case can show several things."
    )
    return "\n".join(lines) + "\n\n" + below


def row(records):
    """The row of the grader's README: how many of all cases came out as they should."""

    def fair(grader):
        seen = [record[grader] for record in records.values() if grader in record]
        return f"{sum(not words for words in seen)} of {len(seen)}"

    return (
        f"{ROW} {fair('namespaces')} in namespaces, {fair('landlock')} with Landlock |"
        f" {fair('stock')} tried |"
    )


ROW = "| hostile and unlucky submissions that come out as they should |"
# the row without its last column
WRITTEN_ROW = re.compile(re.escape(ROW) + r"[^|\n]*\|[^|\n]*\|")
BEGIN, END = (
    "<!-- outcomes: written by nbjudge/tests/hostile/outcomes.py -->",
    "<!-- end of outcomes -->",
)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["ours", *chosen]:
            run_ours(chosen or by_turns())
        case ["stock", *chosen]:
            run_stock(
                chosen
                or [
                    name
                    for name in by_turns()
                    if name not in UNHELD and "stock" not in kept().get(name, {})
                ]
            )
        case ["inside", name, template]:
            print(json.dumps(stock_inside(name, template)))
        case ["table"]:
            put_between(GUIDE, BEGIN, END, table(kept()))
            README.write_text(WRITTEN_ROW.sub(row(kept()), README.read_text()))
        case _:
            sys.exit(__doc__)
