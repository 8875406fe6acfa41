"""What configurations mean to an analysis: which one holds for a source, its detectors, what a flood is."""

import fnmatch
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from loganomaly.behaviours import BehaviourRule, built_in_rules
from loganomaly.config import Config, load_suppress_file, set_keys
from loganomaly.detectors.base import Detector
from loganomaly.floods import FloodSettings
from loganomaly.mining.masks import Mask
from loganomaly.reading.dates import TimeSettings
from loganomaly.registry import DETECTORS, load, names
from loganomaly.rules import Rule
from loganomaly.secrecy import leak_kinds
from loganomaly.suppression import Suppression, split_reasons

__all__ = [
    "behaviours",
    "detectors",
    "flood_settings",
    "group_by_config",
    "notices",
    "own_masks",
    "suppressions",
    "time_settings",
    "unused_patterns",
]


def group_by_config(
    sources: Iterable[str], *, default: Config, patterns: Mapping[str, Config]
) -> tuple[list[Config], list[int]]:
    """Return the configurations that are in use, and for each source, by its name, which of them holds.

    Parameters
    ----------
    default
        Holds where no pattern does.
    patterns
        Glob pattern of a name or the last part of its path -> configuration; the first that fits counts.
    """
    configs: list[Config] = []
    groups = []
    for name in sources:
        fitting = (config for pattern, config in patterns.items() if _fits(name, pattern))
        config = next(fitting, default)
        if config not in configs:
            configs.append(config)
        groups.append(configs.index(config))
    return configs, groups


def unused_patterns(sources: Sequence[str], patterns: Iterable[str]) -> list[str]:
    """Return the patterns that no source fits: most likely they are misspelt."""
    return [pattern for pattern in patterns if not any(_fits(name, pattern) for name in sources)]


def _fits(name: str, pattern: str) -> bool:
    return fnmatch.fnmatch(name, pattern) or fnmatch.fnmatch(Path(name).name, pattern)


def flood_settings(config: Config) -> FloodSettings:
    """Return what counts as a flood."""
    window = config.detectors.rolling_window
    return FloodSettings(
        window_size=window.window_size,
        repetition_threshold=window.repetition_threshold,
        enabled=window.enabled,
    )


def time_settings(config: Config) -> TimeSettings:
    """Return how timestamps are read that do not say themselves."""
    reading = config.reading
    return TimeSettings(
        timezone=reading.timezone,
        timezone_given="reading.timezone" in set_keys(config),
        day_first=reading.day_first,
        year=reading.year,
    )


def own_masks(config: Config) -> tuple[Mask, ...]:
    """Return the user's masks, which are applied before the built-in ones."""
    return tuple(Mask(name=mask.name, pattern=mask.pattern) for mask in config.masks)


def behaviours(config: Config) -> tuple[BehaviourRule, ...]:
    """Return the behavioural rules: the user's, then the built-in ones but those that the user's take the place of."""
    names = {entry.name for entry in config.behavioral_rules}
    own = [entry.rule for entry in config.behavioral_rules if entry.enabled]
    return (*own, *(rule for rule in built_in_rules() if rule.name not in names))


def suppressions(config: Config) -> tuple[Suppression, ...]:
    """Return what is not shown: the entries of the configuration, then those of the file that it names.

    Raises
    ------
    ConfigError
        If that file cannot be read or is wrong.
    """
    path = config.suppress_file
    given = [(entry, "the configuration") for entry in config.suppress]
    given += [(entry, path) for entry in load_suppress_file(Path(path))] if path is not None else []
    return tuple(
        Suppression(
            subject=entry.about[0],
            text=entry.about[1],
            reasons=split_reasons(entry.reason),
            id=entry.id,
            note=entry.note,
            origin=origin,
        )
        for entry, origin in given
    )


def detectors(config: Config, *, without: Collection[str] = (), rules: Sequence[Rule] = ()) -> list[Detector]:
    """Return all registered detectors, with their settings, but those named in `without` or turned off in `config`.

    `rules` are those that were searched for.
    """
    lof, window = config.detectors.lof, config.detectors.rolling_window
    settings: dict[str, dict[str, Any]] = {
        "lof": {"neighbors": lof.neighbors, "contamination": lof.contamination},
        "rolling_window": {
            "window_size": window.window_size,
            "repetition_threshold": window.repetition_threshold,
        },
    }
    settings["leak"] = {"kinds": leak_kinds(config)}
    settings["behaviour"] = {"rules": behaviours(config)}
    settings["rule"] = {"rules": tuple(rules)}
    off = {name for name, section in (("lof", lof), ("rolling_window", window)) if not section.enabled}
    off.update(without)
    return [load(DETECTORS, name)(**settings.get(name, {})) for name in names(DETECTORS) if name not in off]


def notices(
    configs: Iterable[Config],
    *,
    unused: Iterable[str] = (),
    unclear_dates: Iterable[str] = (),
    mixed_masks: bool = False,
    without: Collection[str] = (),
    beyond: int = 0,
) -> Iterator[str]:
    """Yield remarks on settings: those without effect, and those that the sources with `unclear_dates` may need.

    Without effect are `unused` patterns of files, and what the settings of single files, after the first ones, say of
    models. `mixed_masks` says that there are files with other masks than others have, `without` which detectors were
    left out, `beyond` how many findings the contamination leaves out.
    """
    if without:
        yield f"detectors left out: {', '.join(sorted(without))}"
    if beyond:
        yield (
            f"{beyond:,} more {'is' if beyond == 1 else 'are'} unusual and not shown: findings would be about a larger "
            "share of the records than detectors.contamination allows"
        )
    if mixed_masks:
        yield (
            "files have different masks: the templates of all files together go by all these masks, those of findings "
            "and of the reports on single files by the file's own"
        )
    for name in unclear_dates:
        yield (
            f"{name}: nothing tells whether dates such as 03/04/2026 begin with the month or the day; they were read "
            "month first with slashes, day first otherwise: set reading.day_first"
        )
    for pattern in unused:
        yield f"no input fits {pattern!r}: its configuration was not used"
    first, *others = list(configs)
    prompt = first.workflow.steps.prompt
    if prompt.custom_template is not None and prompt.template != "custom":
        yield "workflow.steps.prompt.custom_template is without effect: workflow.steps.prompt.template is not 'custom'"
    unheard = {
        key
        for config in others
        for key in set_keys(config)
        if key.startswith(("llm.", "workflow.")) and _value(config, key) != _value(first, key)
    }
    if unheard:
        yield (
            "which model is asked, and how, is told by the settings for all files; without effect in those of single "
            f"files: {', '.join(sorted(unheard))}"
        )


def _value(config: Config, key: str) -> object:
    """Return the value of a dotted key."""
    value: object = config
    for name in key.split("."):
        value = getattr(value, name)
    return value
