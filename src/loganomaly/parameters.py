"""What is known of the values of each template's parameters."""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loganomaly.case import Case
from loganomaly.merging import begins_of
from loganomaly.mining.template import Template
from loganomaly.places import field_places, parameter_places
from loganomaly.profile_tables import FIELD_SLOTS
from loganomaly.scan.bins import bin_bounds, bin_starts, quantile_bins

__all__ = ["QUANTILES", "describe_parameters"]

QUANTILES = (0.5, 0.9, 0.99)
_MOST_SHOWN = 10
_MOST_BARS = 24
_HASHES = 2.0**64
_PLACE = ["number", "position"]
_NOTHING: dict[str, Any] = {"distinct": None, "exact": False, "values": [], "numbers": None, "masked": True}
_STANDS = "\ue000"  # for a value that is no secret


def describe_parameters(
    case: Case, numbers: Sequence[int], *, clean: Callable[[str], str], all_shapes: bool = False
) -> dict[int, list[dict[str, Any]]]:
    """Return what is known of the parameters of templates, given by their numbers.

    Parameters
    ----------
    clean
        Takes secrets out of a text. Of a parameter that holds any, no value is told.
    all_shapes
        True where what `clean` takes out can stand in any shape; False where in those alone that the scan saw a
        secret in.

    Returns
    -------
    dict
        Template number -> one mapping per parameter, in order, then one per field, by name: `position` (from 0; None
        for a field), `name` (of the field, or the key that the parameter follows, or None), `type`, `distinct` (how
        many values that are no numbers, or None where they are not known), `exact` (whether these were counted or
        estimated), `values` (the most frequent ones that are known, with their counts), `numbers` (None, or count, min,
        max, quantiles: 6 to 12 % wide bins, and a histogram of up to 24 bars: from, to, count) and `masked` (whether
        values and numbers are left out because they are secrets).
    """
    named = field_places(case, numbers)
    places = pl.concat([parameter_places(case, numbers), named.drop("name")])
    values, sketches = _values(case, places), _sketches(case, places)
    found: dict[int, list[dict[str, Any]]] = {}
    for number in numbers:
        template = case.templates[number]
        found[number] = [
            {"position": position, "name": name, "type": kind}
            | values.get((number, position), {"distinct": None, "exact": False, "values": []})
            | {"numbers": sketches.get((number, position)), "masked": False}
            for position, (name, kind) in enumerate(zip(template.names, template.types, strict=True))
        ]
    for number, slot, name in (
        named.select("number", "slot", "name").unique().sort("number", "name", "slot").iter_rows()
    ):
        known = values.get((number, slot), {"distinct": None, "exact": False, "values": []})
        kind = "text" if known["values"] else "number"
        found[number].append(
            {"position": None, "name": name, "type": kind}
            | known
            | {"numbers": sketches.get((number, slot)), "masked": False}
        )
    suspects = (
        case.profile.shapes if all_shapes else case.profile.shapes.join(case.profile.leaks, on="shape", how="semi")
    )
    for number, shape, sample in (
        suspects.unique("shape")
        .join(case.members, on="shape")
        .select("number", "shape", "sample")
        .sort("shape")
        .iter_rows()
    ):
        if number in found:
            _mask(found[number], case.templates[number], shape=shape, sample=sample, clean=clean)
    names = {name: clean(name) for listed in found.values() for name in {each["name"] for each in listed} if name}
    for listed in found.values():
        for each in listed:
            each["name"] = names.get(each["name"])
    return found


def _mask(
    parameters: list[dict[str, Any]], template: Template, *, shape: int, sample: bytes, clean: Callable[[str], str]
) -> None:
    """Leave out the values of parameters that `clean` takes out of a message, in which they stand in their place."""
    message = template.parameters(sample, shape=shape)
    for known in parameters:
        position = known["position"]
        if position is None:
            _mask_field(known, clean=clean)
            continue
        if known["name"] is not None and known["name"] not in template.text:  # which holds no secrets any more
            known["name"] = None
        texts = _texts(known) or [message[position]]
        before, after = message[:position], message[position + 1 :]
        around = clean(template.fill([*before, _STANDS, *after]))
        for text in texts:
            if clean(template.fill([*before, text, *after])) != around.replace(_STANDS, text):
                known.update(_NOTHING)
                break


def _mask_field(known: dict[str, Any], *, clean: Callable[[str], str]) -> None:
    """Leave out the values of a field if one of them is a secret, by itself or by the name of the field."""
    for text in _texts(known):
        filled = f"{known['name']}={text}"
        if clean(filled) != filled or clean(text) != text:
            known.update(_NOTHING)
            return


def _texts(known: Mapping[str, Any]) -> list[str]:
    """Return the values that are told."""
    ends = [float(known["numbers"][end]) for end in ("min", "max")] if known["numbers"] else []
    # With all digits, as the log has them: a number of a card does not look like one otherwise.
    numbers = [f"{number:.0f}" if number.is_integer() else repr(number) for number in ends]
    return [*(entry["value"] for entry in known["values"]), *numbers]


