"""How much one submission may use."""

import resource
from dataclasses import dataclass

MIB = 1 << 20
# what the copies for tests may map beyond `memory`: an answer that has used all of it would leave
# them too little to say what the next answer gives
RESERVE = 64 * MIB


@dataclass(frozen=True)
class Limits:
    """Bounds for one submission; what goes beyond is cut off and told, and never ends the run.

    Attributes
    ----------
    cell_seconds, notebook_seconds : float
        Wall time of one cell or of the calls of one test, and of all cells together; tests have as
        much again.
    grace_seconds : float
        Between the interrupt of a cell that runs too long and the end of its process.
    memory : int
        Bytes a process may map, and bytes all processes may hold together; the copies for
        tests may map `RESERVE` more.
    processes : int
        Processes and threads together.
    disk : int
        Bytes of the scratch folder, which is held in memory.
    output : int
        Bytes of output kept of one cell.
    reply : int
        Bytes of one value that a student's function returns.
    extra : int
        Bytes of the files handed in beside the notebook.
    """

    cell_seconds: float = 60.0
    notebook_seconds: float = 300.0
    grace_seconds: float = 1.0
    memory: int = 3072 * MIB
    processes: int = 128
    disk: int = 256 * MIB
    output: int = MIB
    reply: int = 64 * MIB
    extra: int = 16 * MIB


def apply(limits, own_user=True):
    """Set the limits that hold for each process by itself.

    They cannot be raised again, but for the memory, by `RESERVE`. The number of processes counts
    all of one user's, so it is set only where the sandbox has a user of its own.
    """
    seconds = int(2 * limits.notebook_seconds) + 2
    bounds = {
        resource.RLIMIT_AS: limits.memory,
        resource.RLIMIT_FSIZE: limits.disk,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: 512,
        resource.RLIMIT_CPU: seconds,
    }
    if own_user:
        bounds[resource.RLIMIT_NPROC] = limits.processes
    for kind, most in bounds.items():
        hard = resource.getrlimit(kind)[1]
        highest = most + (RESERVE if kind == resource.RLIMIT_AS else 0)
        highest = highest if hard == resource.RLIM_INFINITY else min(highest, hard)
        resource.setrlimit(kind, (min(most, highest), highest))


def own_user(supervisor: int) -> int:
    """A user id that nobody has, for the submission of one supervisor.

    Limits on the number of processes count by user; no file and no other process is this user's.
    """
    with open("/proc/self/uid_map") as mapping:
        wide = any(int(line.split()[0]) == 0 and int(line.split()[2]) > 1 << 31 for line in mapping)
    return (1 << 30) + supervisor if wide else 50000 + supervisor % 10000
