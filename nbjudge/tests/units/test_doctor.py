"""The doctor says what this machine allows, and what gives more, on every machine."""

import json
import platform

import pytest
from nbjudge.cli import main
from nbjudge.sandbox import isolation
from nbjudge.sandbox.levels import HELP, LEVELS, PROMISES, level_of

from nbjudge import doctor


def test_it_says_what_grading_uses(sandbox, capsys):
    assert main(["doctor", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["chosen"] == level_of(isolation.find_method())
    assert [one["level"] for one in answer["levels"]] == list(LEVELS)
    for one in answer["levels"]:
        assert one["promise"] == PROMISES[one["level"]]
        assert one["method"] is None or isolation.why_not(one["method"]) is None
    assert {"system", "Python", "memory", "cores", "user", "Landlock"} <= set(answer["facts"])
    assert not any("unknown" in said for said in answer["facts"].values())


def allowing(monkeypatch, *levels):
    """Have only these levels work."""
    found = {level: (f"{level}-user", []) for level in levels} | {"none": ("none", [])}
    nothing = None, ["a reason"]
    monkeypatch.setattr(isolation, "tried", lambda level: found.get(level, nothing))


def test_it_names_the_setting_that_forbids(monkeypatch, capsys):
    allowing(monkeypatch, "landlock")
    settings = {"kernel.apparmor_restrict_unprivileged_userns": "1"}
    monkeypatch.setattr(doctor, "_setting", settings.get)
    assert main(["doctor"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "forbidden by kernel.apparmor_restrict_unprivileged_userns=1" in said
    assert "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0 (lasts" in said
    assert "user.max_user_namespaces" not in said
    assert "namespaces not possible here not by a reason" in said
    assert "nbjudge grade uses landlock." in said


def test_where_no_setting_forbids_it_names_every_remedy(monkeypatch, capsys):
    allowing(monkeypatch)
    monkeypatch.setattr(doctor, "_setting", lambda name: None)
    assert main(["doctor", "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["chosen"] is None
    assert answer["help"] == HELP["namespaces"] + HELP["landlock"]
    assert main(["doctor"]) == 1
    assert "nbjudge grade is refused here, unless --unsafe is given." in capsys.readouterr().out


@pytest.mark.parametrize("system", ["Darwin", "Windows"])
def test_on_other_systems_it_tells_of_the_container(monkeypatch, capsys, system):
    monkeypatch.setattr(platform, "system", lambda: system)
    assert main(["doctor"]) == 1
    said = capsys.readouterr().out
    assert "docker run" in said and "is refused here" in said
