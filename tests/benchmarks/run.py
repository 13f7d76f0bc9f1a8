"""lmcore and its peers side by side: python tests/benchmarks/run.py [name ...]     (make bench)

Every bench_*.py beside this file has a function `measurements()` that yields, one at a time,

    (what, lmcore's seconds, name of the peer, the peer's seconds, goal)

with `goal` the largest ratio of the two that design asks for, or None. An absolute limit is a peer
named "limit"; a sixth entry "bytes" says that both are sizes. Each file runs in a process of its
own, so that its peak memory is its own; a peer that is not installed is said so. Names on the
command line choose files: `run.py softmax ngram`.
"""

import importlib
import json
import os
import platform
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
LINE = "{:<52}{:>12}{:>12}  {:<13}{:>7}  {}"


def duration(seconds):
    """Three digits in the unit that suits."""
    for unit, size in (("s", 1), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def amount(n_bytes):
    """Three digits in MiB."""
    return f"{n_bytes / 2**20:.3g} MiB"


def machine():
    """What the figures were measured on."""
    try:
        cpu = next(
            line.split(":")[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        )
    except (OSError, StopIteration):
        cpu = platform.processor() or platform.machine()
    threads = os.environ.get("OPENBLAS_NUM_THREADS") or os.environ.get("OMP_NUM_THREADS") or "all"
    load = f", load {os.getloadavg()[0]:.1f} at the start" if hasattr(os, "getloadavg") else ""
    return (
        f"{cpu}, {os.cpu_count()} cores{load}; {platform.system()}, Python"
        f" {platform.python_version()}, numpy {np.__version__}, BLAS threads: {threads}"
    )


def measure(name):
    """In the process of one file: its rows as JSON, a line each, and last its peak memory."""
    sys.path.insert(0, str(HERE))
    for row in importlib.import_module(f"bench_{name}").measurements():
        print(json.dumps(row), flush=True)
    unit = 1 if sys.platform == "darwin" else 1024
    print(json.dumps({"peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit}))


def show(name):
    """Run one file in a process of its own and print its rows as they come.

    Returns what became of its goals.
    """
    outcome = []
    child = subprocess.Popen(
        [sys.executable, __file__, "--measure", name],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    for line in child.stdout:
        row = json.loads(line)
        if isinstance(row, dict):
            print(f"{'peak memory of ' + name:<52}{row['peak'] / 2**20:>9.0f} MiB")
            continue
        what, ours, peer, theirs, goal, *unit = row
        written = amount if unit else duration
        holds = goal is None or ours <= goal * theirs
        verdict = "" if goal is None else f"goal {goal:g}: {'holds' if holds else 'MISSED'}"
        print(
            LINE.format(
                what, written(ours), written(theirs), peer, f"{ours / theirs:.3g}", verdict
            ),
            flush=True,
        )
        if goal is not None:
            outcome.append((what, holds))
    error = child.stderr.read()
    if child.wait() != 0:
        last = (error.strip().splitlines() or ["no message"])[-1]
        missing = last.startswith("ModuleNotFoundError")
        remedy = " (the peers come with: pip install .[peers])" if "No module named" in last else ""
        print(f"{name}: {last}{remedy}", flush=True)
        if not missing:
            outcome.append((f"{name} stopped: {last}", False))
    return outcome


def main(arguments):
    if arguments[:1] == ["--measure"]:
        return measure(arguments[1])
    names = arguments or sorted(
        path.stem.removeprefix("bench_") for path in HERE.glob("bench_*.py")
    )
    unknown = [name for name in names if not (HERE / f"bench_{name}.py").exists()]
    if unknown:
        sys.exit(
            f"no benchmark named {unknown[0]}: there is no tests/benchmarks/bench_{unknown[0]}.py"
        )
    print(machine())
    print(LINE.format("", "lmcore", "peer", "", "ratio", ""))
    outcome = [goal for name in names for goal in show(name)]
    missed = [what for what, holds in outcome if not holds]
    print(f"{len(outcome) - len(missed)} of {len(outcome)} goals hold", *missed, sep="\n  missed: ")


if __name__ == "__main__":
    main(sys.argv[1:])
