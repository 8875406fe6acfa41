"""All that is fuzzed: functions that take any bytes, and raise where the program breaks a promise."""

from collections.abc import Callable, Mapping

import given_targets
import kernel_targets
import log_targets
import model_targets
import text_targets

__all__ = ["TARGETS"]

TARGETS: Mapping[str, Callable[[bytes], None]] = {
    "answer": model_targets.answer,
    "answers": given_targets.answers,
    "config": given_targets.config,
    "cuts": kernel_targets.cuts,
    "documents": log_targets.documents,
    "files": log_targets.files,
    "findings": given_targets.findings,
    "formats": given_targets.formats,
    "frames": log_targets.frames,
    "inspection": log_targets.inspection,
    "kernels": kernel_targets.kernels,
    "legible": text_targets.legible,
    "miner": log_targets.miner,
    "moments": log_targets.moments,
    "reply": model_targets.reply,
    "run": log_targets.run,
    "secrets": text_targets.secrets,
    "suppressions": given_targets.suppressions,
    "templates": given_targets.templates,
    "text": log_targets.text,
    "traces": text_targets.traces,
}
"""By name."""
