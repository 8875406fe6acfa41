"""Fuzz one target in this process, which the fuzzer ends: `worker.py TARGET SECONDS CORPUS CRASHES`; see run.py."""

import sys
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

import atheris

_LONGEST_INPUT = 8192  # bytes; what takes more is found by large.py
_MOST_SECONDS = 60  # for one input: a longer one is a crash
_MOST_MEMORY = 4096  # MiB


def main(name: str, seconds: str, corpus: str, crashes: str) -> None:
    """Fuzz a target, and end the process."""
    with atheris.instrument_imports(include=["loganomaly"], exclude=_compiled_modules()):
        from seeds import seeds_of
        from targets import TARGETS
    seeds = seeds_of(name)
    for number, seed in enumerate(seeds):
        Path(corpus, f"seed-{number}").write_bytes(seed[:_LONGEST_INPUT])
    TARGETS[name](seeds[0])  # compiles the kernels, which is no part of the time
    options = [
        f"-max_total_time={seconds}",
        f"-max_len={_LONGEST_INPUT}",
        f"-timeout={_MOST_SECONDS}",
        f"-rss_limit_mb={_MOST_MEMORY}",
        f"-artifact_prefix={crashes}/{name}-",
        "-print_final_stats=1",
    ]
    atheris.Setup([__file__, corpus, *options], TARGETS[name])
    atheris.Fuzz()


def _compiled_modules() -> Sequence[str]:
    """Return the modules with kernels: numba compiles them, and cannot compile what tells where an input leads."""
    home = Path(str(resources.files("loganomaly")))
    found = [path for path in home.rglob("*.py") if "@njit" in path.read_text(encoding="utf-8")]
    return [".".join(("loganomaly", *path.relative_to(home).with_suffix("").parts)) for path in found]


if __name__ == "__main__":
    main(*sys.argv[1:])
