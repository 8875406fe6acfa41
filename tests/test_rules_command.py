"""`loganomaly rules`: the rules in use, and what could not be translated."""

import json

import pytest
from typer.testing import CliRunner

from loganomaly import cli
from loganomaly.rules import default_rules
from loganomaly.rules_command import rules_app

SIGMA = """
title: Odd shell
logsource: {product: linux}
level: high
detection: {asked: {Image: bash}, condition: asked}
---
title: Many logins
id: 5f2b1c1e-0000-4000-8000-000000000002
logsource: {product: linux}
detection: {asked: {X|gt: 5}, condition: asked}
"""


def run(*args):
    return CliRunner().invoke(rules_app, args, prog_name="loganomaly rules")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "odd.yml").write_text(SIGMA)
    return tmp_path


def test_it_lists_the_built_in_rules_the_worst_first():
    result = run()
    assert result.exit_code == 0
    named = [line.strip().partition(":")[0] for line in result.output.splitlines() if line.startswith("  ")]
    assert sorted(named) == sorted(rule.name for rule in default_rules())
    headings = [line.partition(":")[0] for line in result.output.splitlines() if line and not line.startswith(" ")]
    assert headings == ["critical", "high", "medium", "low"]


@pytest.mark.usefixtures("folder")
def test_it_lists_sigma_rules_and_what_could_not_be_translated():
    output = run("--sigma", "odd.yml").output
    assert "  odd-shell: Odd shell [odd.yml]" in output
    assert "not translated: 1 Sigma rule\n" in output
    assert "  Many logins (5f2b1c1e-0000-4000-8000-000000000002) in odd.yml: the field X is compared" in output


def test_it_takes_the_rules_of_the_settings(folder):
    (folder / "settings.yaml").write_text(
        "additional_rule_based_patterns:\n"
        "- {name: paper, pattern: out of paper, reason: the printer needs paper}\n"
        "rules: {without: [disk-full], sigma: [odd.yml]}\n"
    )
    output = run("--config", "settings.yaml").output
    assert "  paper: the printer needs paper [settings]" in output
    assert "switched off: disk-full" in output
    assert "  odd-shell:" in output
    assert "  disk-full:" not in output


def test_it_says_when_rules_are_switched_off(folder):
    (folder / "settings.yaml").write_text("rules: {enabled: false}\n")
    assert run("--config", "settings.yaml").output == "no rule is in use\n"


@pytest.mark.usefixtures("folder")
def test_json_has_the_same():
    told = json.loads(run("--sigma", "odd.yml", "--json").output)
    assert len(told["rules"]) == len(default_rules()) + 1
    (odd,) = [rule for rule in told["rules"] if rule["name"] == "odd-shell"]
    assert odd == {
        "name": "odd-shell",
        "reason": "Odd shell",
        "severity": "high",
        "tags": ["sigma"],
        "origin": "odd.yml",
    }
    assert told["untranslated"][0]["title"] == "Many logins"


def test_titles_move_no_cursor(folder):
    (folder / "odd.yml").write_text(SIGMA.replace("Odd shell", '"Odd \\e[31mshell"'))
    assert "\x1b" not in run("--sigma", "odd.yml").output


@pytest.mark.usefixtures("folder")
def test_a_path_that_there_is_not_ends_with_code_2():
    result = run("--sigma", "nowhere")
    assert result.exit_code == 2
    assert "there is no file or folder 'nowhere'" in result.stderr


def test_it_is_a_command_of_loganomaly(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["loganomaly", "rules"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 0
    assert "disk-full" in capsys.readouterr().out
