"""What code in a sandbox without namespaces may try, each in a few lines: `{name: code}`.

An attack that gets through says so in `answer`; one that is refused ends in an exception. It knows
`home`, its scratch folder, and of the machine: `place`, a folder with the file `secret`; `victim`,
a process of the grader's user; `grader`, the grader's own; `port`, where somebody listens;
`user`, the number of the grader's user; `call(name, ...)` makes a system call and raises its error.
"""

READING = {
    "a file of the course": "answer = open(f'{place}/secret').read()",
    "a folder of the course": "import os; answer = os.listdir(place)",
    "the keys of the user": "import os; answer = os.listdir(f'{place}/.ssh')",
    "the list of users": "answer = open('/etc/passwd').read()",
    "hashed passwords": "answer = open('/etc/shadow').read()",
    "settings of the machine": "answer = open('/etc/hostname').read()",
    "the command of the grader": "answer = open(f'/proc/{grader}/cmdline').read()",
    "the environment of the grader": "answer = open(f'/proc/{grader}/environ').read()",
    "the memory of the grader": "answer = open(f'/proc/{grader}/mem', 'rb')",
    "the files of the grader": "import os; answer = os.listdir(f'/proc/{grader}/fd')",
    "the list of processes": "import os; answer = os.listdir('/proc')",
    "the connections of the machine": "answer = open('/proc/self/net/tcp').read()",
    "the mounts of the machine": "answer = open('/proc/self/mountinfo').read()",
    "the root of its own process": "answer = open('/proc/self/root/etc/passwd').read()",
    "through a link of its own": """
        import os
        os.symlink(f'{place}/secret', 'link')
        answer = open('link').read()
        """,
    "through a descriptor that only stands for it": """
        import os
        held = os.open(f'{place}/secret', os.O_PATH)
        answer = open(f'/proc/self/fd/{held}').read()
        """,
    "through a folder that it changed to": """
        import os
        os.chdir(place)
        answer = open('secret').read()
        """,
    "by mapping": """
        import mmap, os
        answer = mmap.mmap(os.open(f'{place}/secret', os.O_RDONLY), 0)
        """,
    "by another program": """
        import subprocess
        answer = subprocess.run(['cat', f'{place}/secret'], capture_output=True, check=True).stdout
        """,
    "by a shell": """
        import subprocess
        answer = subprocess.check_output(f'cat < {place}/secret', shell=True)
        """,
    "scratch folders of others": "answer = open(f'{other}/notebook/answers').read()",
    "the list of scratch folders": "import os; answer = os.listdir(os.path.dirname(home))",
    "what happens in a folder": """
        import ctypes, os
        libc = ctypes.CDLL(None, use_errno=True)
        held = libc.inotify_init1(0)
        answer = libc.inotify_add_watch(held, place.encode(), 0xfff)
        if held < 0 or answer < 0:
            raise OSError(ctypes.get_errno(), 'inotify')
        """,
    "all that happens anywhere": "answer = call('fanotify_init', 0, 0)",
    "by a handle": "answer = call('name_to_handle_at', -100, place.encode(), None, None, 0)",
    "another's memory": "answer = call('process_vm_readv', victim, None, 0, None, 0, 0)",
    "another's descriptor": """
        import os
        answer = call('pidfd_getfd', os.pidfd_open(victim), 0, 0)
        """,
    "the messages of the kernel": "answer = call('syslog', 3, b'x' * 100, 100)",
    "keys of the session": "answer = call('keyctl', 0, -3, 0)",
}

