"""Without namespaces: too much of anything is refused or ends the submission, and nothing stays."""

import os
import signal
import time
from dataclasses import replace

import psutil
import pytest
from nbjudge.sandbox import cgroup, linux, processes, scratch, syscalls
from nbjudge.sandbox.limits import MIB, RESERVE

from sandbox.inside import LANDLOCK, LIMITS, inside, mapped, supervisors, why_not

MARK = f"{80000 + os.getpid() % 9999}.125"


@pytest.fixture(params=[*LANDLOCK, "none"])
def method(request):
    if reason := why_not(request.param):
        pytest.skip(f"no sandbox by {request.param} here: {reason}")
    return request.param


@pytest.fixture(params=LANDLOCK)
def walled(request):
    if reason := why_not(request.param):
        pytest.skip(f"no sandbox by {request.param} here: {reason}")
    return request.param


def left():
    """Processes with the mark in their command line, and scratch folders of ended supervisors."""
    found = [
        p.info["cmdline"]
        for p in psutil.process_iter(["cmdline"])
        if MARK in (p.info["cmdline"] or [])
    ]
    return found + [path for path in scratch.abandoned() if path.name.split("-")[1] in supervisors]


STAYS = {
    "a daemon": """
        import os, subprocess, sys
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.setsid()
                os.execvp('sleep', ['sleep', mark])
            os._exit(0)
        os.wait()
        answer = 'started'
        """,
    "a daemon that ignores signals": """
        import os, signal, subprocess
        for number in range(1, 32):
            try:
                signal.signal(number, signal.SIG_IGN)
            except OSError:
                pass
        subprocess.Popen(['nohup', 'sleep', mark], start_new_session=True)
        answer = 'started'
        """,
    "a chain of forks": """
        import os, time
        if os.fork() == 0:
            os.setsid()
            while True:
                if os.fork():
                    os._exit(0)
        answer = 'started'
        """,
    "many that fork": """
        import os
        answer = 'started'
        for _ in range(8):
            try:
                child = os.fork()
            except OSError:
                break
            while child == 0:
                try:
                    os.fork()
                except OSError:  # there are too many, or the supervisor answers no more
                    pass
        """,
    "one that is stopped": """
        import os, signal, subprocess
        sleeper = subprocess.Popen(['sleep', mark])
        sleeper.send_signal(signal.SIGSTOP)
        answer = 'started'
        """,
}


@pytest.mark.parametrize("what", STAYS)
def test_no_process_stays(method, what):
    if method == "none" and what == "many that fork":
        pytest.skip("without a sandbox nothing counts processes")
    before = set(processes.children(os.getpid()))
    linux.adopt_orphans()
    answer = inside(method, STAYS[what], mark=MARK)
    assert answer.said == "started" and answer.why == "itself", answer
    assert set(processes.children(os.getpid())) == before
    assert not left()


@pytest.mark.parametrize("what", STAYS)
def test_no_process_stays_when_it_is_told_to_end(walled, what):
    answer = inside(
        walled,
        STAYS[what] + "\n        ready(); import time; time.sleep(60)",
        mark=MARK,
        meanwhile=lambda control: (time.sleep(0.3), control.send(b"k")),
    )
    assert answer.why == "told" and not left()


def test_an_interrupt_is_passed_on(method):
    code = """
        import time
        try:
            ready()
            time.sleep(60)
        except KeyboardInterrupt:
            answer = 'interrupted'
        """
    answer = inside(method, code, meanwhile=lambda control: (time.sleep(0.3), control.send(b"i")))
    assert answer.said == "interrupted" and answer.why == "itself"


FORKS = """
    import os, time
    count = 0
    try:
        for count in range(200):
            if os.fork() == 0:
                time.sleep(60)
                os._exit(0)
    except BlockingIOError:
        answer = count
    """


def test_processes_are_counted(walled):
    answer = inside(walled, FORKS)
    assert LIMITS.processes - 4 <= int(answer.said or 0) <= LIMITS.processes, answer


def test_processes_are_counted_where_the_control_group_was_lost(walled, monkeypatch):
    add = cgroup.Group.add

    def too_late(group, pid):
        group.remove()
        add(group, pid)

    monkeypatch.setattr(cgroup.Group, "add", too_late)
    answer = inside(walled, FORKS)
    assert LIMITS.processes - 4 <= int(answer.said or 0) <= LIMITS.processes, answer


def test_threads_are_counted(walled):
    code = """
        import threading, time
        count = 0
        try:
            for count in range(200):
                threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
        except RuntimeError:
            answer = count
        """
    # each thread reserves room for its stack and its heap
    answer = inside(walled, code, replace(LIMITS, memory=(16 << 30) + mapped()))
    assert LIMITS.processes - 4 <= int(answer.said or 0) <= LIMITS.processes, answer


