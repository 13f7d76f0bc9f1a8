"""What all tests share: Ctrl-C works, and the tables that tests record are printed."""

import signal

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
