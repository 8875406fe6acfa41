"""What is looked for in logs, whoever scans them."""

from dataclasses import dataclass, field

from loganomaly.behaviours.rule import BehaviourRule
from loganomaly.floods import FloodSettings
from loganomaly.scan.leaks import LeakSearch
from loganomaly.scan.mould_memory import MouldMemory
from loganomaly.scan.room import Rooms
from loganomaly.scan.rules import RuleSearch
from loganomaly.scan.sessions import SessionKeys

__all__ = ["Search"]


@dataclass(frozen=True, kw_only=True, repr=False)
class Search:
    """What a flood is, and what else is looked for.

    It is sent to the workers of a cluster, and is not shown with its contents where Dask logs what failed.

    Attributes
    ----------
    sessions
        What tells the records of a session; without keys, there are no sessions.
    leaks
        What secrets are searched for; without, none are.
    behaviours
        The rules by which records are counted.
    rules
        Which rules are searched for; without, none are. Searching costs less where `rules.beside` are the kinds of
        `leaks`.
    memory
        What is known of moulds; sources may share it.
    rooms
        Memory that chunks are scanned in.
    """

    floods: FloodSettings
    sessions: SessionKeys = field(default_factory=SessionKeys)
    leaks: LeakSearch | None = None
    behaviours: tuple[BehaviourRule, ...] = ()
    rules: RuleSearch | None = None
    memory: MouldMemory = field(default_factory=MouldMemory, compare=False)
    rooms: Rooms = field(default_factory=Rooms, compare=False)
