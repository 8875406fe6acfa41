"""What configurations mean for rules: which are searched for, and what could not be translated."""

from collections.abc import Sequence
from dataclasses import dataclass

from loganomaly.config import Config, unknown_rule
from loganomaly.errors import ConfigError
from loganomaly.rules import Rule, default_rules, own_rule
from loganomaly.rules.sigma import SigmaRules, Untranslated, load_sigma
from loganomaly.scan.leaks import LeakSearch
from loganomaly.scan.rules import RuleSearch

__all__ = ["Ruling", "rule_notices", "rule_search", "ruling"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """The rules that are searched for, the names of those that are switched off, and what could not be translated."""

    rules: tuple[Rule, ...] = ()
    without: tuple[str, ...] = ()
    untranslated: tuple[Untranslated, ...] = ()


def ruling(config: Config) -> Ruling:
    """Return what a configuration says of rules; the user's come first, then the built-in ones, then Sigma's.

    Raises
    ------
    ConfigError
        Sigma rules cannot be read, or `rules.without` names a rule that there is not.
    """
    if not config.rules.enabled:
        return Ruling()
    own = [
        own_rule(entry.name, entry.pattern, reason=entry.reason, severity=entry.severity, tags=entry.tags)
        for entry in config.additional_rule_based_patterns
    ]
    given = (*own, *default_rules())
    names = [rule.name for rule in given]
    sigma = load_sigma(config.rules.sigma, taken=names) if config.rules.sigma else SigmaRules()
    rules = (*given, *sigma.rules)
    known = {rule.name for rule in rules}
    for name in config.rules.without:
        if name not in known:
            msg = f"rules.without: {unknown_rule(name, known)}"
            raise ConfigError(msg)
    return Ruling(
        rules=tuple(rule for rule in rules if rule.name not in config.rules.without),
        without=config.rules.without,
        untranslated=sigma.untranslated,
    )


def rule_search(rules: tuple[Rule, ...], *, leaks: LeakSearch | None) -> RuleSearch | None:
    """Return the search for rules in every line, beside what `leaks` looks for; None where there are no rules."""
    return RuleSearch(rules=rules, beside=() if leaks is None else leaks.kinds) if rules else None


def rule_notices(rulings: Sequence[Ruling]) -> list[str]:
    """Return remarks on Sigma rules that could not be translated."""
    left_out = list(dict.fromkeys(each for every in rulings for each in every.untranslated))
    if not left_out:
        return []
    which = "1 Sigma rule was" if len(left_out) == 1 else f"{len(left_out):,} Sigma rules were"
    first = left_out[0]
    named = f"{first.title or first.file}: {first.reason}"
    return [f"{which} not translated, see rules.untranslated in summary.json; the first is {named}"]
