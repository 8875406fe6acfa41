"""Compiled functions are kept for the next run, are never those of an earlier version, and may be damaged."""

import importlib.util
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
from numba.core.errors import TypingError

from loganomaly import kernels

RUN = "from loganomaly.two import f; print(f(), sum(f.stats.cache_hits.values()))"
RUN_WHILE_UPGRADED = (
    "from loganomaly import two, zero; from pathlib import Path; Path(zero.__file__).write_text('NUMBER = 2\\n'); "
    "print(two.f(), sum(two.f.stats.cache_hits.values()))"
)
RUN_CALLER = (
    "from loganomaly.two import f; from loganomaly.three import g; f(); "
    "print(g(), *(sum(each.stats.cache_hits.values()) for each in (f, g)))"
)
READY_TO_COMPILE = "import sys; from loganomaly.two import f; f(); print('numba.np.linalg' in sys.modules)"
TINY = "from loganomaly.kernels import njit\n\n\n@njit(cache=True)\ndef f(number):\n    return number + 1\n"
DAMAGES = {
    "nothing": lambda _: b"",
    "a byte": lambda whole: whole[:1],
    "the version": lambda whole: whole[:20],
    "half": lambda whole: whole[: len(whole) // 2],
    "all but a byte": lambda whole: whole[:-1],
    "zeros": lambda whole: bytes(len(whole)),
    "a text": lambda whole: b"odd number of items " * (len(whole) // 20),
    "a wrong bit": lambda whole: (
        whole[: len(whole) // 2] + bytes([whole[len(whole) // 2] ^ 1]) + whole[len(whole) // 2 + 1 :]
    ),
}


@pytest.fixture
def package(tmp_path):
    """Return a package of the same name with one function, `two.f`, that returns a number of another module."""
    home = tmp_path / "here" / "loganomaly"
    home.mkdir(parents=True)
    (home / "__init__.py").write_text("")
    for name in ("kernels.py", "kernel_code.py"):
        (home / name).write_bytes(kernels._read(kernels._PACKAGE / name))
    (home / "zero.py").write_text("NUMBER = 1\n")
    (home / "one.py").write_text("from loganomaly import (\n    zero,\n)\n\nNUMBER = zero.NUMBER\n")
    (home / "two.py").write_text(
        "from loganomaly.kernels import njit\nfrom loganomaly.one import NUMBER\n\n\n"
        "@njit(cache=True)\ndef f():\n    return NUMBER\n"
    )
    return home


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """Return a function that imports `f`, which adds 1, as a run of its own does."""
    path = tmp_path / "tiny.py"
    path.write_text(TINY)

    def imported():
        spec = importlib.util.spec_from_file_location("tiny", path)
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, "tiny", module)
        spec.loader.exec_module(module)
        return module.f

    return imported


def start(package, *, cache, code=RUN):
    environment = os.environ | {"PYTHONPATH": str(package.parent), "XDG_CACHE_HOME": str(cache)}
    environment.pop("NUMBA_CACHE_DIR", None)
    environment["PYTHONDONTWRITEBYTECODE"] = "1"  # Python tells files of one second and size not apart
    return subprocess.Popen(
        [sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True, cwd=package.parent
    )


def result(process):
    said, _ = process.communicate()
    assert process.returncode == 0
    number, hits = said.split()
    return int(number), hits == "1"


def run(package, *, cache):
    """Return what `f` returns in a process of its own, and whether it was compiled before."""
    return result(start(package, cache=cache))


def used(f, number=1):
    """Return what `f` makes of a number, and whether it was compiled before."""
    return f(number), sum(f.stats.cache_hits.values()) == 1


def kept(f):
    return sorted(Path(f.stats.cache_path).glob("tiny.f-*.nb*"))


def test_what_is_compiled_is_kept_for_the_next_run(package, tmp_path):
    assert [run(package, cache=tmp_path / "user") for _ in range(2)] == [(1, False), (1, True)]
    assert list((package / "__pycache__").glob("two.f-*.nbc"))


def test_where_nothing_is_compiled_numba_does_not_get_ready_to(package, tmp_path):
    said = [start(package, cache=tmp_path / "user", code=READY_TO_COMPILE).communicate()[0] for _ in range(2)]
    assert said == ["True\n", "False\n"]


def test_what_a_module_further_on_says_is_compiled_anew_when_it_changes(package, tmp_path):
    run(package, cache=tmp_path / "user")
    (package / "zero.py").write_text("NUMBER = 2\n")
    assert run(package, cache=tmp_path / "user") == (2, False)


def test_what_is_compiled_after_an_upgrade_is_of_the_version_that_was_imported(package, tmp_path):
    assert result(start(package, cache=tmp_path / "user", code=RUN_WHILE_UPGRADED)) == (1, False)
    assert run(package, cache=tmp_path / "user") == (2, False)


def test_a_module_that_is_no_part_of_it_may_change(package, tmp_path):
    run(package, cache=tmp_path / "user")
    (package / "other.py").write_text("NUMBER = 3\n")
    assert run(package, cache=tmp_path / "user") == (1, True)


def test_what_is_kept_can_be_called_by_what_is_compiled_later(package, tmp_path):
    (package / "three.py").write_text(
        "from loganomaly.kernels import njit\nfrom loganomaly.two import f\n\n\n"
        "@njit(cache=True)\ndef g():\n    return f() + 10\n"
    )
    assert run(package, cache=tmp_path) == (1, 0)
    said = [start(package, cache=tmp_path, code=RUN_CALLER).communicate()[0].split() for _ in range(2)]
    assert said == [["11", "1", "0"], ["11", "1", "1"]]  # what `f` is linked with was read in the first only


@pytest.mark.skipif(sys.platform != "linux", reason="where users keep such things is told by a variable on Linux")
def test_of_a_package_that_cannot_be_written_it_is_kept_by_the_user(package, tmp_path):
    (package / "__pycache__").write_text("")  # also root cannot make a folder of it
    assert [run(package, cache=tmp_path / "user") for _ in range(2)] == [(1, False), (1, True)]
    (package / "zero.py").write_text("NUMBER = 2\n")
    assert run(package, cache=tmp_path / "user") == (2, False)
    assert list((tmp_path / "user").rglob("two.f-*.nbc"))


def test_where_nothing_can_be_kept_it_is_compiled_each_time(package, tmp_path):
    (package / "__pycache__").write_text("")
    (tmp_path / "user").write_text("")
    assert [run(package, cache=tmp_path / "user") for _ in range(2)] == [(1, False), (1, False)]


@pytest.mark.parametrize("left", DAMAGES)
def test_what_is_damaged_is_compiled_anew_and_kept(tiny, left):
    (f := tiny())(1)
    for file in kept(f):
        whole = file.read_bytes()
        file.write_bytes(DAMAGES[left](whole))
        assert [used(tiny()) for _ in range(2)] == [(2, False), (2, True)]
        file.write_bytes(whole)


def test_damage_is_told_to_those_who_debug_only(tiny, caplog, capfd):
    caplog.set_level(logging.DEBUG, "loganomaly")
    (f := tiny())(1)
    assert not caplog.records
    for file in kept(f):
        file.write_bytes(b"")
    tiny()(1)
    assert [(record.levelname, "damaged" in record.message) for record in caplog.records] == [("DEBUG", True)]
    assert capfd.readouterr() == ("", "")


def test_what_can_be_neither_read_nor_written_is_compiled_each_time(tiny):
    (f := tiny())(1)
    for file in kept(f):
        file.unlink()
        file.mkdir()  # which root cannot read as a file either
    assert [used(tiny()) for _ in range(2)] == [(2, False), (2, False)]


def test_what_is_kept_may_go_while_it_runs(tiny):
    f = tiny()
    folder = Path(f.stats.cache_path)
    folder.rename(folder.with_name("gone"))
    folder.write_text("")
    assert used(f) == (2, False)


def test_what_cannot_be_compiled_is_told(tiny):
    with pytest.raises(TypingError):
        tiny()("text")


def test_what_is_flushed_is_compiled_anew(tiny):
    tiny()(1)
    f = tiny()
    f(1)
    f.recompile()
    assert sum(f.stats.cache_misses.values()) == 1
    assert used(tiny()) == (2, True)


def test_code_of_an_earlier_version_in_the_place_of_this_one_is_not_run(package, tmp_path):
    run(package, cache=tmp_path / "user")
    earlier = {file: file.read_bytes() for file in (package / "__pycache__").glob("two.f-*.nbc")}
    (package / "zero.py").write_text("NUMBER = 2\n")
    run(package, cache=tmp_path / "user")
    for file, content in earlier.items():  # as when both write at once, or when the disk was full after the index
        file.write_bytes(content)
    assert run(package, cache=tmp_path / "user") == (2, False)


def test_code_of_another_signature_is_not_run(tiny):
    f = tiny()
    f(1)
    f(0.5)
    one, other = [file for file in kept(f) if file.suffix == ".nbc"]
    whole = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(whole)
    assert [used(tiny(), number) for number in (1, 0.5)] == [(2, False), (1.5, False)]


def test_two_runs_at_once_with_nothing_kept_yet_both_work(package, tmp_path):
    both = [start(package, cache=tmp_path / "user") for _ in range(2)]
    assert [result(process)[0] for process in both] == [1, 1]
    assert run(package, cache=tmp_path / "user") == (1, True)
