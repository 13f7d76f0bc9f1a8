"""Say how students' code is shut in on this machine, and fail if that is not what was expected.

    python tests/machines/isolation.py allowed | refused

for a machine that allows namespaces, or refuses them and has the second level.
"""

import sys

from nbjudge.sandbox.isolation import find_method

EXPECTED = {"allowed": "namespaces", "refused": "landlock"}

if __name__ == "__main__":
    method = find_method()
    print(method)
    sys.exit(not method.startswith(EXPECTED[sys.argv[1]]))
