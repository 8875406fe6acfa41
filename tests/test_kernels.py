"""Compiled functions are kept for the next run, and are never those of an earlier version."""

import os
import subprocess
import sys

import pytest

from loganomaly import kernels

RUN = "from loganomaly.two import f; print(f(), sum(f.stats.cache_hits.values()))"


@pytest.fixture
def package(tmp_path):
    """Return a package of the same name with one function, `two.f`, that returns a number of another module."""
    home = tmp_path / "here" / "loganomaly"
    home.mkdir(parents=True)
    (home / "__init__.py").write_text("")
    (home / "kernels.py").write_bytes(kernels._read(kernels._PACKAGE / "kernels.py"))
    (home / "zero.py").write_text("NUMBER = 1\n")
    (home / "one.py").write_text("from loganomaly import (\n    zero,\n)\n\nNUMBER = zero.NUMBER\n")
    (home / "two.py").write_text(
        "from loganomaly.kernels import njit\nfrom loganomaly.one import NUMBER\n\n\n"
        "@njit(cache=True)\ndef f():\n    return NUMBER\n"
    )
    return home


def run(package, *, cache):
    """Return what `f` returns in a process of its own, and whether it was compiled before."""
    environment = os.environ | {"PYTHONPATH": str(package.parent), "XDG_CACHE_HOME": str(cache)}
    environment.pop("NUMBA_CACHE_DIR", None)
    done = subprocess.run(
        [sys.executable, "-c", RUN], env=environment, capture_output=True, text=True, check=True, cwd=package.parent
    )
    number, hits = done.stdout.split()
    return int(number), hits == "1"


def test_what_is_compiled_is_kept_for_the_next_run(package, tmp_path):
    assert [run(package, cache=tmp_path / "user") for _ in range(2)] == [(1, False), (1, True)]
    assert list((package / "__pycache__").glob("two.f-*.nbc"))


def test_what_a_module_further_on_says_is_compiled_anew_when_it_changes(package, tmp_path):
    run(package, cache=tmp_path / "user")
    (package / "zero.py").write_text("NUMBER = 2\n")
    assert run(package, cache=tmp_path / "user") == (2, False)


def test_a_module_that_is_no_part_of_it_may_change(package, tmp_path):
    run(package, cache=tmp_path / "user")
    (package / "other.py").write_text("NUMBER = 3\n")
    assert run(package, cache=tmp_path / "user") == (1, True)


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
