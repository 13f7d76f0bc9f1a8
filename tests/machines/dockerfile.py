"""Carry out a Dockerfile in the root of a Debian system, where no container engine is at hand.

    python tests/machines/dockerfile.py ROOT [DOCKERFILE] [-- COMMAND ...]

FROM stands for the root, which must have Python and be one of root.sh's. Without COMMAND, the CMD
is run. It runs as the USER of the file, with no capability, and with the folder of the Dockerfile
mounted where WORKDIR is, as `docker run -v ./:/course` does. Known: FROM, RUN, ENV, WORKDIR, COPY,
USER and CMD, as this repository uses them.
"""

import argparse
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

ENTER = Path(__file__).with_name("enter.sh")


def instructions(text):
    """(word, rest) of each instruction, with continued lines joined."""
    text = re.sub(r"(?m)^\s*#.*\n", "", text).replace("\\\n", " ")
    for line in filter(str.strip, text.splitlines()):
        word, _, rest = line.strip().partition(" ")
        yield word, rest.strip()


class Container:
    """What the instructions so far have made of a root."""

    def __init__(self, root, source):
        self.root, self.source = Path(root), Path(source)
        self.environment = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"}
        self.folder, self.user, self.command = "/", "root", []

    def inside(self, path):
        """Where a path of the container lies on this machine."""
        return self.root / os.path.join(self.folder, path).lstrip("/")

    def run(self, *command):
        """Run a command as an instruction or the container does; returns its exit status."""
        settings = [f"{name}={value}" for name, value in self.environment.items()]
        script = 'cd "$1" && shift && exec env "$@"'
        entered = [ENTER, self.root, self.user, "sh", "-c", script, "sh", self.folder]
        return subprocess.run([*map(str, entered), *settings, *command]).returncode

    def do(self, word, rest):
        """Carry out one instruction."""
        if word == "RUN" and self.run("sh", "-c", rest):
            sys.exit(f"failed: {word} {rest}")
        elif word == "ENV":
            for name, value in re.findall(r"(\w+)=(\S+)", rest):
                self.environment[name] = value.replace("$PATH", self.environment["PATH"])
        elif word == "WORKDIR":
            self.folder = rest
            self.inside("").mkdir(parents=True, exist_ok=True)
        elif word == "COPY":
            *sources, target = rest.split()
            for name in sources:
                source, there = self.source / name, self.inside(target)
                if source.is_dir():
                    ignored = shutil.ignore_patterns("__pycache__")
                    shutil.copytree(source, there, ignore=ignored, dirs_exist_ok=True)
                else:
                    shutil.copy(source, there if target[-1:] != "/" else there / source.name)
        elif word == "USER":
            self.user = rest
        elif word == "CMD":
            self.command = json.loads(rest)
        elif word not in ("FROM", "RUN"):
            sys.exit(f"not known here: {word} {rest}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("root")
    parser.add_argument("dockerfile", nargs="?", default="Dockerfile", type=Path)
    parser.add_argument("command", nargs="*")
    options = parser.parse_args()
    container = Container(options.root, options.dockerfile.resolve().parent)
    for word, rest in instructions(options.dockerfile.read_text(encoding="utf-8")):
        print(f"{word} {rest}", flush=True)
        container.do(word, rest)
    command = options.command or container.command
    print(f"{container.user}: {shlex.join(command)}", flush=True)
    mounted = container.inside("")
    subprocess.run(["mount", "--bind", container.source, mounted], check=True)
    try:
        return container.run(*command)
    finally:
        subprocess.run(["umount", mounted], check=True)


if __name__ == "__main__":
    sys.exit(main())
