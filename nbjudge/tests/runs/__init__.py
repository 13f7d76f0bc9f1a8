"""Whole classes graded: undisturbed, stopped, damaged, large."""
