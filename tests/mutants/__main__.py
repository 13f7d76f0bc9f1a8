"""Plant every mistake of the table in a copy of lmcore and see which the tests miss.

    python -m tests.mutants [word ...]

Words choose mutants by file or mistake. Two run at a time; each runs only the test file named with
it. Exit status 0 if all are killed, 1 if one survives or spoils the run itself, 2 if the table no
longer fits the code.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from queue import SimpleQueue

from .table import MUTANTS, misfits

ROOT = Path(__file__).resolve().parents[2]
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def copy_of_the_code(folder):
    """lmcore, its scripts and tests in a folder of their own, where nothing else is imported."""
    left_out = shutil.ignore_patterns("__pycache__", "benchmarks", "mutants")
    for name in ("lmcore", "tools", "tests"):
        shutil.copytree(ROOT / name, folder / name, ignore=left_out)
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def run_tests(folder, tests, timeout):
    """Exit status of pytest inside the folder (None: time-out), and the end of what it said."""
    # Byte code is not written: a change within the same second and of the same length would not be
    # seen.
    environment = {
        **os.environ,
        **ONE_THREAD,
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": str(folder),
    }
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-x",
        "-q",
        "-p",
        "no:cacheprovider",
        "--hypothesis-seed=0",
        *tests.split(),
    ]
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=timeout
        )
    except subprocess.TimeoutExpired:
        return None, f"no end after {timeout:.0f} s"
    return done.returncode, (done.stdout + done.stderr)[-1500:]


def try_mutant(mutant, folders, timeout):
    """Plant one mistake in a free folder, run its tests, take it out again."""
    folder = folders.get()
    path = folder / mutant.file
    original = path.read_text(encoding="utf-8")
    try:
        path.write_text(original.replace(mutant.old, mutant.new), encoding="utf-8")
        return run_tests(folder, mutant.tests, timeout)
    finally:
        path.write_text(original, encoding="utf-8")
        folders.put(folder)


def try_unharmed(tests, folders):
    """Run tests with nothing planted: status, output, seconds."""
    folder, started = folders.get(), time.monotonic()
    try:
        return *run_tests(folder, tests, timeout=None), time.monotonic() - started
    finally:
        folders.put(folder)


def verdict(status):
    """pytest's exit status in a word: 1 is failing tests, 2 and more that they never ran."""
    return {0: "SURVIVED", 1: "killed", None: "killed (time-out)"}.get(status, "SPOILED")


def main():
    parser = argparse.ArgumentParser(
        prog="python -m tests.mutants", description=__doc__.splitlines()[0]
    )
    parser.add_argument(
        "words", nargs="*", help="only mutants whose file or mistake holds one of these"
    )
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    chosen = [
        mutant
        for mutant in MUTANTS
        if not arguments.words
        or any(word in f"{mutant.file} {mutant.mistake}" for word in arguments.words)
    ]
    stale = misfits(chosen, ROOT)
    if stale or not chosen:
        print("\n".join(stale) or f"no mutant mentions {' or '.join(arguments.words)}")
        return 2
    with tempfile.TemporaryDirectory() as scratch:
        folders = SimpleQueue()
        for number in range(arguments.jobs):
            folders.put(copy_of_the_code(Path(scratch) / str(number)))
        return hunt(chosen, folders, arguments.jobs)


def hunt(chosen, folders, jobs):
    """Run the unharmed tests once, then every mutant; print as they end; the exit status."""
    started, left, limits = time.monotonic(), [], {}
    with ThreadPoolExecutor(jobs) as pool:
        suites = sorted({mutant.tests for mutant in chosen})
        for tests, (status, said, seconds) in zip(
            suites, pool.map(lambda tests: try_unharmed(tests, folders), suites)
        ):
            if status != 0:
                print(f"{tests} fails without any mutant:\n{said}")
                return 1
            # a mutant that loops for ever is noticed too
            limits[tests] = 120 + 5 * seconds
        print(f"{len(chosen)} mutants; their {len(suites)} test files pass unharmed", flush=True)
        running = {
            pool.submit(try_mutant, mutant, folders, limits[mutant.tests]): mutant
            for mutant in chosen
        }
        for count, future in enumerate(as_completed(running), start=1):
            mutant, (status, said) = running[future], future.result()
            print(
                f"[{count:>3}/{len(chosen)}] {verdict(status):<9} {mutant.file}: {mutant.mistake}",
                flush=True,
            )
            if not verdict(status).startswith("killed"):
                left.append((mutant, said))
    print(
        f"{len(chosen) - len(left)} of {len(chosen)} killed in {time.monotonic() - started:.0f} s"
    )
    for mutant, said in left:
        print(f"\n{mutant.file}: {mutant.mistake}\n- {mutant.old}\n+ {mutant.new}\n{said}")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
