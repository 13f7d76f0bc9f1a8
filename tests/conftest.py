"""Hypothesis draws the same examples each time and does not fail where a machine is slow."""

from hypothesis import settings

settings.register_profile("course", deadline=None, derandomize=True)
settings.load_profile("course")

# programs to run, some with peers that need not be installed
collect_ignore = ["benchmarks", "machines", "mutants", "peers"]
