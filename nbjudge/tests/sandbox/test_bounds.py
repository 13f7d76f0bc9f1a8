"""Without namespaces: too much of anything is refused or ends the submission, and nothing stays."""

import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from nbjudge.sandbox import linux, processes, scratch
from nbjudge.sandbox.limits import MIB

from sandbox.inside import LANDLOCK, LIMITS, inside, why_not

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
    """Processes with the mark in their command line, and folders without a supervisor."""
    found = [
        p.info["cmdline"]
        for p in psutil.process_iter(["cmdline"])
        if MARK in (p.info["cmdline"] or [])
    ]
    return found + [path for path in folders() if not processes.lives(path.name.split("-")[1])]


def folders():
    """Scratch folders, without those that others had left before the test began."""
    found = {path for place in scratch.PLACES for path in Path(place).glob(f"{scratch.NAME}*-*")}
    return sorted(found - _others)


_others = set()


@pytest.fixture(autouse=True)
def _what_others_left():
    _others.clear()
    _others.update(folders())


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
            except BlockingIOError:
                break
            while child == 0:
                try:
                    os.fork()
                except BlockingIOError:
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
    assert answer.said == "started" and answer.why == "itself"
    assert set(processes.children(os.getpid())) == before
    assert not left()


@pytest.mark.parametrize("what", STAYS)
def test_no_process_stays_when_it_is_told_to_end(walled, what):
    answer = inside(
        walled,
        STAYS[what] + "\n        import time; time.sleep(60)",
        mark=MARK,
        meanwhile=lambda control: (time.sleep(0.3), control.send(b"k")),
    )
    assert answer.why == "told" and not left()


def test_an_interrupt_is_passed_on(method):
    code = """
        import time
        try:
            time.sleep(60)
        except KeyboardInterrupt:
            answer = 'interrupted'
        """
    answer = inside(method, code, meanwhile=lambda control: (time.sleep(0.3), control.send(b"i")))
    assert answer.said == "interrupted" and answer.why == "itself"


def test_processes_are_counted(walled):
    code = """
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
    answer = inside(walled, code)
    assert LIMITS.processes - 4 <= int(answer.said) <= LIMITS.processes


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
    answer = inside(walled, code, replace(LIMITS, memory=16 << 30))
    assert LIMITS.processes - 4 <= int(answer.said) <= LIMITS.processes


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
        "time.sleep(60)",
        mark=MARK,
        meanwhile=kill,
    )
    processes.end_strays(before)
    inside(walled, "answer = 1")
    assert not left()
