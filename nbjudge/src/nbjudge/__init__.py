"""A grader for nbgrader courses that shuts students' code in and judges it from outside.

assignment/   what we ask: the source notebook compiled into cells, tests, points; its release
submission/   what came in, read without trust: collected, sanitised, flagged
execution/    one notebook from start to end: grade(spec, submission) -> Result
sandbox/      limits, namespaces, filter of system calls
records/      the one place that writes grades
reports/      feedback pages, the table in the terminal
run           a class; cli is the program `nbjudge`
"""

__version__ = "0.1.0"
