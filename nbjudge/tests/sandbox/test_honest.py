"""What honest code does with files and processes works in every kind of sandbox."""

import pytest
from nbjudge.sandbox import linux

from sandbox.inside import METHODS, inside, why_not

WORKS = {
    "files": """
        import os, pathlib, shutil, tempfile
        pathlib.Path('a/b').mkdir(parents=True)
        pathlib.Path('a/one').write_text('1')
        pathlib.Path('a/one').touch()
        shutil.copy2('a/one', 'a/b/two')
        shutil.copytree('a', 'c')
        os.replace('a/one', 'a/three')
        os.symlink('three', 'a/link')
        os.link('a/three', 'a/four')
        os.mkfifo('a/pipe')
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, 'x').write_bytes(bytes(1000))
        with open('a/three', 'r+') as file:
            file.truncate(0)
        shutil.rmtree('c')
        answer = sorted(os.listdir('a')), os.path.getsize('a/link')
        """,
    "modes and dates": """
        import os, stat
        open('f', 'w').write('x')
        os.chmod('f', 0o640)
        os.utime('f', (1, 2))
        first = oct(os.stat('f').st_mode), os.stat('f').st_atime, os.stat('f').st_mtime
        held = os.open('f', os.O_RDWR)
        os.fchmod(held, 0o600)
        os.utime(held, ns=(3, 4))
        os.mkdir('d')
        folder = os.open('d', os.O_RDONLY)
        open('d/g', 'w')
        os.chmod('g', 0o700, dir_fd=folder)
        os.utime('g', (5, 6), dir_fd=folder)
        os.symlink('f', 'l')
        os.utime('l', (7, 8), follow_symlinks=False)
        answer = (*first, oct(os.fstat(held).st_mode), os.fstat(held).st_mtime_ns,
                  oct(os.stat('d/g').st_mode), os.stat('d/g').st_mtime, os.lstat('l').st_mtime)
        """,
    "a mode of a file that is not there": """
        import os
        try:
            os.chmod('nothing', 0o600)
        except FileNotFoundError:
            answer = 'not found'
        """,
    "a script": """
        import os, subprocess
        open('s.sh', 'w').write('#!/bin/sh\\necho ran $1')
        os.chmod('s.sh', 0o755)
        answer = subprocess.check_output(['./s.sh', 'it'], text=True).strip()
        """,
    "an archive": """
        import io, tarfile, zipfile
        with zipfile.ZipFile('z.zip', 'w') as file:
            file.writestr('one', '1')
        zipfile.ZipFile('z.zip').extractall('z')
        with tarfile.open('t.tar', 'w') as file:
            file.add('z')
        tarfile.open('t.tar').extractall('t', filter='data')
        answer = open('t/z/one').read()
        """,
    "a database": """
        import sqlite3
        with sqlite3.connect('data.db') as base:
            base.execute('create table t (x)')
            base.execute('insert into t values (3)')
        answer = sqlite3.connect('data.db').execute('select x from t').fetchone()[0]
        """,
    "memory in a file": """
        import mmap
        open('m', 'wb').write(bytes(8192))
        with open('m', 'r+b') as file, mmap.mmap(file.fileno(), 0) as view:
            view[:3] = b'abc'
        answer = open('m', 'rb').read(3)
        """,
    "programs and signals to them": """
        import os, signal, subprocess
        sleeper = subprocess.Popen(['sleep', '60'])
        sleeper.kill()
        group = subprocess.Popen(['sleep', '60'], start_new_session=True)
        os.killpg(group.pid, signal.SIGTERM)
        said = subprocess.check_output('echo a | tr a b', shell=True)
        answer = sleeper.wait(), group.wait(), said
        """,
    "signals to itself": """
        import os, signal, threading
        seen = []
        signal.signal(signal.SIGUSR1, lambda *_: seen.append(1))
        os.kill(os.getpid(), signal.SIGUSR1)
        signal.raise_signal(signal.SIGUSR1)
        signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)
        child = os.fork()
        if child == 0:
            os.abort()
        answer = len(seen), os.waitpid(child, 0)[1] & 127
        """,
    "processes and pipes": """
        import multiprocessing
        context = multiprocessing.get_context('fork')
        ours, theirs = context.Pipe()
        process = context.Process(target=lambda: theirs.send(6 * 7))
        process.start()
        answer = ours.recv()
        process.join()
        """,
    "threads and coroutines": """
        import asyncio
        from concurrent.futures import ThreadPoolExecutor
        async def later():
            await asyncio.sleep(0)
            return 3
        with ThreadPoolExecutor(4) as pool:
            answer = asyncio.run(later()), sum(pool.map(lambda x: x * x, range(10)))
        """,
    "its own limits and priority": """
        import os, resource
        resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))
        os.nice(1)
        answer = resource.getrlimit(resource.RLIMIT_NOFILE), bool(os.sched_getaffinity(0))
        """,
    "facts about the machine": """
        import os, platform
        answer = bool(platform.machine()) and 'MemTotal' in open('/proc/meminfo').read()
        answer = answer and len(open('/proc/self/status').read()) > 99
        """,
    "callbacks from C": """
        import ctypes
        compare = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int),
                                   ctypes.POINTER(ctypes.c_int))
        numbers = (ctypes.c_int * 3)(3, 1, 2)
        ctypes.CDLL(None).qsort(numbers, 3, 4, compare(lambda a, b: a[0] - b[0]))
        answer = list(numbers)
        """,
    "numbers": "import numpy as np; answer = np.linalg.solve(np.eye(3), np.ones(3)).sum()",
    "devices": """
        open('/dev/null', 'w').write('x')
        answer = len(open('/dev/urandom', 'rb').read(9)), open('/dev/zero', 'rb').read(2)
        """,
    "its home": """
        import os, tempfile
        answer = os.path.realpath('..') == os.path.realpath(home), os.listdir('.')
        """,
}
SAID = {
    "files": "(['b', 'four', 'link', 'pipe', 'three'], 0)",
    "modes and dates": "('0o100640', 1.0, 2.0, '0o100600', 4, '0o100700', 6.0, 8.0)",
    "a mode of a file that is not there": "not found",
    "a script": "ran it",
    "an archive": "1",
    "a database": "3",
    "memory in a file": "b'abc'",
    "programs and signals to them": "(-9, -15, b'b\\n')",
    "signals to itself": "(3, 6)",
    "processes and pipes": "42",
    "threads and coroutines": "(3, 285)",
    "its own limits and priority": "((100, 100), True)",
    "facts about the machine": "True",
    "callbacks from C": "[1, 2, 3]",
    "numbers": "3.0",
    "devices": "(9, b'\\x00\\x00')",
    "its home": "(True, [])",
}
KERNELS = [(method, None) for method in (*METHODS, "none")] + [("landlock-user", 4)]


@pytest.fixture(params=KERNELS, ids=lambda how: f"{how[0]}-{how[1] or 'newest'}")
def method(request, monkeypatch):
    method, abi = request.param
    if reason := why_not(method):
        pytest.skip(f"no sandbox by {method} here: {reason}")
    if abi:
        monkeypatch.setattr(linux, "landlock_abi", lambda: abi)
    return method


@pytest.mark.parametrize("work", WORKS)
def test_it_works(method, work):
    assert inside(method, WORKS[work]).said == SAID[work]
