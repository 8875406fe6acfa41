"""Templates of the rows of a frame."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loganomaly.frames import Lines, Mappings, add_columns, lines_of
from loganomaly.mining.learnt import Learnt, carried, together
from loganomaly.mining.masks import Mask, masks_in_use
from loganomaly.mining.miner import mine
from loganomaly.mining.shape import Counted, make_shapes
from loganomaly.mining.store import load_templates
from loganomaly.mining.template import Template
from loganomaly.reading.detect import detect
from loganomaly.reading.fields import Fields, has_fields
from loganomaly.reading.program import NO_TIME
from loganomaly.reading.records import Records, read_all_heads
from loganomaly.scan.described import FIELD_NAMES, described_fields
from loganomaly.scan.hashes import intern
from loganomaly.scan.shapes import read_shapes
from loganomaly.scan.survey import Occurrences, slot_rows, survey

__all__ = ["MinedRows", "TemplateMiner", "load_templates", "mine_rows", "mine_templates"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MinedRows:
    """The templates of many rows: which one (number) and which shape (its id) each has, each row's message and fields.

    Templates of earlier runs that no row has may be among them.
    """

    templates: list[Template]
    numbers: NDArray[np.int64]
    shapes: NDArray[np.uint64]
    messages: list[bytes]
    fields: list[list[dict[str, str]]]


def mine_rows(
    lines: Lines, *, whole_lines: bool = False, masks: Sequence[Mask] | None = None, learnt: Sequence[Learnt] = ()
) -> MinedRows:
    """Mine the templates of rows of text.

    Timestamp, severity and component are read off each line as in files, and the message is mined; with
    `whole_lines`, rows are messages already. `masks` are the built-in ones unless given; templates of `learnt` keep
    their ids.
    """
    data, bounds = lines.data, lines.bounds
    fields: list[list[dict[str, str]]] = [[] for _ in range(len(bounds) - 1)]
    if whole_lines:
        starts, ends, seeds = bounds[:-1], bounds[1:], np.zeros(len(bounds) - 1, np.int16)
    else:
        sample = "\n".join(lines.texts.head(2000).str.split("\n").list.first().to_list()).encode() + b"\n"
        tables = detect(sample).tables()
        columns, kept = read_all_heads(data, bounds, tables)
        records = Records(*columns)
        if has_fields(tables):
            fields = described_fields(data, records, Fields(*kept), tables)
        starts, ends, seeds = records.message_start, records.message_end, records.status
    hashes, slot_of, values, slot_numbers, *_ = read_shapes(data, starts, ends, seeds)
    ids, shapes, first = intern(hashes)
    slot_first = slot_rows(slot_of, ids, len(shapes))
    found = survey(
        Occurrences(slot_of, values, slot_numbers),
        kinds=ids,
        rows=slot_first,
        times=np.full(len(ids), NO_TIME),
        limits=np.zeros(slot_first[-1], np.uint64),
    )
    counts = np.bincount(ids, minlength=len(shapes))
    constant = found.lowest == found.highest
    counted = [
        Counted(
            id=int(shapes[number]),
            sample=data[starts[row] : ends[row]].tobytes(),
            records=int(counts[number]),
            status=int(seeds[row]),
            constant_slots=np.flatnonzero(constant[slot_first[number] : slot_first[number + 1]]).tolist(),
        )
        for number, row in enumerate(first.tolist())
    ]
    templates = carried(mine(together(make_shapes(counted, masks=masks), learnt)), learnt)
    number_of = {shape: number for number, template in enumerate(templates) for shape in template.shapes}
    template_of = np.array([number_of[shape] for shape in shapes.tolist()], np.int64)
    spans = zip(starts.tolist(), ends.tolist(), strict=True)
    return MinedRows(
        templates=templates,
        numbers=template_of[ids],
        shapes=shapes[ids],
        messages=[data[s:e].tobytes() for s, e in spans],
        fields=fields,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateMiner:
    """Mines the templates of a frame's log lines.

    Parameters
    ----------
    column
        The column with the lines.
    whole_lines
        True where the lines are messages without timestamp, severity and component.
    masks
        Masks of one's own, applied before the built-in ones; one that has the name of a built-in one takes its place,
        and switches it off if it has no pattern.
    learnt
        Templates of an earlier run, as `load_templates` returns them: those that are known keep their ids.
    """

    column: str = "log"
    whole_lines: bool = False
    masks: tuple[Mask, ...] = ()
    learnt: tuple[Learnt, ...] = ()

    def mine(self, frame: Any) -> Any:
        """Return the frame with its templates; see `mine_templates`."""
        masks = masks_in_use(self.masks)
        lines = lines_of(frame, column=self.column)
        mined = mine_rows(lines, whole_lines=self.whole_lines, masks=masks, learnt=self.learnt)
        texts, ids = [t.text for t in mined.templates], [t.id for t in mined.templates]
        numbers = mined.numbers.tolist()
        return add_columns(
            frame,
            {
                "log_template": [texts[n] for n in numbers],
                "template_id": [ids[n] for n in numbers],
                "parameters": [
                    mined.templates[n].parameters(message, shape=shape)
                    for message, n, shape in zip(mined.messages, numbers, mined.shapes.tolist(), strict=True)
                ],
                "parameter_types": [list(mined.templates[n].types) for n in numbers],
                "fields": Mappings(names=FIELD_NAMES, rows=mined.fields),
                "log_message": [message.decode(errors="replace") for message in mined.messages],
            },
        )


def mine_templates(
    frame: Any, *, column: str = "log", masks: tuple[Mask, ...] = (), learnt: tuple[Learnt, ...] = ()
) -> Any:
    """Mine the templates of a frame's log lines.

    Parameters
    ----------
    masks
        Masks of one's own, applied before the built-in ones; see `TemplateMiner`.
    learnt
        Templates of an earlier run, as `load_templates` returns them: those that are known keep their ids.

    Returns
    -------
    frame
        The given rows, order and index, and the columns `log_template` (text, `<*>` where it varies), `template_id`
        (text, the same for the same template in every run), `parameters` (list of text, in order), `parameter_types`
        (list of text: the name of the mask that covers each, "list" for values side by side, "text" for the rest),
        `fields` (list of mappings of `name`, `type` and `value`, all text: what JSON, logfmt and delimited text say
        beside time, severity, component and message, in order and as written, secrets masked; types as those of
        parameters) and `log_message` (the first line without timestamp, severity and component). The template with the
        parameters in the places of `<*>`, in order, is the message, to the character.

    Raises
    ------
    InputError
        If the frame has no such column, or no rows.
    ConfigError
        If a mask cannot work.

    Examples
    --------
    >>> import polars as pl
    >>> mine_templates(pl.DataFrame({"log": ["took 12 ms", "took 9 ms"]}))["parameters"].to_list()
    [['12'], ['9']]
    >>> order = Mask(name="order", pattern=r"ORD-[A-Z]+")
    >>> mine_templates(pl.DataFrame({"log": ["paid ORD-AB", "paid ORD-X"]}), masks=(order,))["log_template"].to_list()
    ['paid <*>', 'paid <*>']
    """
    return TemplateMiner(column=column, masks=masks, learnt=learnt).mine(frame)
