"""What is promised of any input holds on hostile input: bounded, and the same in every run. See fuzz/README.md."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from large import INPUTS, Large, check
from legible_output import check_file
from mixing import HOSTILE, mixed
from seeds import seeds_of
from targets import TARGETS

from loganomaly import LogAnalyzer

FUZZ = Path(__file__).parent.parent / "fuzz"
# Few where an input takes long: most of the time is that of starting and judging.
COUNTS = {"cuts": 30, "frames": 10, "inspection": 25, "kernels": 100, "miner": 40, "moments": 40}
COUNTS |= {"run": 10, "templates": 40, "text": 40}
USUAL = 150


@pytest.fixture(scope="module", autouse=True)
def checked_kernels():
    """Start the run with checked bounds, which compiles for a minute and a half while the other tests run."""
    command = [sys.executable, str(FUZZ / "bounds.py"), "--inputs", "5"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        yield process
        process.kill()


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_what_is_promised_of_good_input_holds(name):
    seeds = seeds_of(name)
    for data in seeds[:: -(-len(seeds) // COUNTS.get(name, USUAL))]:  # some of each format
        TARGETS[name](data)


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_what_is_promised_of_any_input_holds_of_hostile_pieces(name):
    for piece in HOSTILE if name not in {"run", "frames"} else [b"\n".join(HOSTILE)]:
        TARGETS[name](piece)


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_what_is_promised_of_any_input_holds_of_good_input_that_is_cut_and_mixed(name):
    seeds = seeds_of(name)

    @given(st.randoms(use_true_random=False))
    @settings(
        max_examples=COUNTS.get(name, USUAL),
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    def holds(order):
        TARGETS[name](mixed(order, seeds))

    holds()


@pytest.mark.parametrize("name", sorted(INPUTS))
def test_every_line_of_a_smaller_copy_of_a_large_input_is_counted(name, tmp_path):
    folder, results = tmp_path / "in", tmp_path / "results"
    folder.mkdir()
    lines = INPUTS[name].make(folder, 0.01)
    analysed = LogAnalyzer().analyze(folder)
    for path in analysed.save(results):
        check_file(path)
    smaller = Large(make=INPUTS[name].make, most=INPUTS[name].most)
    assert check(analysed.summary, smaller, lines=lines, full=False) == ""


def test_no_access_of_the_compiled_kernels_is_out_of_bounds(checked_kernels):
    said, _ = checked_kernels.communicate()
    assert checked_kernels.returncode == 0, said
    assert "out of bounds on purpose: 33 of 33 caught" in said
