"""The command ``loganomaly``: each of its commands is a module of its own.

Exit codes: 0, the run is done, whatever it found; 2, the call or the configuration is wrong; 130,
interrupted; 1, anything else. Nothing heavy is imported before a run begins: ``--help`` answers at once.
"""

import atexit
import gc
import os
import sys

from loganomaly.analyze_command.run import app
from loganomaly.dashboard_command import dashboard_app
from loganomaly.dismiss_command import dismiss_app
from loganomaly.inspect_command import inspect_app
from loganomaly.mask_commands import masks_app, try_app
from loganomaly.redact_command import redact_app
from loganomaly.rules_command import rules_app

__all__ = ["app", "inspect_app", "main"]


def main() -> None:
    """Run the command line of this process and exit."""
    # Nothing here multiplies large dense matrices, for which numpy and scipy would each start a thread for every core.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    atexit.register(gc.freeze)  # Python would look for garbage in all that was loaded, 0.3 s, and then end
    # Commands instead of one group: a group would take the options of `loganomaly` for its own.
    if sys.argv[1:2] == ["inspect"]:
        inspect_app(args=sys.argv[2:], prog_name="loganomaly inspect")
    elif sys.argv[1:3] == ["masks", "try"]:
        try_app(args=sys.argv[3:], prog_name="loganomaly masks try")
    elif sys.argv[1:2] == ["masks"]:
        masks_app(args=sys.argv[2:], prog_name="loganomaly masks")
    elif sys.argv[1:2] == ["redact"]:
        redact_app(args=sys.argv[2:], prog_name="loganomaly redact")
    elif sys.argv[1:2] == ["dismiss"]:
        dismiss_app(args=sys.argv[2:], prog_name="loganomaly dismiss")
    elif sys.argv[1:2] == ["dashboard"]:
        dashboard_app(args=sys.argv[2:], prog_name="loganomaly dashboard")
    elif sys.argv[1:2] == ["rules"]:
        rules_app(args=sys.argv[2:], prog_name="loganomaly rules")
    else:
        app(prog_name="loganomaly")