def test_what_has_used_up_its_memory_may_map_a_reserve_and_no_more(method):
    code = """
        import mmap, resource
        held = []

        def blocks():
            # of one mebibyte, until no more can be mapped
            for number in range(4096):
                try:
                    held.append(mmap.mmap(-1, 1 << 20))
                except OSError:
                    return number

        used, none = blocks(), blocks()
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
        answer = used > 0, none, 48 <= blocks() <= reserve >> 20, blocks()
        """
    assert inside(method, code, reserve=RESERVE).said == "(True, 0, True, 0)"


def test_processes_that_end_may_be_replaced(walled):
    code = """
        import subprocess
        answer = sum(subprocess.run(['true']).returncode for _ in range(3 * processes))
        """
    assert inside(walled, code, processes=LIMITS.processes).said == "0"


FILLS = {
    "one file": """
        with open('f', 'wb', buffering=0) as file:
            for _ in range(64):
                file.write(bytes(1 << 20))
        """,
    "many files": """
        for number in range(64):
            open(str(number), 'wb').write(bytes(1 << 20))
        time.sleep(5)
        """,
    "many names": """
        for number in range(30_000):
            open(str(number), 'wb')
        time.sleep(5)
        """,
    "files without a name": """
        held = []
        for number in range(64):
            held.append(open('f', 'wb', buffering=0))
            os.unlink('f')
            held[-1].write(bytes(1 << 20))
        time.sleep(5)
        """,
    "files that never had one": """
        held = [os.open('.', os.O_TMPFILE | os.O_RDWR) for _ in range(64)]
        for one in held:
            os.write(one, bytes(1 << 20))
        time.sleep(5)
        """,
    "files that are only mapped": """
        import mmap
        held = []
        for number in range(64):
            libc = __import__('ctypes').CDLL(None, use_errno=True)
            libc.mmap.restype = __import__('ctypes').c_void_p
            one = os.open('f', os.O_CREAT | os.O_RDWR)
            os.unlink('f')
            os.write(one, bytes(1 << 20))
            held.append(libc.mmap(None, 4096, 1, 1, one, 0))
            os.close(one)
        time.sleep(5)
        """,
    "a folder that cannot be listed": """
        os.mkdir('d', 0o300)
        for number in range(64):
            open(f'd/{number}', 'wb').write(bytes(1 << 20))
        time.sleep(5)
        """,
    "by programs that nobody may read": """
        import shutil
        shutil.copy(shutil.which('sleep'), 'program')
        os.chmod('program', 0o111)
        for _ in range(3):
            if os.fork() == 0:
                held = open('f', 'wb', buffering=0)
                os.unlink('f')
                os.set_inheritable(held.fileno(), True)
                held.write(bytes(8 << 20))
                os.execv('./program', ['program', '60'])
            time.sleep(0.3)
        time.sleep(5)
        """,
    "room that is kept free": """
        for number in range(64):
            os.posix_fallocate(os.open(str(number), os.O_CREAT | os.O_RDWR), 0, 1 << 20)
        time.sleep(5)
        """,
    "by a child that lives on": """
        if os.fork() == 0:
            for number in range(64):
                open(str(number), 'wb').write(bytes(1 << 20))
        time.sleep(5)
        """,
}


@pytest.mark.parametrize("what", FILLS)
def test_the_scratch_folder_does_not_grow_without_end(walled, what):
    answer = inside(walled, "import os, time\n" + FILLS[what].replace("\n        ", "\n"))
    assert answer.why == "disk" or answer.said.startswith("OSError: [Errno 27]"), answer
    assert not left()


def test_deep_folders_end_it_and_are_removed(walled):
    code = """
        import os, time
        for _ in range(3000):
            os.mkdir('deeper')
            os.chdir('deeper')
        time.sleep(5)
        """
    assert inside(walled, code).why == "disk"
    assert not left()


def test_what_it_shut_is_removed(walled):
    code = """
        import os
        os.makedirs('a/b/c')
        open('a/b/c/file', 'w')
        os.mkdir('x', 0o300)
        os.mkdir('y', 0)
        os.symlink('/', 'a/root')
        os.chmod('a/b', 0o500)
        answer = 'done'
        """
    assert inside(walled, code).said == "done"
    assert not left()


