"""Rules on how often something may happen: counts, different values and shares, of a group, within some time."""

from loganomaly.behaviours.built_in import built_in_rules
from loganomaly.behaviours.remarks import remarks
from loganomaly.behaviours.rule import ROLES, BehaviourRule
from loganomaly.behaviours.verdicts import Verdict, verdicts

__all__ = ["ROLES", "BehaviourRule", "Verdict", "built_in_rules", "remarks", "verdicts"]
