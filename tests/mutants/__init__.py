"""Mistakes planted on purpose in lmcore, each of which the tests must notice.

`table.MUTANTS` lists them; ``python -m tests.mutants`` plants them one at a time in a copy of the
code and runs the tests named with each; `tests/test_mutants.py` sees to it that the list still fits
the code.
"""