def test_memory_of_all_together_is_bounded(walled):
    code = """
        import os, time
        for _ in range(4):
            if os.fork() == 0:
                hoard = b'1' * (60 << 20)
                time.sleep(3)
                os._exit(0)
        time.sleep(3)
        answer = 'kept'
        """
    answer = inside(walled, code, replace(LIMITS, memory=200 * MIB))
    assert answer.said != "kept" or answer.why == "memory", answer


def test_a_flood_of_questions_does_not_keep_the_supervisor_from_looking():
    code = """
        import os
        if os.fork() == 0:
            for number in range(64):
                open(str(number), 'wb').write(bytes(1 << 20))
        while True:
            os.chmod('.', 0o700)
        """
    assert inside("landlock-user", code).why == "disk"


def test_a_supervisor_that_is_killed_takes_its_process_along(walled):
    """What its process has started comes to the one above, and its folder is swept by the next."""
    linux.adopt_orphans()
    before = set(processes.children(os.getpid()))

    def kill(control):
        time.sleep(0.3)
        (supervisor,) = set(processes.children(os.getpid())) - before
        os.kill(supervisor, signal.SIGKILL)

    inside(
        walled,
        "import subprocess, time\nsubprocess.Popen(['sleep', mark], start_new_session=True)\n"
        "ready(); time.sleep(60)",
        mark=MARK,
        meanwhile=kill,
    )
    processes.end_strays(before)
    inside(walled, "answer = 1")
    assert not left()


def test_an_end_that_is_seen_while_looking_is_told(walled, monkeypatch):
    """The process ends while the supervisor is at its look, which lays ended children to rest."""
    reap = processes.reap

    def late():
        time.sleep(1)
        return reap()

    monkeypatch.setattr(processes, "reap", late)
    answer = inside(walled, "import time; time.sleep(0.6); answer = 'over'")
    assert answer.said == "over" and answer.why == "itself"


ODD = {
    "addresses beyond the memory": "call(libc, name, -100, (1 << 63) + 5, 0, 0)",
    "dates beyond all time": """
        times = (ctypes.c_int64 * 4)(1 << 62, 5, -(1 << 62), 5)
        call(libc, name, -100, b'f', times, 0)
        """,
    "dates at the end of the memory": """
        import mmap
        view = mmap.mmap(-1, 4096)
        last = ctypes.addressof(ctypes.c_char.from_buffer(view)) + 4090
        call(libc, name, -100, b'f', last, 0)
        """,
    "a descriptor that is not there": "call(libc, name, 999, b'f', 0, 0)",
    "a path without an end": "call(libc, name, -100, b'x' * 9000, 0, 0)",
}


@pytest.mark.parametrize("name", ["utimensat", "fchmodat"])
@pytest.mark.parametrize("what", ODD)
def test_a_question_that_no_library_asks_does_not_end_the_supervisor(what, name):
    code = f"""
import ctypes, os, textwrap
libc = ctypes.CDLL(None, use_errno=True)
def call(libc, name, *arguments):
    wide = [ctypes.c_ulong(one & (1 << 64) - 1) if isinstance(one, int) else one
            for one in arguments]
    libc.syscall(ctypes.c_long(number), *wide)
open('f', 'w')
for _ in range(2000 if what == 'a descriptor that is not there' else 3):
    exec(textwrap.dedent({ODD[what]!r}))
os.chmod('f', 0o600)
answer = oct(os.stat('f').st_mode)
"""
    number = syscalls.number(name, linux.MACHINE)
    answer = inside("landlock-user", code, name=name, number=number, what=what)
    assert answer.said == "0o100600" and answer.why == "itself"


@pytest.mark.parametrize("method", ["namespaces-root", "namespaces-user", *LANDLOCK])
def test_nothing_outlives_a_supervisor_that_is_killed(method):
    """Whatever it asks the kernel for, it is killed with it."""
    if reason := why_not(method):
        pytest.skip(f"no sandbox by {method} here: {reason}")
    linux.adopt_orphans()
    before = set(processes.children(os.getpid()))
    code = f"""
import ctypes, os, sys
ctypes.CDLL(None).prctl(1, 0, 0, 0, 0)
ready()
os.execv(sys.executable, [sys.executable, '-c', 'import time; time.sleep({MARK})'])
"""

    def kill(control):
        time.sleep(0.5)
        for supervisor in set(processes.children(os.getpid())) - before:
            os.kill(supervisor, signal.SIGKILL)

    def strays():
        found = set(processes.children(os.getpid())) - before
        return [process for process in found if processes.lives(process)]

    inside(method, code, meanwhile=kill)
    until = time.monotonic() + 60
    while time.monotonic() < until and strays():
        time.sleep(0.05)
    try:
        assert not strays()
    finally:
        processes.end_strays(before)
