"""What all tests share: markers, Ctrl-C, recorded tables, and skips that say what was lacking.

Where REQUIRE_ALL is set, a test must not be skipped for want of a program.
"""

import functools
import os
import re
import signal
from pathlib import Path

import pytest

# the tests were started in the background of a shell script
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # and commands that they interrupt would inherit that
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Folders and files whose tests take more than a few seconds: they build a site, grade classes, run
# notebooks or train.
SLOW = [
    "book",
    "nbjudge/tests/hostile",
    "nbjudge/tests/ordinary",
    "nbjudge/tests/runs",
    "nbjudge/tests/units/test_selfgrade_attacks.py",
    "nbjudge/tests/units/test_verbs.py",
    "solutions",
    "tests/test_ci.py",
    "tests/test_equality.py",
    "tests/test_every_model.py",
    "tests/test_explorers.py",
    "tests/test_formats.py",
    "tests/test_graders.py",
    "tests/test_import_rule.py",
    "tests/test_live_code.py",
    "tests/test_make.py",
    "tests/test_mistakes.py",
    "tests/test_mutants.py",
    "tests/test_other_systems.py",
    "tests/test_practice.py",
    "tests/test_releases.py",
    "tests/test_sample_class.py",
    "tests/test_scaling_guide.py",
    "tests/test_site.py",
    "tests/test_site_tools.py",
    "tests/test_tools.py",
    "tests/test_ways.py",
]
# What takes longest, longest first. Several workers begin with it: who begins with what is short is
# left alone with what is long.
LONG = [
    "tests/test_formats.py",
    "nbjudge/tests/hostile/test_hostile.py",
    "tests/browser/test_accessibility.py",
    "tests/browser",
    "tests/test_equality.py",
    "nbjudge/tests/runs",
    "nbjudge/tests/hostile",
    "nbjudge/tests/sandbox",
    "tests/test_site.py",
    "nbjudge/tests/ordinary",
    "nbjudge/tests/units",
    "book/08-models",
    "book/07-decoding",
    "solutions",
    "book",
]
# Modules of which several workers take parts, and what keeps together: those of one parameter,
# which share a fixture that takes long, or no two.
SPREAD = {
    "nbjudge/tests/hostile/test_hostile.py": lambda nodeid: "hostile " + nodeid.partition("[")[2],
    "nbjudge/tests/ordinary/": str,
    "tests/browser/test_accessibility.py": str,
    "tests/test_equality.py": str,
    "tests/test_formats.py": str,
}
# What the tests that ask for these fixtures need of the machine.
NEEDS = {"browser": "browser", "database": "postgres", "nobodys": "root"}


def place(item):
    """Where a test stands, seen from here."""
    here = Path(__file__).parent
    return item.path.relative_to(here) if item.path.is_relative_to(here) else item.path


def turn(item):
    """The place in `LONG` of what a test belongs to."""
    path = place(item)
    return next((i for i, part in enumerate(LONG) if path.is_relative_to(part)), len(LONG))


def pytest_collection_modifyitems(config, items):
    """Mark tests by where they stand and by what they ask for; a worker begins with long ones."""
    if hasattr(config, "workerinput"):
        items.sort(key=turn)
    for item in items:
        path = place(item)
        if path.is_relative_to("tests/browser"):
            item.add_marker("browser")
        if any(path.is_relative_to(part) for part in SLOW):
            item.add_marker("slow")
        for fixture in NEEDS.keys() & set(getattr(item, "fixturenames", ())):
            item.add_marker(NEEDS[fixture])


@pytest.hookimpl(optionalhook=True, tryfirst=True)
def pytest_xdist_auto_num_workers(config):
    """What `-n auto` means: a worker more than there are cores, since many tests mostly wait."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """With `--dist loadscope` a module keeps to one worker; what is `SPREAD` does not.

    Modules are taken in the order in which they were collected, not the one with most tests first.
    """
    if config.getvalue("dist") != "loadscope":
        return None
    config.option.loadscopereorder = False
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            for part, scope in SPREAD.items():
                if nodeid.startswith(part):
                    return scope(nodeid)
            return super()._split_scope(nodeid)

    return Scheduling(config, log)


def pytest_terminal_summary(terminalreporter):
    """Print the tables that tests recorded (`record_property("table", …)`).

    They are to be read, not only asserted.
    """
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, table in getattr(report, "user_properties", ()):
                if name == "table" and report.when == "call":
                    terminalreporter.section(report.nodeid)
                    terminalreporter.write_line(table)


@functools.cache
def no_sandbox():
    """Why students' code cannot be shut in on this machine, in a line; None if it can."""
    from nbjudge.sandbox.errors import SandboxUnavailableError
    from nbjudge.sandbox.system import require_linux

    try:
        require_linux()
        from nbjudge.sandbox.isolation import find_method

        find_method()
    except SandboxUnavailableError as error:
        return str(error).partition("\n")[0]
    return None


# reasons for skipping a test that an installation takes away
NOT_INSTALLED = re.compile("no Chromium|no PostgreSQL|NO LIVE CELL|the site is not built")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Skip what needs a sandbox where none can be made; fail what may not be skipped."""
    report = yield
    if report.skipped and os.environ.get("REQUIRE_ALL"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
        if NOT_INSTALLED.search(reason):
            report.outcome = "failed"
            report.longrepr = f"REQUIRE_ALL is set, and this was to be skipped: {reason}"
    if call.excinfo and call.excinfo.typename == "SandboxUnavailableError" and no_sandbox():
        where = str(item.path), item.reportinfo()[1] or 0
        report.outcome = "skipped"
        report.longrepr = (*where, f"NOT GRADED: {no_sandbox()}")
    return report


@pytest.fixture(scope="session")
def sandbox():
    """For a test that starts the grader as a program.

    A sandbox can be made here, or the test is skipped.
    """
    if no_sandbox():
        pytest.skip(f"NOT GRADED: {no_sandbox()}")


@pytest.fixture(scope="module")
def warm():
    """One pair of fork servers for all runs of a module, which otherwise start their own."""
    from nbjudge.execution import servers

    with servers.kept():
        yield
