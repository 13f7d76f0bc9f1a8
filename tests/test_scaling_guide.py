"""What the page on large classes offers.

Its Kubernetes manifest and its Slurm script grade a class as one machine does.
"""

import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import yaml
from made_up.cohort import Course, gradebook
from made_up.students import DUE
from runs.machinery import (
    DASK,
    PATIENCE,
    certificate,
    free_port,
    machines,
    network_trouble,
    processes_here,
    running,
)

HOME = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    return Course(tmp_path_factory.mktemp("course"))


class Manifest:
    """The guide's kubernetes.yaml, its commands and settings as they run here.

    Another program, address and place of the key.
    """

    def __init__(self, here, port):
        documents = list(
            yaml.safe_load_all((HOME / "book" / "scaling" / "kubernetes.yaml").read_text())
        )
        self.pods = {
            one["metadata"]["name"]: one["spec"]["template"]["spec"]["containers"][0]
            for one in documents
            if one["kind"] == "Deployment"
        }
        self.settings = next(one["data"] for one in documents if one["kind"] == "ConfigMap")
        self.address = f"tls://{here}:{port}"
        self.places = {
            "/opt/course/venv/bin/dask": DASK,
            "8786": [str(port)],
            "tls://lmcore-scheduler:8786": [self.address],
        }

    def command(self, pod):
        """What a pod runs."""
        return [
            part for word in self.pods[pod]["command"] for part in self.places.get(word, [word])
        ]

    def capabilities(self, pod):
        """What to put before a command that is to have these capabilities and no others."""
        added = self.pods[pod]["securityContext"]["capabilities"]["add"]
        return [
            "setpriv",
            "--inh-caps=-all",
            "--bounding-set=" + ",".join(["-all", *(f"+{name.lower()}" for name in added)]),
        ]

    def environment(self, key):
        """The settings, with the key in this file."""
        return {
            name: value.replace("/tls/both.pem", str(key)) for name, value in self.settings.items()
        }


def test_workers_on_machines_that_share_nothing_give_the_same_grades(course, tmp_path_factory):
    """The guide's pods: workers with a network, a working folder, a view of the disk and few
    capabilities of their own, over TLS.
    """
    from distributed import Client
    from distributed.security import Security

    trouble, base = network_trouble(), tmp_path_factory.getbasetemp()
    if trouble:
        warnings.warn(
            "no networks of their own for the workers, they are processes in folders of their own:"
            f" {trouble}",
            stacklevel=1,
        )
    root, keys, port = tmp_path_factory.mktemp("here"), tmp_path_factory.mktemp("keys"), free_port()
    key = certificate(keys)
    course.hand_in_at(root)
    with (
        machines(2, base, base / "away") if not trouble else processes_here(2, base / "away") as (
            here,
            others,
        )
    ):
        manifest = Manifest(here, port)
        # the key reaches a machine that sees nothing of ours as a secret does: from outside, into a
        # file
        arrives = [
            "sh",
            "-c",
            'printf %s "$LMCORE_KEY" > both.pem && exec "$@"',
            "-",
            *([] if trouble else manifest.capabilities("lmcore-worker")),
        ]
        away = os.environ | manifest.environment("both.pem") | {"LMCORE_KEY": key.read_text()}
        client_settings = manifest.environment(key) | {
            "DASK_DISTRIBUTED__COMM__TLS__CLIENT__CERT": str(key)
        }
        with (
            running(
                [*manifest.command("lmcore-scheduler")], env=os.environ | manifest.environment(key)
            ),
            running(
                *[[*prefix, *arrives, *manifest.command("lmcore-worker")] for _, prefix in others],
                env=away,
            ),
        ):
            trusted = Security(
                tls_ca_file=str(key), tls_client_cert=str(key), require_encryption=True
            )
            with Client(
                manifest.address, security=trusted, timeout=PATIENCE, set_as_default=False
            ) as client:
                client.wait_for_workers(2, timeout=PATIENCE)
                done = subprocess.run(
                    [
                        sys.executable,
                        "-m",
                        "nbjudge",
                        *course.command(root, "--scheduler", manifest.address),
                    ],
                    env=os.environ | client_settings,
                    capture_output=True,
                    text=True,
                    timeout=PATIENCE,
                )
                assert done.returncode == 0, done.stdout + done.stderr
                warm = client.run(lambda: len(sys.modules["nbjudge.execution.servers"]._idle))
                folders = client.run(os.getcwd)
                seen = client.run(os.path.exists, str(course.home / "submitted"))
                networks = client.run(os.readlink, "/proc/self/ns/net")
            stranger = subprocess.run(
                [sys.executable, "-c", STRANGER, manifest.address],
                capture_output=True,
                text=True,
                timeout=PATIENCE,
            )
    assert list(warm.values()) == [1, 1]  # both have graded
    assert "refused" in stranger.stdout
    if not trouble:
        assert not any(seen.values())
        assert len({os.readlink("/proc/self/ns/net"), *networks.values()}) == 3
    assert len(set(folders.values())) == 2
    assert gradebook(f"sqlite:///{root}/gradebook.db") == course.book
    assert (root / "grades.csv").read_text() == course.table


STRANGER = """
import logging, sys
from distributed import Client
logging.disable()
for address in (sys.argv[1], sys.argv[1].replace("tls:", "tcp:")):
    try:
        Client(address, timeout=3).run_on_scheduler(lambda: None)
        sys.exit("was let in")
    except (OSError, TypeError, RuntimeError, TimeoutError):
        pass
print("refused")
"""


def test_the_script_for_slurm_grades(course, tmp_path):
    """With an `srun` that starts one task here.

    Its umask keeps others out, and must not keep a student out of the box.
    """
    home = shutil.copytree(
        course.home,
        tmp_path / "course",
        ignore=shutil.ignore_patterns("autograded", "feedback", "gradebook.db", "grades.csv"),
    )
    certificate(home)
    (home / ".venv").symlink_to(sys.prefix)
    (tmp_path / "srun").write_text('#!/bin/sh\nshift\nexec "$@"\n')
    (tmp_path / "srun").chmod(0o755)
    done = subprocess.run(
        ["bash", HOME / "book" / "scaling" / "grade.sbatch", "1", "--due", DUE],
        cwd=home,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env=os.environ
        | {
            "PATH": f"{tmp_path}:{os.environ['PATH']}",
            "SLURM_JOB_ID": str(os.getpid()),
        },
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert gradebook(f"sqlite:///{home}/gradebook.db") == course.book
