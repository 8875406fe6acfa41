import re
from pathlib import Path

import pytest
import yaml

from loganomaly.config import Config, load_config, load_suppress_file

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, flags=re.DOTALL)


def blocks(language):
    return [text for name, text in BLOCKS if name == language]


def test_the_readme_opens_with_the_two_commands():
    assert re.findall(r"^make \w+", blocks("sh")[0], flags=re.MULTILINE) == ["make demo", "make test"]
    assert README.index("make demo") < 400


@pytest.mark.parametrize("block", blocks("python"))
def test_python_blocks_run(block, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    exec(compile(block, "README.md", "exec"), {})
    assert (tmp_path / "results" / "summary.json").is_file()


@pytest.mark.parametrize("block", blocks("yaml"))
def test_the_settings_are_all_keys_with_their_defaults(block):
    assert yaml.safe_load(block) == Config().model_dump(mode="json")


def test_the_rules_of_the_readme_are_read(tmp_path):
    (block,) = re.findall(r"```\n(rules:\n.*?)```", README, flags=re.DOTALL)
    path = tmp_path / "settings.yaml"
    path.write_text(block, encoding="utf-8")
    config = load_config(path)
    assert config.rules.sigma == ("rules/linux", "extra.yml")
    assert [rule.name for rule in config.additional_rule_based_patterns] == ["out-of-paper"]


def test_the_masks_of_the_readme_are_read(tmp_path):
    (block,) = re.findall(r"```\n(masks:\n.*?)```", README, flags=re.DOTALL)
    path = tmp_path / "settings.yaml"
    path.write_text(block, encoding="utf-8")
    assert [(mask.name, mask.pattern) for mask in load_config(path).masks] == [("order", "ORD-[A-Z]+"), ("email", None)]


def test_the_suppress_list_of_the_readme_is_read(tmp_path):
    (block,) = re.findall(r"```\n(suppress:\n.*?)```", README, flags=re.DOTALL)
    path = tmp_path / "known.yaml"
    path.write_text(block, encoding="utf-8")
    entries = load_suppress_file(path)
    assert [entry.about for entry in entries] == [
        ("template", "retry <*> of <*> in <*> ms"),
        ("component", "inventory-sync"),
        ("session", 'req-* without "request <*> ends"'),
        ("level", "WARNING"),
    ]


@pytest.mark.parametrize("option", ["--results", "--file", "--note", "--undo", "--list"])
def test_every_option_of_dismiss_is_in_the_readme(option):
    block = next(block for block in blocks("sh") if "loganomaly dismiss" in block)
    assert option in block


def test_every_option_of_the_command_is_in_the_readme():
    from typer.testing import CliRunner

    from loganomaly.cli import app

    shown = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200", "NO_COLOR": "1"}).output
    options = set(re.findall(r"--[a-z][a-z-]+", shown)) - {"--help", "--version", "--install-completion"}
    assert options, shown
    missing = sorted(option for option in options if option not in README)
    assert not missing


@pytest.mark.parametrize(
    "name", ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "benchmarks/README.md", "fuzz/README.md"]
)
def test_links_lead_to_files(name):
    page = ROOT / name
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []
