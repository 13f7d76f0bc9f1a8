"""A file that is written is there whole or not at all, and private from its first moment."""

import os
import stat

import pytest
from nbjudge.files import replace


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_a_private_file_is_never_readable_by_others(tmp_path, monkeypatch):
    seen, real = [], os.replace

    def looking(fresh, path):
        seen.append(mode(fresh))
        real(fresh, path)

    monkeypatch.setattr(os, "replace", looking)
    key = tmp_path / "key"
    left = tmp_path / ".key.new"
    left.write_text("half")
    left.chmod(0o644)  # by a run that was killed
    replace(key, "secret", private=True)
    assert key.read_text() == "secret" and seen == [0o600] and mode(key) == 0o600


def test_another_file_has_the_mode_that_the_user_gives_to_new_files(tmp_path):
    before = os.umask(0o027)
    try:
        replace(tmp_path / "page", "text")
    finally:
        os.umask(before)
    assert mode(tmp_path / "page") == 0o640


def test_what_cannot_be_written_leaves_the_old_file(tmp_path):
    page = tmp_path / "page"
    replace(page, "old")
    with pytest.raises(TypeError):
        replace(page, 5)
    assert page.read_text() == "old" and list(tmp_path.iterdir()) == [page]
