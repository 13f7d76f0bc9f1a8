"""Where submissions are graded: in this process, on a local Dask cluster, or on any Dask scheduler."""
import contextlib
import os
from itertools import islice

from . import engine

WINDOW = 8                                            # submissions on their way for each worker: enough to keep it busy
FEW = 6                                               # fewer submissions than this are not worth starting a cluster


def outcomes(spec, submissions, limits, way=None, workers=None, scheduler=None):
    """Grade submissions, whichever is ready first.

    Parameters
    ----------
    spec : Spec
    submissions : list of Submission
    limits : Limits
    way : str, optional
        See `engine.grade`.
    workers : int, optional
        Processes of a local cluster; 1 grades in this process. By default one for each core.
    scheduler : str, optional
        Address of a Dask scheduler, such as "tcp://10.0.0.5:8786", which takes the place of the local cluster.

    Yields
    ------
    submission : Submission
    outcome : Result or Exception
    """
    workers = workers or len(os.sched_getaffinity(0))
    if scheduler is None and (workers == 1 or len(submissions) < FEW):
        for submission in submissions:
            yield submission, _attempt(spec, submission, limits, way)
        return
    with _client(workers, scheduler) as client:
        yield from _on_cluster(client, spec, submissions, limits, way)


@contextlib.contextmanager
def _client(workers, scheduler):
    """A connection to a scheduler; one that is ours ends with it."""
    import logging

    import dask
    from distributed import Client, LocalCluster

    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    dask.config.set({"distributed.comm.timeouts.connect": "30s", "distributed.scheduler.allowed-failures": 5,
                     "distributed.worker.daemon": False, "distributed.admin.low-level-log-length": 0})
    with contextlib.ExitStack() as stack:
        if scheduler is None:
            scheduler = stack.enter_context(LocalCluster(
                n_workers=workers, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address="127.0.0.1:0",
                memory_limit=0, silence_logs=logging.CRITICAL))
        yield stack.enter_context(Client(scheduler, timeout=30, set_as_default=False))


def _on_cluster(client, spec, submissions, limits, way):
    from distributed import as_completed

    def submit(submission):
        future = client.submit(_attempt, spec, submission, limits, way, pure=False, retries=3)
        owners[future.key] = submission
        return future

    waiting, owners = iter(submissions), {}
    at_once = WINDOW * max(1, len(client.scheduler_info()["workers"]))
    ready = as_completed([submit(one) for one in islice(waiting, at_once)], loop=client.loop)
    for future in ready:
        submission = owners.pop(future.key)
        try:
            outcome = future.result()
        except Exception as error:                    # the worker that had it ended, again and again
            outcome = error
        future.release()
        for more in islice(waiting, 1):
            ready.add(submit(more))
        yield submission, outcome
    if owners:
        raise RuntimeError("the connection to the scheduler was lost; the same command continues where it stopped")


def _attempt(spec, submission, limits, way):
    """A result, or the exception that prevented one: for the caller to report."""
    try:
        return engine.grade(spec, submission, limits, way)
    except Exception as error:
        return RuntimeError(f"{type(error).__name__}: {error}" if not isinstance(error, RuntimeError) else str(error))