WRITING = {
    "a file of the course": "open(f'{place}/secret', 'w').write('x'); answer = 'written'",
    "a new file": "open(f'{place}/new', 'w').write('x'); answer = 'written'",
    "at the end of a file": "open(f'{place}/secret', 'a').write('x'); answer = 'written'",
    "the spool": "open(f'{place}/autograded/.results/x', 'w'); answer = 'written'",
    "a folder": "import os; os.mkdir(f'{place}/folder'); answer = 'made'",
    "removing a file": "import os; os.unlink(f'{place}/secret'); answer = 'removed'",
    "removing a folder": "import os; os.rmdir(f'{place}/empty'); answer = 'removed'",
    "moving a file away": "import os; os.rename(f'{place}/secret', 'here'); answer = 'moved'",
    "moving a file there": """
        import os
        open('mine', 'w').write('x')
        os.rename('mine', f'{place}/secret')
        answer = 'moved'
        """,
    "moving its scratch folder": "import os; os.rename(home, f'{place}/scratch'); answer = 'moved'",
    "a hard link to a file": "import os; os.link(f'{place}/secret', 'here'); answer = 'linked'",
    "a hard link there": """
        import os
        open('mine', 'w').write('x')
        os.link('mine', f'{place}/link')
        answer = 'linked'
        """,
    "a link there": "import os; os.symlink('/', f'{place}/link'); answer = 'linked'",
    "a pipe there": "import os; os.mkfifo(f'{place}/pipe'); answer = 'made'",
    "emptying by name": "import os; os.truncate(f'{place}/secret', 0); answer = 'emptied'",
    "emptying while opening to read": """
        import os
        answer = os.open(f'{place}/secret', os.O_RDONLY | os.O_TRUNC)
        """,
    "emptying while opening for nothing": """
        import os
        os.open(f'{place}/secret', 3 | os.O_TRUNC)
        answer = 'emptied' if os.stat(f'{place}/secret').st_size == 0 else ''
        if not answer:
            raise PermissionError('it is as it was')
        """,
    "the mode of a file": "import os; os.chmod(f'{place}/secret', 0o777); answer = 'changed'",
    "the mode of a folder": "import os; os.chmod(place, 0); answer = 'changed'",
    "the mode through a link": """
        import os
        os.symlink(f'{place}/secret', 'link')
        os.chmod('link', 0o777)
        answer = 'changed'
        """,
    "the mode through a folder's link": """
        import os
        os.symlink(place, 'link')
        os.chmod('link/secret', 0o777)
        answer = 'changed'
        """,
    "the mode from above": """
        import os
        os.chmod('../../' + os.path.relpath(f'{place}/secret', os.path.dirname(home)), 0o777)
        answer = 'changed'
        """,
    "the mode of an open file": """
        import os, numpy
        held = os.open(numpy.__file__, os.O_RDONLY)
        os.fchmod(held, 0o777)
        answer = 'changed'
        """,
    "the mode by the newest call": "answer = call('fchmodat2', -100, place.encode(), 0, 0)",
    "the dates of a file": "import os; os.utime(f'{place}/secret', (1, 1)); answer = 'changed'",
    "the dates by an old call": """
        import ctypes
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.utimes(f'{place}/secret'.encode(), None):
            raise OSError(ctypes.get_errno(), 'utimes')
        answer = 'changed'
        """,
    "the owner of a file": "import os; os.chown(f'{place}/secret', -1, 12); answer = 'changed'",
    "an attribute of a file": """
        import os
        os.setxattr(f'{place}/secret', 'user.x', b'x')
        answer = 'changed'
        """,
    "memory for all": "open('/dev/shm/nbjudge-attack', 'w').write('x'); answer = 'written'",
    "another place for scratch": "open('/var/tmp/nbjudge-attack', 'w'); answer = 'written'",
    "what Python of the grader reads": """
        import os, site
        folder = site.getusersitepackages()
        for path in (f'{os.path.dirname(os.__file__)}/site-packages/x.pth', f'{folder}/x.pth'):
            open(path, 'w').write('import os')
            answer = 'written'
        """,
    "a cache of Python": """
        import importlib.util, os
        open(importlib.util.cache_from_source(os.__file__), 'ab')
        answer = 'written'
        """,
    "a program to be loaded first": "open('/etc/ld.so.preload', 'w'); answer = 'written'",
    "a setting of the kernel": """
        open('/proc/sys/kernel/core_pattern', 'w').write('|x')
        answer = 'written'
        """,
    "its own limits in the machine's eyes": """
        open('/proc/self/oom_score_adj', 'w').write('-1000')
        answer = 'written'
        """,
    "a device": "open('/dev/tty', 'w').write('x'); answer = 'written'",
    "a new terminal": "import os; answer = os.openpty()",
    "a disk": """
        import glob
        for path in glob.glob('/dev/[svx]d*') + ['/dev/vda', '/dev/sda']:
            answer = open(path, 'rb')
        """,
    "the spool's lock": """
        import fcntl, os
        fcntl.flock(os.open(f'{place}/autograded/.results', os.O_RDONLY), fcntl.LOCK_EX)
        answer = 'locked'
        """,
    "a lease on a library": """
        import fcntl, os
        held = os.open(os.__file__, os.O_RDONLY)
        answer = fcntl.fcntl(held, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        """,
    "flags of a library": """
        import fcntl, numpy, os
        answer = fcntl.ioctl(os.open(numpy.__file__, os.O_RDONLY), 0x40086602, b'\\x40' + bytes(7))
        """,
}

