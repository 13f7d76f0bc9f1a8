"""Hostile and unlucky submissions, tried on this grader and on stock nbgrader."""
