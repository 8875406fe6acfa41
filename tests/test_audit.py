"""What ``make audit`` makes of the answers of pip-audit, which needs a network."""

import json

import pytest

from audit import verdict

SAFE = {"name": "polars", "version": "1.30.0", "vulns": []}
OURS = {"name": "loganomaly", "skip_reason": "not found"}
UNKNOWN = {"name": "inhouse", "skip_reason": "not found"}
VULNERABLE = {"name": "pyyaml", "version": "5.3", "vulns": [{"id": "PYSEC-1", "fix_versions": ["5.4"]}]}


def answer(*packages):
    return json.dumps({"dependencies": packages, "fixes": []})


def test_packages_without_known_vulnerabilities_pass():
    assert verdict(answer(SAFE, OURS), "") == (0, "1 packages checked, 0 known vulnerabilities")


def test_a_known_vulnerability_fails_and_says_what_mends_it():
    code, told = verdict(answer(SAFE, VULNERABLE), "Found 1 known vulnerability")
    assert code == 1
    assert told.startswith("pyyaml 5.3: PYSEC-1, fixed in 5.4\n")


def test_packages_that_the_service_does_not_know_are_told_as_not_checked():
    code, told = verdict(answer(UNKNOWN, OURS), "No known vulnerabilities found")
    assert code == 0
    assert (
        told == "0 packages checked, 0 known vulnerabilities\nNOT CHECKED, for the service does not know them: inhouse"
    )


@pytest.mark.parametrize("error", ["requests.exceptions.ConnectionError: Max retries exceeded", "ServiceError: down"])
def test_a_service_that_cannot_be_reached_is_told_as_not_checked(error):
    code, told = verdict("", f"Traceback ...\n{error}\n")
    assert code == 0
    assert told == f"NOT CHECKED for known vulnerabilities: the service cannot be reached: {error}"


@pytest.mark.parametrize("error", ["/usr/bin/python: No module named pip_audit", ""])
def test_any_other_failure_fails(error):
    assert verdict("", error)[0] == 1
