"""Whether a text says that something went wrong, and how bad: the words of trouble that are not negated."""

from loganomaly.troubles.read import Trouble, find_troubles, worst_trouble
from loganomaly.troubles.vocabulary import Grade

__all__ = ["Grade", "Trouble", "find_troubles", "worst_trouble"]
