"""Ordinary assignments of other courses, each with the points that stock nbgrader gives."""
