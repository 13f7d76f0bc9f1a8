"""Servers that the tests of scale need, each as a context manager: PostgreSQL, and a Dask cluster
of several machines.
"""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

DASK = [sys.executable, "-m", "dask"]
# seconds until a test gives up: it waits no longer than it must, and a machine may be busy
PATIENCE = 300


def postgresql_programs():
    """The folder with initdb and pg_ctl, the newest if there are several; None if there is none."""
    folders = [Path(found).parent for found in [shutil.which("initdb")] if found]
    folders += sorted(
        Path("/usr/lib/postgresql").glob("*/bin"),
        key=lambda path: int(path.parent.name.split(".")[0]),
        reverse=True,
    )
    return next(
        (
            folder
            for folder in folders
            if (folder / "initdb").exists() and (folder / "pg_ctl").exists()
        ),
        None,
    )


class Database:
    """A PostgreSQL server of our own on a socket in a folder of its own.

    It refuses to run as root and then is somebody else's.
    """

    def __init__(self, programs, place):
        self.programs, self.place, self.made = programs, Path(place), 0
        self.account = {}
        if os.geteuid() == 0:
            names = {entry.pw_name: entry for entry in pwd.getpwall()}
            entry = names.get("postgres") or names["nobody"]
            os.chown(place, entry.pw_uid, entry.pw_gid)
            self.account = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
        self._call("initdb", "-D", "data", "-A", "trust", "-U", "grader", "-E", "UTF8", "--no-sync")

    def _call(self, program, *arguments):
        # pg_ctl's server keeps the descriptors it gets, so a pipe would never end
        with open(self.place / "log", "a") as log:
            subprocess.run(
                [self.programs / program, *arguments],
                check=True,
                stdout=log,
                stderr=log,
                cwd=self.place,
                **self.account,
            )

    def start(self):
        """Start it and wait until it answers."""
        self._call(
            "pg_ctl",
            "-D",
            "data",
            "-w",
            "-o",
            f"-k {self.place} -c listen_addresses='' -c fsync=off",
            "start",
        )

    def stop(self):
        """Stop it as a crash would: no farewell to the clients, what was not committed is lost."""
        self._call("pg_ctl", "-D", "data", "-m", "immediate", "stop")

    def ask(self, sql, database="postgres"):
        """All rows of one statement."""
        import psycopg

        with psycopg.connect(
            host=str(self.place), user="grader", dbname=database, autocommit=True
        ) as connection:
            found = connection.execute(sql)
            return found.fetchall() if found.description else []

    def new(self):
        """The address of a new, empty database."""
        self.made += 1
        self.ask(f"create database course{self.made}")
        return f"postgresql://grader:secret@/course{self.made}?host={self.place}"

    def cut(self):
        """End all connections to the newest database."""
        self.ask(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname ="
            f" 'course{self.made}'"
        )


@contextlib.contextmanager
def postgresql(programs):
    """A running `Database`, gone afterwards."""
    # a socket's path may have 107 characters
    place = tempfile.mkdtemp(prefix="lmcore-pg-", dir="/tmp")
    try:
        database = Database(programs, place)
        database.start()
        yield database
        with contextlib.suppress(subprocess.CalledProcessError):
            database.stop()
    finally:
        shutil.rmtree(place, ignore_errors=True)


def network_trouble():
    """Why no networks of our own can be made here; None when they can."""
    if os.geteuid() != 0 or not shutil.which("ip"):
        return "it takes root and the program ip (iproute2)"
    done = subprocess.run(
        ["ip", "netns", "add", f"lmtry{os.getpid()}"], capture_output=True, text=True
    )
    if done.returncode == 0:
        subprocess.run(["ip", "netns", "delete", f"lmtry{os.getpid()}"], check=True)
    return done.stderr.strip() or None


@contextlib.contextmanager
def machines(count, hidden, place):
    """`count` pretended machines.

    A network namespace and a mount namespace each, joined by a bridge.

    Parameters
    ----------
    count : int
    hidden : path
        A folder that each of them sees empty, in a memory of its own.
    place : path
        Where each finds a folder of its own to work in; it must lie below `hidden`.

    Yields
    ------
    here : str
        The address of this machine on the bridge.
    others : list of (str, list of str)
        The address of each of the others, and what to put before a command that should run there.
    """
    tag, net = f"lm{os.getpid() % 100000}", f"10.213.{os.getpid() % 250}"
    script = 'mount -t tmpfs none "$0" && mkdir -p "$1" && cd "$1" && shift && exec "$@"'
    made, others = [["link", "delete", f"{tag}b"]], []

    def ip(*words):
        subprocess.run(["ip", *words], check=True, capture_output=True)

    try:
        ip("link", "add", f"{tag}b", "type", "bridge")
        ip("address", "add", f"{net}.1/24", "dev", f"{tag}b")
        ip("link", "set", f"{tag}b", "up")
        for number in range(count):
            space, here, there = f"{tag}n{number}", f"{tag}v{number}", f"{tag}w{number}"
            ip("netns", "add", space)
            made.insert(0, ["netns", "delete", space])
            ip("link", "add", here, "type", "veth", "peer", "name", there)
            ip("link", "set", here, "master", f"{tag}b", "up")
            ip("link", "set", there, "netns", space)
            ip("-n", space, "address", "add", f"{net}.{number + 2}/24", "dev", there)
            for device in ("lo", there):
                ip("-n", space, "link", "set", device, "up")
            own = Path(place, f"machine{number}")
            others.append(
                (
                    f"{net}.{number + 2}",
                    [
                        "ip",
                        "netns",
                        "exec",
                        space,
                        "unshare",
                        "--mount",
                        "sh",
                        "-c",
                        script,
                        str(hidden),
                        str(own),
                    ],
                )
            )
        yield f"{net}.1", others
    finally:
        for words in made:
            subprocess.run(["ip", *words], capture_output=True)


@contextlib.contextmanager
def processes_here(count, place):
    """What `machines` yields where it cannot: this machine, and a folder for each."""
    script = 'mkdir -p "$0" && cd "$0" && exec "$@"'
    yield (
        "127.0.0.1",
        [
            ("127.0.0.1", ["sh", "-c", script, str(Path(place, f"machine{number}"))])
            for number in range(count)
        ],
    )


def certificate(folder):
    """both.pem in a folder: a certificate that signs itself, made as the guide has it, with its
    key.
    """
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "365",
            "-subj",
            "/CN=lmcore",
            "-keyout",
            "key.pem",
            "-out",
            "cert.pem",
        ],
        check=True,
        capture_output=True,
        cwd=folder,
    )
    both = Path(folder, "both.pem")
    both.write_text(Path(folder, "key.pem").read_text() + Path(folder, "cert.pem").read_text())
    return both


@contextlib.contextmanager
def running(*commands, **how):
    """Programs that run beside the test and are ended with it."""
    processes = []
    try:
        for command in commands:
            processes.append(
                subprocess.Popen(
                    command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **how
                )
            )
        yield processes
    finally:
        for process in reversed(processes):
            process.terminate()
        for process in processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(15)
            process.kill()
            process.wait()


def free_port():
    """A port on which nobody listens."""
    with socket.create_server(("", 0)) as listener:
        return listener.getsockname()[1]


def wait_for(condition, seconds=PATIENCE):
    """The first true value of `condition()`, to which a process that ends meanwhile is no error."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with contextlib.suppress(OSError, psutil.NoSuchProcess):
            if found := condition():
                return found
        time.sleep(0.05)
    raise TimeoutError(f"{condition} was still false after {seconds} s")
