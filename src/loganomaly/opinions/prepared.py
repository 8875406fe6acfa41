"""Questions that are written down to be answered later, or elsewhere, and the answers to them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from loganomaly.asking.choice import Choice
from loganomaly.opinions.asked import ask_all, run_until_done
from loganomaly.opinions.questions import entries_by_question
from loganomaly.providers.provider import HTTPProvider, Prompt
from loganomaly.workflow.context import WorkflowContext
from loganomaly.workflow.llm_call import identity_of, prompt_of, question_of
from loganomaly.workflow.step import WorkflowStep
from loganomaly.workflow.workflow import LogAnalysisWorkflow

__all__ = ["Prepared", "batch_files", "json_line", "prepare"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A question about a finding, by its id; nothing in it is secret."""

    custom_id: str
    prompt: Prompt
    identity: tuple[object, ...]

    def described(self) -> dict[str, Any]:
        """Return it as a line of questions.jsonl has it."""
        return {
            "custom_id": self.custom_id,
            "system": self.prompt.system,
            "user": self.prompt.user,
            "schema": self.prompt.schema,
            "identity": list(self.identity),
        }


class _WritingDown(WorkflowStep):
    """Writes a question down in the place of asking it."""

    def __init__(self) -> None:
        super().__init__("llm_call")

    async def execute(self, context: WorkflowContext) -> bool:
        question = question_of(context)
        context.add_result("prepared", (prompt_of(question, context.facts), identity_of(question)))
        return False


def prepare(anomalies: Sequence[Mapping[str, Any]], workflow: LogAnalysisWorkflow) -> list[Prepared]:
    """Return the questions that the workflow would ask about entries of anomalies.json, worst first."""
    steps = [_WritingDown() if step.name == "llm_call" else step for step in workflow.steps]
    outcomes: dict[str, dict[str, Any]] = {}
    entries = entries_by_question(anomalies)
    if not run_until_done(ask_all(LogAnalysisWorkflow(steps=steps), entries, outcomes)):
        raise KeyboardInterrupt
    found = []
    for name in entries:
        if "prepared" in outcomes[name]:
            prompt, identity = outcomes[name]["prepared"]
            found.append(Prepared(custom_id=name, prompt=prompt, identity=identity))
    return found


def batch_files(prepared: Sequence[Prepared], choice: Choice | None) -> dict[str, bytes]:
    """Return the files in which the batch service of a provider takes the questions, by name; none for others.

    OpenAI's is one request a line, Anthropic's the body of a request to its batches.
    """
    provider = choice.provider if choice is not None else None
    if choice is None or not isinstance(provider, HTTPProvider):
        return {}
    bodies = [(each.custom_id, provider.request(each.prompt, choice.settings).body) for each in prepared]
    if provider.name == "openai":
        lines = [
            {"custom_id": name, "method": "POST", "url": "/v1/chat/completions", "body": body} for name, body in bodies
        ]
        return {"batch.openai.jsonl": b"".join(json_line(line) for line in lines)}
    if provider.name == "anthropic":
        requests = [{"custom_id": name, "params": body} for name, body in bodies]
        return {"batch.anthropic.json": json_line({"requests": requests})}
    return {}


def json_line(value: object) -> bytes:
    """Return a value as a line of JSON."""
    return (json.dumps(value, ensure_ascii=False, allow_nan=False) + "\n").encode("utf-8", "replace")
