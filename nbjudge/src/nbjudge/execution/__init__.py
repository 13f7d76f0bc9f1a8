"""One notebook from start to end: students' cells in a sandbox, tests beside them."""
