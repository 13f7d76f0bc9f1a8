"""One part of the grader at a time."""
