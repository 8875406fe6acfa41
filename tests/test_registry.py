"""The registry: built-ins and plugins by the same door."""

from importlib.metadata import EntryPoint

import pytest

from loganomaly import registry
from loganomaly.errors import UsageError
from loganomaly.registry import DETECTORS, checked_names, load, names


def test_the_built_in_detectors_are_registered():
    built_in = "burst leak lof novelty rarity rolling_window session severity shift silence value wording"
    assert set(built_in.split()) <= set(names(DETECTORS))


def test_names_are_sorted_and_single():
    assert names(DETECTORS) == sorted(set(names(DETECTORS)))


@pytest.mark.parametrize("name", names(DETECTORS))
def test_what_is_loaded_has_the_name_it_is_registered_under(name):
    assert load(DETECTORS, name)().name == name


def test_an_unknown_name_is_an_error_that_lists_the_known():
    with pytest.raises(UsageError, match=r"^no detectors named 'zzzz'\. Known: .*rarity, rolling_window"):
        load(DETECTORS, "zzzz")


def test_a_misspelt_name_is_put_right():
    with pytest.raises(UsageError, match=r"named 'rarety'; did you mean 'rarity'\? Known: "):
        load(DETECTORS, "rarety")


def test_registered_names_are_returned_each_once():
    assert checked_names(DETECTORS, ["lof", "rarity", "lof"]) == {"lof", "rarity"}


def test_an_unknown_name_among_others_is_an_error():
    with pytest.raises(UsageError, match=r"^no detectors named 'rarety'; did you mean 'rarity'\? Known: "):
        checked_names(DETECTORS, ["lof", "rarety"])


def test_a_text_in_place_of_names_is_an_error():
    with pytest.raises(UsageError, match=r"^given the text 'lof'; expected a list of names: \['lof'\]$"):
        checked_names(DETECTORS, "lof")


def test_an_empty_group_says_so():
    with pytest.raises(UsageError, match=r"Known: none\."):
        load("loganomaly.nothing", "x")


def test_a_plugin_is_found_beside_the_built_ins(monkeypatch):
    plugin = EntryPoint(name="mine", group=DETECTORS, value="fractions:Fraction")
    built_in = registry.registered
    monkeypatch.setattr(registry, "registered", lambda group: [*built_in(group), plugin])
    assert "mine" in names(DETECTORS)
    assert "rarity" in names(DETECTORS)
    assert load(DETECTORS, "mine").__name__ == "Fraction"
