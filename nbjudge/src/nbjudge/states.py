"""What can become of a notebook that was handed in."""

GRADED = "graded"
# the same as when it was graded
UNCHANGED = "unchanged"
# the grader's own processes failed
FAILED = "failed"
# what was handed in cannot be read
UNREADABLE = "unreadable"
# the source of its assignment cannot be used
REFUSED = "refused"
# the worst first
WITHOUT_GRADE = (FAILED, UNREADABLE, REFUSED)
