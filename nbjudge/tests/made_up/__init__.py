"""A course of one small assignment, and classes for it: what the tests of the grader share."""
