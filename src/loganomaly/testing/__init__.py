"""Contracts that built-in and third-party parts of LogAnomaly pass, for use in any test suite."""

from loganomaly.testing.detectors import case_of, check_detector
from loganomaly.testing.formats import ReadRecord, check_format, read_text
from loganomaly.testing.logs import log_line
from loganomaly.testing.providers import check_provider

__all__ = ["ReadRecord", "case_of", "check_detector", "check_format", "check_provider", "log_line", "read_text"]
