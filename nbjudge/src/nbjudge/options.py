"""Options that several verbs share, and their answer in JSON."""

import json
import sys
from pathlib import Path


def chapters(verb, what):
    """Assignments, by number or name.

    Parameters
    ----------
    verb : argparse.ArgumentParser
    what : str
        What is meant if none is given.
    """
    verb.add_argument(
        "chapters",
        nargs="*",
        metavar="CHAPTER",
        help=f"number or name of an assignment; none means {what}",
    )


def places(verb):
    """Where the class's files and the gradebook are.

    Parameters
    ----------
    verb : argparse.ArgumentParser
    """
    verb.add_argument(
        "--root", type=Path, help="where submitted/ lies (default: the course's folder)"
    )
    verb.add_argument(
        "--db",
        metavar="URL",
        help="the gradebook, such as postgresql://user@host/name (default: gradebook.db)",
    )


def print_json(answer):
    """Plain data on standard output."""
    json.dump(answer, sys.stdout, indent=1)
    print()