OTHERS = {
    "killing the grader": "import os; os.kill(grader, 9); answer = 'sent'",
    "killing its parent": "import os; os.kill(os.getppid(), 9); answer = 'sent'",
    "killing a process of the user": "import os; os.kill(victim, 9); answer = 'sent'",
    "killing all": """
        import os
        os.kill(-1, 9)
        raise PermissionError('the kernel says nothing where nobody may be reached')
        """,
    "killing a group": "import os; os.killpg(os.getpgid(victim), 9); answer = 'sent'",
    "stopping by a descriptor": """
        import os, signal
        signal.pidfd_send_signal(os.pidfd_open(victim), signal.SIGSTOP)
        answer = 'sent'
        """,
    "a queued signal": """
        answer = call('rt_sigqueueinfo', victim, 10, (4 * 32) * b'\\xff')
        """,
    "a signal to a thread": "answer = call('tgkill', victim, victim, 15)",
    "a signal by a file's owner": """
        import fcntl, os
        read, write = os.pipe()
        fcntl.fcntl(read, fcntl.F_SETOWN, victim)
        fcntl.fcntl(read, fcntl.F_SETSIG, 9)
        fcntl.fcntl(read, fcntl.F_SETFL, os.O_ASYNC)
        os.write(write, b'x')
        answer = 'sent'
        """,
    "an end without its parent": "answer = call('prctl', 1, 0, 0, 0, 0)",
    "a process that nobody looks into": "answer = call('prctl', 4, 0, 0, 0, 0)",
    "tracing": "answer = call('ptrace', 16, victim, 0, 0)",
    "being traced by its parent": "answer = call('ptrace', 0, 0, 0, 0)",
    "the limits of another": """
        import resource
        answer = resource.prlimit(victim, resource.RLIMIT_CPU, (1, 1))
        """,
    "the priority of another": """
        import os
        os.setpriority(os.PRIO_PROCESS, victim, 19)
        answer = 'changed'
        """,
    "the priority of all of a user": """
        import os
        os.setpriority(os.PRIO_USER, user, 19)
        raise PermissionError('number 0 is whoever asks')
        """,
    "the processors of another": "import os; os.sched_setaffinity(victim, {0}); answer = 'changed'",
    "the scheduling of another": """
        import os
        os.sched_setscheduler(victim, os.SCHED_IDLE, os.sched_param(0))
        answer = 'changed'
        """,
    "the disk's scheduling of another": "answer = call('ioprio_set', 1, victim, 3 << 13)",
    "memory of another": "answer = call('process_madvise', 0, 0, 0, 0, 0)",
    "shared memory of the user": """
        import ctypes
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.shmget(0x6e626a, 100, 0o1600) < 0:
            raise OSError(ctypes.get_errno(), 'shmget')
        answer = 'made'
        """,
    "a queue of messages": """
        import ctypes
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.msgget(0x6e626a, 0o1600) < 0:
            raise OSError(ctypes.get_errno(), 'msgget')
        answer = 'made'
        """,
    "a queue with a name": "answer = call('mq_open', b'nbjudge-attack', 0o100, 0o600, 0)",
    "typing on the terminal": """
        import fcntl, os
        for number in range(3):
            fcntl.ioctl(number, 0x5412, b'x')
            answer = 'typed'
        """,
}

