"""The command that measures the findings."""

import subprocess
import sys
from pathlib import Path

COMMAND = Path(__file__).parent.parent / "benchmarks" / "findings.py"


def run(*options):
    return subprocess.run([sys.executable, str(COMMAND), *options], capture_output=True, text=True, check=False)


def test_data_that_is_missing_is_named_and_the_rest_is_measured(tmp_path):
    done = run("--data", str(tmp_path), "--part", "labelled", "--part", "story", "--seeds", "0")
    assert done.returncode == 2
    missing = [line.partition(" is not in ")[0] for line in done.stderr.splitlines()]
    assert missing == ["findings.py: anomalies/hdfs/raw.log.gz", "findings.py: anomalies/bgl_2k/raw.log"]
    assert "\n| examples/ | " in done.stdout


def test_every_table_says_what_was_learnt_from():
    done = run("--part", "story", "--seeds", "0", "--show")
    assert done.returncode == 0
    assert done.stderr == ""
    sections = done.stdout.split("\n## ")[1:]
    assert len(sections) == 2
    for section in sections:
        about = section.split("\n")[2]
        assert about.startswith("Data: ")
        assert "; unit: " in about
        assert about.endswith("; supervision: none; labels seen: none.")
    assert "1. leaked-aws-key: " in sections[0]
