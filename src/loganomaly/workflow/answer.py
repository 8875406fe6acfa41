"""What a model is asked to answer, and how an answer is read: strictly, then as models really write."""

import json
import re
from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError

from loganomaly.classify import CLASSES
from loganomaly.errors import LLMUnparsedError
from loganomaly.legible import plain_text
from loganomaly.prompts.writing import class_aliases

__all__ = ["ANOMALY", "MODEL_SCHEMA", "ModelAnswer", "parse_answer", "quoted_in"]

ANOMALY = "anomaly"
"""What a model may say instead of a class: that it is one, whichever."""
_NAMES = (*CLASSES, ANOMALY)
_MOST_TAGS = 8
_LONGEST_REASON = 600
_LONGEST_QUOTE = 300
_SHORTEST_QUOTE = 6  # letters and digits: a level is no quote
_LONGEST_TEXT = 100_000  # characters of an answer that are looked at
_MOST_OBJECTS = 50
_THOUGHT = re.compile(r"(?i)<(/?)(?:think|thinking|thought|reasoning)>")
_FIELD = re.compile(
    r"(?im)^[\s>#*_`|-]{0,10}(classification|reason|tags|quote)[ \t*_`\"]{0,6}[:=][ \t*_`]{0,6}"
    r"(?:\r?\n[ \t]{0,6}(?!(?:classification|reason|tags|quote)\b))?(.*)$"
)  # one of the fields at the beginning of a line of prose, with its value there or on the next line
_ODD_IN_TAGS = re.compile(r"[^a-z0-9]+")


def _class_name(value: Any) -> Any:
    """Return the classification that is meant: case, blanks and dashes do not count."""
    if not isinstance(value, str):
        return value
    name = re.sub(r"[\s-]+", "_", value.strip().strip("\"'`*_.").lower())
    name = class_aliases().get(name, name)
    return name if name in _NAMES else value


def _one_line(value: Any) -> Any:
    return plain_text(value).strip() if isinstance(value, str) else value


def _tags(value: Any) -> Any:
    if value is None:
        return []
    if isinstance(value, str):
        value = re.split(r"[,;\n]", value.strip().strip("[]"))
    if not isinstance(value, list) or not all(isinstance(tag, str | int | float) for tag in value):
        return value
    tags = [_ODD_IN_TAGS.sub("_", plain_text(str(tag)).lower()).strip("_")[:40] for tag in value]
    return list(dict.fromkeys(tag for tag in tags if tag))[:_MOST_TAGS]


class ModelAnswer(BaseModel):
    """What a model says of a finding. `quote` are words that it copied from the log."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    classification: Annotated[str, BeforeValidator(_class_name), StringConstraints(pattern=f"^(?:{'|'.join(_NAMES)})$")]
    reason: Annotated[str, BeforeValidator(_one_line), StringConstraints(min_length=1)]
    tags: Annotated[list[str], BeforeValidator(_tags)] = Field(default_factory=list)
    quote: Annotated[str, BeforeValidator(lambda value: "" if value is None else _one_line(value))] = ""

    def model_post_init(self, _context: Any, /) -> None:
        """Cut what is longer than anybody reads."""
        object.__setattr__(self, "reason", _cut(self.reason, _LONGEST_REASON))
        object.__setattr__(self, "quote", self.quote[:_LONGEST_QUOTE])


MODEL_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "classification": {"type": "string", "enum": list(CLASSES)},
        "reason": {"type": "string", "maxLength": 400},
        "tags": {"type": "array", "items": {"type": "string", "maxLength": 24}, "maxItems": 5},
        "quote": {"type": "string", "maxLength": 120},
    },
    "required": ["classification", "reason", "tags", "quote"],
    "additionalProperties": False,
}
"""JSON Schema of an answer. Its limits stop small models, which would go on; a longer answer is cut, not refused."""


def parse_answer(text: str) -> ModelAnswer:
    """Return what an answer says.

    Tried in turn: the whole as JSON; and without thoughts, JSON in it, fenced or not; the fields as lines of prose.

    Raises
    ------
    LLMUnparsedError
        If it says nothing that can be used, or several different things; the message tells the model what is wrong.
    """
    try:
        return ModelAnswer.model_validate_json(text)
    except ValidationError as error:
        problem = _problem(error)
    rest = _without_thoughts(text[:_LONGEST_TEXT])
    found: list[ModelAnswer] = []
    candidates = list(_objects(rest))
    for candidate in candidates or list(_prose(rest)):
        try:
            found.append(ModelAnswer.model_validate(candidate))
        except ValidationError as error:
            problem = _problem(error)
    if not found:
        raise LLMUnparsedError(problem)
    if len({answer.classification for answer in found}) > 1:
        msg = "there are several answers with different classifications"
        raise LLMUnparsedError(msg)
    return found[-1]


def _without_thoughts(text: str) -> str:
    """Return what a model says aloud; thoughts that are not opened begin with the text, as those of some models do."""
    said, begin, depth = [], 0, 0
    for tag in _THOUGHT.finditer(text):
        if not tag[1]:
            said.append(text[begin : tag.start()] if depth == 0 else "")
            depth += 1
        elif depth:
            depth -= 1
        else:
            said.clear()
        begin = tag.end()
    if depth:
        msg = "the answer ends within thoughts"
        raise LLMUnparsedError(msg)
    return "".join([*said, text[begin:]])


def quoted_in(quote: str, data: str) -> bool:
    """Return whether a quote stands in what was sent, whatever its blanks and case."""
    words = _flat(quote)
    return sum(map(str.isalnum, words)) >= _SHORTEST_QUOTE and words in _flat(data)


def _flat(text: str) -> str:
    return " ".join(re.sub(r"(?m)^\| ?", "", text).split()).casefold()


def _objects(text: str) -> Iterator[dict[str, Any]]:
    """Yield the JSON objects in a text that speak of a classification, with keys in lower case."""
    decoder = json.JSONDecoder(strict=False)
    at, tried = text.find("{"), 0
    while at >= 0 and tried < _MOST_OBJECTS:
        tried += 1
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            at = text.find("{", at + 1)
            continue
        lowered = {key.strip().lower(): item for key, item in value.items()}
        if "classification" in lowered:
            yield lowered
        at = text.find("{", end)


def _prose(text: str) -> Iterator[dict[str, Any]]:
    """Yield the fields that stand at the beginning of lines; an answer begins where a classification does again."""
    fields: dict[str, str] = {}
    for match in _FIELD.finditer(text):
        name = match[1].lower()
        if name in fields:
            yield dict(fields)
            fields = {}
        fields[name] = match[2].strip().rstrip("*_`")
    if fields:
        yield dict(fields)


def _problem(error: ValidationError) -> str:
    """Return what is wrong with an answer, without repeating it: it may hold anything."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    if where == "classification" and first["type"] != "missing":
        return f"classification: expected one of {', '.join(CLASSES)}"
    if first["type"] == "missing":
        return f"{where}: missing"
    return f"{where}: not as asked for" if where else "expected one JSON object"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most].rstrip()}…"
