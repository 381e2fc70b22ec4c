"""A file is written whole or not at all."""

import io
import os
import stat

import pytest

from mnistgd.errors import OutputError
from mnistgd.system import files
from mnistgd.system.files import GrowingFile, check_writable, write_atomically

BOTH = pytest.mark.parametrize(
    "write", [lambda path: write_atomically(path, b"new"), check_writable], ids=["write", "check"]
)


def test_writes_and_replaces(tmp_path):
    path = tmp_path / "file"
    for content in (b"first", b"second"):
        write_atomically(path, content)
        assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


@BOTH
def test_a_null_byte_is_in_no_name(write, tmp_path):
    with pytest.raises(OutputError, match="null byte"):
        write(tmp_path / "a\0b")


def test_a_check_leaves_nothing_behind(tmp_path):
    check_writable(tmp_path / "file")
    assert list(tmp_path.iterdir()) == []


@BOTH
def test_no_such_folder(tmp_path, write):
    with pytest.raises(OutputError, match="does not exist") as caught:
        write(tmp_path / "a" / "b")
    assert caught.value.hint.startswith("mkdir -p ")


@BOTH
def test_a_folder_is_not_a_file(tmp_path, write):
    with pytest.raises(OutputError, match="is a folder"):
        write(tmp_path)


@BOTH
def test_a_file_where_a_folder_belongs(tmp_path, write):
    (tmp_path / "file").write_bytes(b"old")
    with pytest.raises(OutputError):
        write(tmp_path / "file" / "inside")


@BOTH
def test_a_name_that_is_too_long(tmp_path, write):
    with pytest.raises(OutputError, match="too long"):
        write(tmp_path / ("x" * 300))


@pytest.mark.skipif(os.name == "nt", reason="permissions are otherwise there")
def test_permissions_are_those_of_an_ordinary_file(tmp_path):
    (tmp_path / "ordinary").touch()
    write_atomically(tmp_path / "new", b"x")
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == stat.S_IMODE(
        (tmp_path / "ordinary").stat().st_mode
    )
    (tmp_path / "new").chmod(0o640)
    write_atomically(tmp_path / "new", b"y")
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o640


def test_two_signals_leave_no_temporary_file(tmp_path, monkeypatch):
    """The second comes while the first one's file is closed."""
    (tmp_path / "file").write_bytes(b"old")

    def strike(*_):
        raise KeyboardInterrupt

    class Struck(io.FileIO):
        def close(self):
            super().close()
            strike()

    monkeypatch.setattr("os.fdopen", Struck)
    monkeypatch.setattr("os.fsync", strike)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(tmp_path / "file", b"new")
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("file", b"old")]


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "target").write_bytes(b"old")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    write_atomically(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_bytes() == b"new"


def test_what_is_not_an_ordinary_file_is_written_to():
    write_atomically(pytest.importorskip("pathlib").Path(os.devnull), b"gone")
    check_writable(pytest.importorskip("pathlib").Path(os.devnull))


@pytest.mark.skipif(os.name == "nt", reason="permissions are otherwise there")
def test_somebody_elses_file_is_refused_before_any_work(tmp_path, monkeypatch):
    """In a folder such as /tmp, where anyone may make a file and only its owner may replace it."""
    (tmp_path / "theirs").write_bytes(b"old")
    tmp_path.chmod(0o1777)
    check_writable(tmp_path / "theirs")
    monkeypatch.setattr(os, "geteuid", lambda: 54321)
    with pytest.raises(OutputError, match="operation not permitted"):
        check_writable(tmp_path / "theirs")
    check_writable(tmp_path / "new")
    tmp_path.chmod(0o777)
    check_writable(tmp_path / "theirs")
    assert [file.name for file in tmp_path.iterdir()] == ["theirs"]


@pytest.mark.skipif(os.name == "nt", reason="no locks there")
@pytest.mark.parametrize("step", ["_lock", "_replace"])
@pytest.mark.parametrize("before", [None, b"old"])
def test_of_those_that_begin_one_file_at_once_one_goes_on(tmp_path, monkeypatch, before, step):
    """Another begins it before one step of this one: whoever is later is told, and takes nothing away."""
    path, real, begun, refused = tmp_path / "file", getattr(files, step), [], []
    if before is not None:
        path.write_bytes(before)

    def begin(content):
        try:
            begun.append(GrowingFile(path, content))
        except OutputError as error:
            refused.append(error.message)

    def after_another(*args):
        monkeypatch.undo()
        begin(b"another ")
        return real(*args)

    monkeypatch.setattr(files, step, after_another)
    begin(b"this ")
    assert refused == [f"cannot write {path}: another run is writing to it"]
    (only,) = begun
    only.append(b"and more")
    only.close()
    assert path.read_bytes() == (b"this and more" if step == "_replace" else b"another and more")
    GrowingFile(path, b"later").close()
    assert path.read_bytes() == b"later"
