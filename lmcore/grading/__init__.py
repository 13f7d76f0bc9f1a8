"""From the source notebook to the grade: release, collection, autograding, feedback.

`solutions/NN-slug/exercises.ipynb` is the only file a person edits. `release` generates the
students' notebook from it and proves that nothing secret went along. Grading goes one way:

    spec        the source, compiled into cells, tests, points
    collect     what was handed in, read without trust
    sanitise    only the student's own text, everything else from the spec
    box/        limits, namespaces, filter of system calls, fork server
    student     runs the cells in the box          judge   runs the tests beside it, over `wire`
    engine      one notebook from start to end: grade(spec, submission) -> Result, pure and picklable
    pool        many of them: on this machine, or on any Dask scheduler
    writer      the one place that writes grades; export, feedback, flags, report read from there
    grade       a class; command is the program `lmcore-grade`

`check` is what test cells call, so importing this package must stay light. `hooks` and `course` serve nbgrader's own
commands, which keep working on the same files.
"""

import sys

# nbformat's validator would compile 38 grammars of internationalised addresses as it is imported,
# two seconds long in every command and every test, and no notebook has a field of that kind. None
# says that the package is not there.
sys.modules.setdefault("rfc3987_syntax", None)
