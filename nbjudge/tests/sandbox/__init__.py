"""The sandbox by itself, without a notebook: what it holds, and the table of system calls."""
