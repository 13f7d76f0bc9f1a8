"""From the source notebook to the grade: release, collection, autograding, feedback.

`solutions/NN-slug/exercises.ipynb` is the only file a person edits. `release` generates the students' notebook from it
and proves that nothing secret went along; `collect` decides what of a submission is the student's; `grade` runs
nbgrader over a class; `hooks` are the few steps this course adds to nbgrader's own; `check` is what test cells call.

This package is imported by test cells, so it must stay light: nbgrader is imported only by the modules that run it.
"""
