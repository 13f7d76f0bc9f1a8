"""A student's process in its sandbox, from outside: what it is asked to do, and how it ends."""

import json
import os
import time
from contextlib import suppress

from nbjudge.execution import wire
from nbjudge.execution.forkserver import ServerLostError
from nbjudge.sandbox.errors import SandboxUnavailableError

FRAME = 16 << 20  # bytes of one cell's outputs on the wire
SHOWN = {
    "text/plain",
    "text/html",
    "text/markdown",
    "text/latex",
    "image/png",
    "image/jpeg",
    "image/svg+xml",
}


class EndedError(Exception):
    """The student's process ended, or had to be ended."""


class KilledError(EndedError):
    """It was killed, and not for its memory.

    By the machine, which was short of some, or by a person.
    """


class Student:
    """The boxed process, from outside."""

    def __init__(self, server, limits, copies):
        self.server, self.limits = server, limits
        self.control, self.channel, self.copies = server.student(limits, copies)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """End the box and wait until nothing of it is left."""
        with suppress(OSError):
            self.control.sendall(b"k")
        self._last_word()
        for connection in (self.control, self.channel, *self.copies):
            connection.close()

    def _last_word(self):
        """The supervisor's report, {} if it was killed; it comes when the box is gone."""
        said = b""
        with suppress(OSError):
            self.control.settimeout(10)
            while part := self.control.recv(1 << 12):
                said += part
        return json.loads(said) if said.endswith(b"\n") else {}

    def begin(self, files, limits):
        ready = self._ask(None, 30)
        if not ready.get("ready"):
            raise SandboxUnavailableError(f"the sandbox could not be built: {ready.get('trouble')}")
        self._ask(
            {
                "do": "begin",
                "files": files,
            },
            30,
        )

    def run_cell(self, source, seconds):
        """Outputs, execution count, and whether it had to be interrupted."""
        slow = False
        try:
            answer = self._ask({"do": "run", "source": source}, seconds)
        except TimeoutError:
            slow = True
            with suppress(OSError):
                self.control.sendall(b"i")
            try:
                answer = self._ask(None, self.limits.grace_seconds)
            except TimeoutError:
                self._end()
                raise EndedError(
                    f"ran longer than {seconds:.0f} s and ignored the interrupt"
                ) from None
        return (
            _outputs(answer.get("outputs"), self.limits),
            answer.get("count") if isinstance(answer.get("count"), int) else None,
            slow,
        )

    def define(self, source, limits):
        if source:
            with suppress(TimeoutError):
                self._ask({"do": "define", "source": source}, limits.cell_seconds)

    def leave_copy(self, index):
        """Fork; why there is no copy, or "" if all went well."""
        try:
            return str(self._ask({"do": "snapshot", "index": index}, 10).get("trouble", ""))
        except KilledError:
            raise
        except (TimeoutError, EndedError):
            return "no copy of the process could be made"

    def _ask(self, request, seconds):
        try:
            if request is not None:
                self.channel.settimeout(max(seconds, 1))
                wire.send(self.channel, request)
            answer = wire.PLAIN.loads(
                wire.read(self.channel, FRAME, time.monotonic() + seconds), plain=True
            )
        except TimeoutError:
            raise
        except (EOFError, OSError):
            raise self._end_of_it() from None
        except (wire.TooLargeError, ValueError):
            self._end()
            raise EndedError("sent a malformed message") from None
        return answer if isinstance(answer, dict) else {}

    def _end(self):
        with suppress(OSError):
            self.control.sendall(b"k")

    def _end_of_it(self):
        """Why the process is gone, as an exception.

        If its supervisor is gone too, the server was killed from outside.
        """
        word = self._last_word()
        if not word:
            raise ServerLostError("the supervisor of a student's process ended")
        killed = (
            word["why"] == "itself"
            and os.WIFSIGNALED(word["status"])
            and os.WTERMSIG(word["status"]) == 9
        )
        if killed or word["why"] == "memory":
            return (KilledError if killed else EndedError)(
                "ended its process, which had used more memory than allowed or was killed"
            )
        if word["why"] == "disk":
            return EndedError("ended its process, which had written more than allowed")
        return EndedError("ended its process")


def _outputs(items, limits):
    """A student's outputs as nbformat knows them, and nothing else."""
    good, room = [], 8 * limits.output
    for item in items if isinstance(items, list) else []:
        if not isinstance(item, dict) or len(good) > 300:
            continue
        kind, new = item.get("output_type"), None
        if kind == "stream":
            new = {
                "output_type": kind,
                "name": "stderr" if item.get("name") == "stderr" else "stdout",
                "text": str(item.get("text", "")),
            }
        elif kind == "error":
            lines = item.get("traceback")
            new = {
                "output_type": kind,
                "ename": str(item.get("ename")),
                "evalue": str(item.get("evalue")),
                "traceback": [str(line) for line in lines] if isinstance(lines, list) else [],
            }
        elif kind in ("display_data", "execute_result"):
            data = item.get("data") if isinstance(item.get("data"), dict) else {}
            new = {
                "output_type": kind,
                "metadata": {},
                "data": {
                    mime: value
                    for mime, value in data.items()
                    if mime in SHOWN and isinstance(value, str)
                },
            }
            if kind == "execute_result":
                new["execution_count"] = (
                    item.get("execution_count")
                    if isinstance(item.get("execution_count"), int)
                    else None
                )
        room -= len(json.dumps(new)) if new else 0
        if new and room > 0:
            good.append(new)
    return good
