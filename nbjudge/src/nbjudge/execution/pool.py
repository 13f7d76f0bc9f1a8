"""Where submissions are graded.

By threads of this process, each with a pair of fork servers, or on any Dask scheduler.

The work is done in the students' and the judges' processes; who waits for them needs no process of
its own.
"""

import contextlib
import os
import sys
import time
from concurrent.futures import FIRST_COMPLETED, CancelledError, ThreadPoolExecutor, wait
from itertools import islice

from nbjudge.execution import engine, servers
from nbjudge.files import AGAIN
from nbjudge.sandbox.errors import SandboxUnavailableError

# submissions on their way for each worker: enough to keep it busy
WINDOW = 8
# seconds that a scheduler may be without workers: some clusters start them when asked
DESERTED = 600.0
# seconds until a thread that computes lets those go on that wait for a box
SWITCH = 0.0005


def outcomes(spec, submissions, limits, isolation=None, workers=None, scheduler=None):
    """Grade submissions, whichever is ready first.

    Parameters
    ----------
    spec : Spec
    submissions : list of Submission
    limits : Limits
    isolation : str, optional
        See `engine.grade`.
    workers : int, optional
        Submissions graded at the same time on this machine. By default one for each core.
    scheduler : str, optional
        Address of a Dask scheduler, such as "tcp://10.0.0.5:8786", whose workers grade instead.

    Yields
    ------
    submission : Submission
    outcome : Result or Exception

    Raises
    ------
    RuntimeError
        If the scheduler is lost or has no workers for long; what was yielded stands.
    """
    if scheduler is None:
        with servers.kept():
            yield from _here(
                spec, submissions, limits, isolation, workers or len(os.sched_getaffinity(0))
            )
    else:
        with _client(scheduler) as client:
            yield from _on_cluster(client, spec, submissions, limits, isolation)


def _here(spec, submissions, limits, isolation, workers):
    waiting, owners, before = iter(submissions), {}, sys.getswitchinterval()
    threads = ThreadPoolExecutor(workers, "grading")
    sys.setswitchinterval(SWITCH)
    try:
        while True:
            for submission in islice(waiting, 2 * workers - len(owners)):
                owners[threads.submit(_attempt, spec, submission, limits, isolation)] = submission
            if not owners:
                return
            for future in wait(owners, return_when=FIRST_COMPLETED).done:
                yield owners.pop(future), future.result()
    finally:
        sys.setswitchinterval(before)
        for future in owners:
            future.cancel()
        while wait(owners, timeout=0).not_done:
            # ends what is still in a sandbox, and so the wait for it
            servers.close()
            wait(owners, timeout=0.2)
        threads.shutdown()


@contextlib.contextmanager
def _client(scheduler):
    """A connection to a scheduler."""
    import logging

    import dask
    from distributed import Client

    for name in ("distributed", "distributed.client"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    dask.config.set(
        {"distributed.comm.timeouts.connect": "30s", "distributed.scheduler.allowed-failures": 5}
    )
    with Client(scheduler, timeout=30, set_as_default=False) as client:
        yield client


def _on_cluster(client, spec, submissions, limits, isolation):
    from distributed import as_completed

    def submit(submission):
        future = client.submit(_attempt, spec, submission, limits, isolation, pure=False, retries=3)
        owners[future.key] = submission
        return future

    waiting, owners = iter(submissions), {}
    at_once = WINDOW * max(1, len(client.scheduler_info()["workers"]))
    ready = as_completed([submit(one) for one in islice(waiting, at_once)], loop=client.loop)
    for future in _finished(client, ready):
        submission = owners.pop(future.key)
        try:
            outcome = future.result()
        except CancelledError:
            raise RuntimeError(
                f"the scheduler {client.scheduler.address} was lost: start it and its workers"
                f" again, then {AGAIN}"
            ) from None
        except Exception as error:
            # the worker that had it ended, again and again
            outcome = error
        future.release()
        for more in islice(waiting, 1):
            ready.add(submit(more))
        yield submission, outcome


def _finished(client, ready):
    """The futures that are ready, as long as there is hope for more."""
    seen = time.monotonic()
    while not ready.is_empty():
        if ready.has_ready():
            yield next(ready)
        elif client.scheduler_info()["workers"]:
            seen = time.monotonic()
            time.sleep(0.02)
        elif time.monotonic() < seen + DESERTED:
            time.sleep(0.5)
        else:
            raise RuntimeError(
                f"the scheduler {client.scheduler.address} has had no workers for {DESERTED:g} s:"
                f" start some, then {AGAIN}"
            )


def _attempt(spec, submission, limits, isolation):
    """A result, or the exception that prevented one: for the caller to report."""
    try:
        return engine.grade(spec, submission, limits, isolation)
    except SandboxUnavailableError as error:
        return error
    except Exception as error:
        return RuntimeError(
            f"{type(error).__name__}: {error}"
            if not isinstance(error, RuntimeError)
            else str(error)
        )
