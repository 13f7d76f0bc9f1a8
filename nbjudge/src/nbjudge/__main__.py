"""python -m nbjudge: the command where it is not on the PATH."""

import sys

from nbjudge.cli import main

if __name__ == "__main__":
    sys.exit(main())
