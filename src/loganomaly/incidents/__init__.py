"""Incidents: findings that belong together in time, session, component and file; what they began with."""

from loganomaly.incidents.grouping import Grouped, find_incidents
from loganomaly.incidents.incident import Cause, Event, Incident
from loganomaly.incidents.near import near_incident

__all__ = ["Cause", "Event", "Grouped", "Incident", "find_incidents", "near_incident"]
