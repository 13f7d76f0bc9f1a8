"""requirements.lock serves every Python and system that the README names."""

import re
import tomllib

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from sample_class import HOME

PYTHONS = ["3.11", "3.12", "3.13", "3.14", "3.15"]
SYSTEMS = {
    "linux": {"sys_platform": "linux", "os_name": "posix", "platform_machine": "x86_64"},
    "macos": {"sys_platform": "darwin", "os_name": "posix", "platform_machine": "arm64"},
    "old macs": {"sys_platform": "darwin", "os_name": "posix", "platform_machine": "x86_64"},
    "windows": {"sys_platform": "win32", "os_name": "nt", "platform_machine": "AMD64"},
}
# by users themselves, when they need them
NOT_LOCKED = {"peers", "weights"}


def locked(python, system):
    """{name: versions} of what is installed there."""
    environment = SYSTEMS[system] | {
        "python_version": python,
        "python_full_version": f"{python}.9",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }
    found = {}
    for line in (HOME / "requirements.lock").read_text().splitlines():
        if match := re.match(r"([\w.-]+)(?:\[[\w,-]+\])?==(\S+)(?: ; (.*?))? \\$", line):
            name, version, marker = match.groups()
            if marker is None or Marker(marker).evaluate(environment):
                found.setdefault(name, []).append(Version(version))
    return found


def direct():
    """What the two pyproject.toml ask for, as (name, specifier)."""
    for place in ("pyproject.toml", "nbjudge/pyproject.toml"):
        project = tomllib.loads((HOME / place).read_text())["project"]
        extras = project.get("optional-dependencies", {})
        lists = [lines for extra, lines in extras.items() if extra not in NOT_LOCKED]
        for line in sum(lists, project["dependencies"]):
            wanted = Requirement(line)
            if wanted.name not in ("lmcore", "nbjudge"):
                yield canonicalize_name(wanted.name), wanted.specifier


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("python", PYTHONS)
def test_every_machine_gets_one_version_of_each_package_asked_for(python, system):
    found = locked(python, system)
    assert {name: versions for name, versions in found.items() if len(versions) > 1} == {}
    for name, specifier in direct():
        assert found.get(name), f"{name} is not in requirements.lock: run make lock"
        assert found[name][0] in specifier, f"{name} {found[name][0]} is not {specifier}: make lock"


def test_the_newest_python_gets_a_numpy_with_a_wheel_for_it():
    assert locked("3.15", "linux")["numpy"][0] >= Version("2.5.2")


def test_every_line_has_a_hash():
    blocks = re.split(r"\n(?=\S)", (HOME / "requirements.lock").read_text().strip())
    assert len(blocks) > 150 and all("--hash=sha256:" in block for block in blocks)


def test_the_pythons_are_the_same_everywhere():
    described = tomllib.loads((HOME / "pyproject.toml").read_text())["project"]["classifiers"]
    assert [line.rpartition(" ")[2] for line in described if "Python :: 3." in line] == PYTHONS
    assert f"PYTHONS='{' '.join(PYTHONS)}'" in (HOME / "tools" / "lock.sh").read_text()
    script = (HOME / "tools" / "environment.sh").read_text()
    assert f"<= ({PYTHONS[-1].replace('.', ', ')})" in script and all(
        f"python{python}" in script for python in PYTHONS
    )
    assert f"Python {PYTHONS[0]} to {PYTHONS[-1]}" in (HOME / "README.md").read_text()
