"""What is known of the values of parameters."""

import json

import polars as pl
import pytest

from loganomaly import LogAnalyzer


def parameters(lines, template, **settings):
    content = LogAnalyzer(**settings).analyze(pl.DataFrame({"log": lines})).template_file
    (entry,) = [entry for entry in content["templates"] if entry["log_template"] == template]
    return entry["parameters"]


def test_values_are_counted_over_all_shapes_of_a_template():
    users = ["root"] * 6 + ["ada", "bob", "cy", "dan"] * 2 + ["h1"] * 3
    (found,) = parameters([f"login of {user} failed today" for user in users], "login of <*> failed today")
    assert (found["distinct"], found["exact"]) == (6, True)
    assert [(v["value"], v["count"]) for v in found["values"]][:2] == [("root", 6), ("h1", 3)]
    assert sum(v["count"] for v in found["values"]) == len(users)


def test_numbers_have_quantiles_within_a_bin():
    (found,) = parameters([f"took {n} ms" for n in range(1, 1001)], "took <*> ms")
    numbers = found["numbers"]
    assert (numbers["count"], numbers["min"], numbers["max"]) == (1000, 1.0, 1000.0)
    assert numbers["quantiles"]["0.5"] == pytest.approx(500, rel=0.13)
    assert numbers["quantiles"]["0.99"] == pytest.approx(990, rel=0.13)


@pytest.mark.parametrize("count", [65, 1000, 20_000])
def test_more_values_than_are_kept_are_estimated(count):
    (found,) = parameters([f"host h{n} up" for n in range(count)], "host <*> up")
    assert not found["exact"]
    assert found["distinct"] == pytest.approx(count, rel=0.45)  # the standard error is 1 / sqrt(62)


def test_a_parameter_has_its_type_and_the_name_of_its_key():
    found = parameters([f"user=u{n} from 10.0.0.{n}:80" for n in range(9)], "user=<*> from <*>:<*>")
    assert [(p["position"], p["name"], p["type"]) for p in found] == [
        (0, "user", "id"),
        (1, None, "ip"),
        (2, None, "port"),
    ]


SECRETS = [f"job {n} calls https://shop:Zk81qpWm{n}@db/{n} with api_token=tk9f2a{n}77b3" for n in range(5)]


def test_values_of_secrets_are_not_told_and_others_are():
    content = LogAnalyzer().analyze(pl.DataFrame({"log": SECRETS})).template_file
    assert "Zk81" not in json.dumps(content)
    assert "tk9f2a" not in json.dumps(content)
    (entry,) = content["templates"]
    assert [p["masked"] for p in entry["parameters"]] == [False, True, True]


def test_a_number_that_is_a_secret_is_not_told():
    found = parameters([f"login password={n}1234567" for n in range(9)], "login password=<*>")
    assert found[0]["masked"]
    assert found[0]["numbers"] is None


def test_personal_data_is_not_told_in_compliance_mode():
    lines = [f"mail to u{n}@acme.dev from 10.0.0.{n} in {n} ms" for n in range(9)]
    found = parameters(lines, "mail to <*> from <*> in <*> ms", compliance=True)
    assert [p["masked"] for p in found] == [True, True, False]


def test_the_fields_of_json_are_parameters_with_a_name():
    users = ["ada", "bob", "cy"]
    lines = [
        json.dumps(
            {"level": "INFO", "msg": f"order {n} done", "user": users[n % 3], "duration_ms": n, "api_key": f"k{n}xyz"}
        )
        for n in range(30)
    ]
    found = parameters(lines, "order <*> done")
    assert [p["name"] for p in found if p["position"] is None] == ["api_key", "duration_ms", "user"]
    key, duration, user = found[1:]
    assert (user["distinct"], user["exact"], user["values"][0]["count"]) == (3, True, 10)
    assert (duration["numbers"]["count"], duration["numbers"]["max"]) == (30, 29.0)
    assert "xyz" not in json.dumps(key)


def test_a_secret_in_a_field_is_not_told():
    lines = [json.dumps({"msg": f"call {n}", "note": f"with password=hunter{n}x", "user": f"u{n}"}) for n in range(9)]
    content = json.dumps(LogAnalyzer().analyze(pl.DataFrame({"log": lines})).template_file)
    assert "hunter" not in content