NETWORK = {
    "a server of this machine": """
        import socket
        answer = socket.create_connection(('127.0.0.1', port), 1)
        """,
    "by IPv6": "import socket; answer = socket.create_connection(('::1', port), 1)",
    "by datagrams": """
        import socket
        answer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', port))
        """,
    "a server of its own": "import socket; answer = socket.create_server(('', 0))",
    "raw packets": """
        import socket
        answer = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
        """,
    "frames": "import socket; answer = socket.socket(17, socket.SOCK_RAW)",
    "the kernel by netlink": "import socket; answer = socket.socket(16, socket.SOCK_RAW, 0)",
    "the host of this machine": "import socket; answer = socket.socket(40, socket.SOCK_STREAM)",
    "a service with a name in a folder": """
        import socket
        socket.socket(socket.AF_UNIX).connect(f'{place}/socket')
        answer = 'connected'
        """,
    "a service with an abstract name": """
        import socket
        socket.socket(socket.AF_UNIX).connect(f'\\0nbjudge-{port}')
        answer = 'connected'
        """,
    "a pair that is sent elsewhere": """
        import socket
        one, _ = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        one.sendto(b'x', f'{place}/datagrams')
        answer = 'sent'
        """,
    "a pair that is connected again": """
        import socket
        one, other = socket.socketpair()
        other.close()
        one.connect(f'{place}/socket')
        answer = 'connected'
        """,
    "a pair that gets a name": """
        import socket
        one, _ = socket.socketpair()
        one.bind(f'\\0nbjudge-own')
        answer = 'bound'
        """,
    "a file on its way": """
        import os, socket
        one, other = socket.socketpair()
        socket.send_fds(one, [b'x'], [os.open('file', os.O_CREAT)])
        answer = 'sent'
        """,
    "names of machines": "import socket; answer = socket.gethostbyname('example.org')",
}

KERNEL = {
    "new namespaces": "answer = call('unshare', 0x10000000)",
    "new namespaces of a child": "answer = call('clone', 0x10000000 | 17, 0, 0, 0, 0)",
    "new mounts": "answer = call('mount', b'none', home.encode(), b'tmpfs', 0, 0)",
    "new mounts by the new calls": "answer = call('fsopen', b'tmpfs', 0)",
    "another root": "import os; os.chroot('.'); answer = 'entered'",
    "another user": """
        import os
        os.setuid(1 if os.getuid() == 0 else 0)
        answer = 'became'
        """,
    "a program with the rights of its owner": """
        import os, subprocess
        for name in ('su', 'mount', 'passwd', 'sudo'):
            for folder in ('/usr/bin', '/bin'):
                if os.path.exists(f'{folder}/{name}'):
                    said = subprocess.run(
                        [f'{folder}/{name}', '-c', 'cat /etc/shadow'], capture_output=True,
                        stdin=subprocess.DEVNULL,
                    )
                    answer = said.stdout.decode()
        if not answer:
            raise PermissionError('it did nothing')
        """,
    "io_uring": "answer = call('io_uring_setup', 8, bytes(120))",
    "user faults": "answer = call('userfaultfd', 1)",
    "counting events": "answer = call('perf_event_open', bytes(128), 0, -1, -1, 0)",
    "programs for the kernel": "answer = call('bpf', 0, bytes(100), 100)",
    "modules": "answer = call('init_module', b'x', 1, b'')",
    "another kernel": "answer = call('kexec_load', 0, 0, 0, 0)",
    "the end": "answer = call('reboot', 0xfee1dead, 672274793, 0)",
    "the clock": "import time; time.clock_settime(time.CLOCK_REALTIME, 1); answer = 'set'",
    "the name of the machine": "import socket; socket.sethostname('x'); answer = 'set'",
    "a program in memory": """
        import os
        held = os.memfd_create('x')
        os.write(held, b'#!/bin/sh\\necho ran')
        answer = held
        """,
    "calls that came later": """
        import ctypes
        libc = ctypes.CDLL(None, use_errno=True)
        answer = libc.syscall(467, -100, b'.', 0, None, 0)
        if answer < 0:
            raise OSError(ctypes.get_errno(), 'later')
        """,
    "another device": "import os; os.mknod('d', 0o60600, 0x800); answer = 'made'",
}

ATTACKS = {
    f"{kind}: {name}": code
    for kind, attacks in (
        ("reading", READING),
        ("writing", WRITING),
        ("others", OTHERS),
        ("network", NETWORK),
        ("kernel", KERNEL),
    )
    for name, code in attacks.items()
}