def _values(case: Case, places: pl.DataFrame) -> dict[tuple[int, int], dict[str, Any]]:
    """Return, per template and parameter, what is known of the values that are no numbers."""
    of_field = pl.col("slot") >= FIELD_SLOTS
    most = pl.when(of_field).then(case.profile.most_field_values).otherwise(case.profile.most_values)
    known = (
        case.profile.values.join(places.filter(pl.col("slot") >= 0).drop("text"), on=["shape", "slot"])
        .with_columns(full=pl.len().over("shape", "slot") >= most)
        .with_columns(limit=pl.when("full").then(pl.col("value").max().over("shape", "slot")))
        .with_columns(limit=pl.col("limit").min().over("number", "position"))
        # Below the smallest limit of its slots, all values of a parameter are known.
        .filter(pl.col("limit").is_null() | (pl.col("value") <= pl.col("limit")))
        .select("number", "position", "text", "count", "limit")
    )
    words = places.filter(pl.col("text").is_not_null()).select(
        "number", "position", "text", pl.col("records").alias("count"), limit=pl.lit(None, dtype=pl.UInt64)
    )
    rows = (
        pl.concat([known, words])
        .group_by("number", "position", "text")
        .agg(pl.col("count").sum(), pl.col("limit").min())
        .group_by(_PLACE)
        .agg(
            pl.col("text", "count").sort_by("count", "text", descending=[True, False]).head(_MOST_SHOWN),
            pl.len().alias("known"),
            pl.col("limit").count().alias("sampled"),
            pl.col("limit").min(),
        )
    )
    return {
        (row["number"], row["position"]): {
            "distinct": row["known"] - row["sampled"] + _estimate(row["sampled"], row["limit"]),
            "exact": not row["sampled"],
            "values": [{"value": text, "count": count} for text, count in zip(row["text"], row["count"], strict=True)],
        }
        for row in rows.iter_rows(named=True)
    }


def _estimate(sampled: int, limit: int | None) -> int:
    """Return how many values there are if `sampled` of them have hashes up to `limit`."""
    return 0 if limit is None else round(sampled * _HASHES / (limit + 1))


def _sketches(case: Case, places: pl.DataFrame) -> dict[tuple[int, int], dict[str, Any]]:
    """Return, per template and parameter, what is known of its numbers."""
    slots = places.filter(pl.col("slot") >= 0).select("number", "position", "shape", "slot")
    ranges = (
        case.profile.slots.filter(pl.col("numbers") > 0)
        .join(slots, on=["shape", "slot"])
        .group_by(_PLACE)
        .agg(pl.col("numbers").sum(), pl.col("low").min(), pl.col("high").max())
    )
    counts = (
        case.profile.bins.join(slots, on=["shape", "slot"])
        .group_by(*_PLACE, "bin")
        .agg(pl.col("count").sum())
        .join(ranges, on=_PLACE)
        .sort(*_PLACE, "bin")
    )
    begins = begins_of([counts[name].to_numpy() for name in _PLACE])
    places = counts[begins[:-1]].select(*_PLACE, "numbers", "low", "high")
    bins, count, low, high = (
        column.to_numpy() for column in (counts["bin"], counts["count"], places["low"], places["high"])
    )
    quantiles = []
    for share in QUANTILES:
        starts = bin_starts(quantile_bins(bins, count, begins, share=share))
        quantiles.append(np.where(starts < low, low, np.where(starts > high, high, starts)).tolist())
    histograms = _histograms(bins, count, begins, low=low, high=high)
    return {
        (number, position): {
            "count": numbers,
            "min": least,
            "max": most,
            "quantiles": dict(zip(map(str, QUANTILES), values, strict=True)),
            "histogram": histogram,
        }
        for (number, position, numbers, least, most), histogram, *values in zip(
            places.iter_rows(), histograms, *quantiles, strict=True
        )
    }


def _histograms(
    bins: NDArray[np.int64],
    counts: NDArray[np.int64],
    begins: NDArray[np.int64],
    *,
    low: NDArray[np.float64],
    high: NDArray[np.float64],
) -> list[list[dict[str, float]]]:
    """Return the bars of each sketch as from, to and count; see `quantile_bins`.

    They lie between `low` and `high`, the smallest and the largest number of each sketch.
    """
    lowest, highest = bins[begins[:-1]], bins[begins[1:] - 1]
    width = (highest - lowest) // _MOST_BARS + 1
    sketch = np.repeat(np.arange(len(lowest)), np.diff(begins))
    bars = bins - (bins - lowest[sketch]) % width[sketch]
    first = begins_of([sketch, bars])[:-1]
    sketch, bars = sketch[first], bars[first]
    starts, ends = bin_bounds(bars)[0], bin_bounds(bars + width[sketch] - 1)[1]
    told = [
        {"from": start, "to": end, "count": count}
        for start, end, count in zip(
            np.where(starts < low[sketch], low[sketch], starts).tolist(),
            np.where(ends > high[sketch], high[sketch], ends).tolist(),
            np.add.reduceat(counts, first).tolist(),
            strict=True,
        )
    ]
    return [told[begin:end] for begin, end in pairwise(begins_of([sketch]).tolist())]
