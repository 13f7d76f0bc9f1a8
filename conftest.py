"""What all tests share: Ctrl-C works, recorded tables are printed, and skips say what was lacking.

Where REQUIRE_ALL is set, a test must not be skipped for want of a program.
"""

import functools
import os
import re
import signal

import pytest

# the tests were started in the background of a shell script
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # and commands that they interrupt would inherit that
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_terminal_summary(terminalreporter):
    """Print the tables that tests recorded (`record_property("table", …)`): they are to be read, not only asserted."""
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, table in getattr(report, "user_properties", ()):
                if name == "table" and report.when == "call":
                    terminalreporter.section(report.nodeid)
                    terminalreporter.write_line(table)


@functools.cache
def no_sandbox():
    """Why students' code cannot be shut in on this machine, in a line; None if it can."""
    from nbjudge.sandbox.errors import SandboxUnavailable
    from nbjudge.sandbox.system import require_linux

    try:
        require_linux()
        from nbjudge.sandbox.isolation import find_method

        find_method()
    except SandboxUnavailable as error:
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
    if call.excinfo and call.excinfo.typename == "SandboxUnavailable" and no_sandbox():
        where = str(item.path), item.reportinfo()[1] or 0
        report.outcome = "skipped"
        report.longrepr = (*where, f"NOT GRADED: {no_sandbox()}")
    return report


@pytest.fixture(scope="session")
def sandbox():
    """For a test that starts the grader as a program: a sandbox can be made here, or the test is skipped."""
    if no_sandbox():
        pytest.skip(f"NOT GRADED: {no_sandbox()}")
