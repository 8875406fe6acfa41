"""Which browser the tests take, and what happens on a machine without one."""

import os
import sys

import pytest

import browser_setup


@pytest.fixture(autouse=True)
def _nothing_is_set(monkeypatch):
    for name in ("CI", browser_setup.REQUIRED, browser_setup.VARIABLE):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def commands(monkeypatch):
    """Keep the commands that would be run; those with a word of `refused` fail."""
    run, refused = [], set()

    def instead(command, *, quiet=False):
        run.append((" ".join(command), quiet))
        return not refused & set(command)

    monkeypatch.setattr(browser_setup, "_run", instead)
    monkeypatch.setattr(browser_setup, "_starts", lambda: "chromium" not in refused)
    return run, refused


def programs(folder, *names):
    for name in names:
        (folder / name).write_text("#!/bin/sh\nexit 3\n")
        (folder / name).chmod(0o755)
    return [str(folder / name) for name in names]


def test_the_program_that_is_named_wins_and_no_other_is_tried(monkeypatch):
    monkeypatch.setenv(browser_setup.VARIABLE, "/somewhere/chrome")
    assert [*browser_setup.candidates()] == ["/somewhere/chrome"]


@pytest.mark.skipif(sys.platform == "win32", reason="programs are found by their endings there")
def test_chromium_comes_before_chrome_and_playwrights_own_comes_last(tmp_path, monkeypatch):
    chrome, chromium = programs(tmp_path, "google-chrome", "chromium")
    monkeypatch.setattr(browser_setup, "PLACES", (chrome, str(tmp_path / "absent")))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert [*browser_setup.candidates()] == [chromium, chrome, None]


@pytest.mark.parametrize("name", ["CI", browser_setup.REQUIRED, browser_setup.VARIABLE])
def test_a_missing_browser_is_a_failure_in_ci_and_where_one_is_named(monkeypatch, name):
    assert not browser_setup.required()
    monkeypatch.setenv(name, "false")
    assert not browser_setup.required()
    monkeypatch.setenv(name, "1")
    assert browser_setup.required()


def test_where_no_program_starts_all_that_were_tried_are_told_and_what_to_do(tmp_path, monkeypatch):
    from playwright.sync_api import sync_playwright

    (broken,) = programs(tmp_path, "chromium")
    monkeypatch.setattr(browser_setup, "candidates", lambda: iter([broken, str(tmp_path / "absent")]))
    with sync_playwright() as playwright, pytest.raises(browser_setup.NoBrowserError) as raised:
        browser_setup.launch(playwright)
    assert all(word in str(raised.value) for word in (broken, "absent", "apt install chromium", browser_setup.VARIABLE))


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="there is no root")
def test_root_installs_the_package_of_debian_without_questions(monkeypatch, commands):
    run, _ = commands
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(browser_setup.shutil, "which", lambda name: f"/usr/bin/{name}")
    browser_setup.install()
    assert [command.split("300 ")[1] for command, _ in run] == [
        "update",
        "install --yes --no-install-recommends chromium",
    ]
    assert all("DEBIAN_FRONTEND=noninteractive" in command for command, _ in run)


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="there is no root")
def test_where_a_password_would_be_asked_for_playwright_installs_its_own_and_no_libraries(monkeypatch, commands):
    run, refused = commands
    refused.add("-n")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(browser_setup.shutil, "which", lambda name: f"/usr/bin/{name}")
    browser_setup.install()
    assert [command for command, _ in run] == [
        "/usr/bin/sudo -n true",
        f"{sys.executable} -m playwright install chromium",
    ]


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="there is no root")
def test_where_the_package_does_not_help_playwright_installs_its_own_and_what_it_needs(monkeypatch, commands):
    run, refused = commands
    refused.add("chromium")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(browser_setup.shutil, "which", lambda name: f"/usr/bin/{name}")
    browser_setup.install()
    assert run[-1][0] == f"{sys.executable} -m playwright install --with-deps chromium"
