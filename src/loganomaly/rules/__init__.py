"""Events that are known: rules with patterns, built-in ones, the user's, and those of Sigma."""

from loganomaly.rules.expression import AllOf, AnyOf, Expression, Not, Pattern, holds, pattern
from loganomaly.rules.load import default_rules
from loganomaly.rules.rule import SEVERITIES, Rule, RuleSeverity, own_rule

__all__ = [
    "SEVERITIES",
    "AllOf",
    "AnyOf",
    "Expression",
    "Not",
    "Pattern",
    "Rule",
    "RuleSeverity",
    "default_rules",
    "holds",
    "own_rule",
    "pattern",
]
