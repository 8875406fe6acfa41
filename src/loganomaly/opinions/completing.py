"""Completes the results of an earlier run with answers that came later."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from loganomaly.asking.model import Answer
from loganomaly.errors import (
    InputError,
    InputMissingError,
    InputUnreadableError,
    LLMError,
    LLMUnparsedError,
    UsageError,
)
from loganomaly.opinions.answers import GivenAnswer
from loganomaly.opinions.asked import ask_all, run_until_done
from loganomaly.opinions.questions import entries_by_question
from loganomaly.opinions.stage import with_outcomes
from loganomaly.providers.provider import Prompt
from loganomaly.redaction.secrets import redact, redact_personal
from loganomaly.reports.parquet import finding_files
from loganomaly.reports.renewed_report import renewed_report
from loganomaly.reports.summary import SCHEMA_VERSION
from loganomaly.reports.writer import to_json, write_results
from loganomaly.results import FileReport, Results
from loganomaly.workflow.context import WorkflowContext
from loganomaly.workflow.exchange import Exchange
from loganomaly.workflow.llm_call import hear, prompt_of, question_of
from loganomaly.workflow.step import WorkflowStep
from loganomaly.workflow.workflow import LogAnalysisWorkflow

__all__ = ["complete", "has_results", "load_results"]

_AGAIN = "run the analysis again"
_SUMMARY, _ANOMALIES = "summary.json", "anomalies.json"


class _Answered:
    """A model that has answered before, and cannot be asked again."""

    remote = True

    async def ask_again(self, prompt: Prompt, before: Answer, *, problem: str) -> Answer:  # noqa: ARG002
        msg = f"the answer of {before.model or before.provider} cannot be read: {problem}"
        raise LLMUnparsedError(msg)

    def accept(self, answer: Answer, *, keep: bool) -> None:
        pass

    def fail(self, error: LLMError) -> None:
        pass


class _Given(WorkflowStep):
    """Gives the answer to the question on a finding that came later, in the place of asking."""

    def __init__(self, answers: Mapping[str, GivenAnswer]) -> None:
        super().__init__("llm_call")
        self.answers = answers

    async def execute(self, context: WorkflowContext) -> bool:
        given = self.answers[context.get_result("id")]
        if given.completion is None:
            error = LLMError(given.message or given.kind)
            error.kind = given.kind or error.kind
            raise error
        question = question_of(context)
        answer = Answer(
            completion=given.completion, provider=given.provider, model=given.model, attempts=1, foreign=True
        )
        prompt = prompt_of(question, context.facts)
        hear(context, Exchange(_Answered(), prompt, answer, question=question))
        return True


def has_results(folder: Path) -> bool:
    """Return whether a run wrote results to a folder."""
    return (folder / _SUMMARY).exists() and (folder / _ANOMALIES).exists()


def load_results(folder: Path) -> Results:
    """Return the results that a run wrote, as far as answers change them.

    Raises
    ------
    InputError
        If they are not there, cannot be read, or are damaged.
    """
    summary, anomalies = _read(folder / _SUMMARY), _read(folder / _ANOMALIES)
    summary = _object(summary, folder / _SUMMARY)
    if summary.get("schema_version") != SCHEMA_VERSION or not isinstance(summary.get("notices"), list):
        msg = f"{folder / _SUMMARY}: damaged, or of another version; {_AGAIN}"
        raise InputError(msg)
    llm = summary.get("llm")
    outdated = llm.get("note") if isinstance(llm, dict) else None  # that no model was asked
    files = {}
    for path in sorted((folder / "files").glob(f"*.{_SUMMARY}")):
        stem = path.name.removesuffix(f".{_SUMMARY}")
        files[stem] = FileReport(
            summary=_object(_read(path), path), anomalies=_entries(_read(path.with_name(f"{stem}.{_ANOMALIES}")), path)
        )
    return Results(
        summary=summary,
        anomalies=_entries(anomalies, folder / _ANOMALIES),
        files=files,
        notices=tuple(notice for notice in summary["notices"] if notice != outdated),
    )


def complete(
    folder: Path,
    answers: Sequence[GivenAnswer],
    workflow: LogAnalysisWorkflow,
    *,
    llm: Mapping[str, Any],
    notices: Sequence[str] = (),
    further: Mapping[str, bytes] | None = None,
) -> tuple[Results, list[Path]]:
    """Complete the results in a folder with answers, and return them and the files that were written.

    Where the folder has a report, that is made anew.

    Parameters
    ----------
    workflow
        Its steps read the answers; no model is asked.
    llm
        What the summary says of the model.
    notices
        Remarks for the user, added to those of the run.
    further
        Further files that are written, by name.

    Raises
    ------
    InputError
        If there are no results in the folder, or they are damaged.
    OutputError
        If they cannot be written.
    """
    results = load_results(folder)
    by_id = {answer.custom_id: answer for answer in answers}
    entries = {name: entry for name, entry in entries_by_question(results.anomalies).items() if name in by_id}
    outcomes: dict[str, dict[str, Any]] = {}
    steps = [_Given(by_id) if step.name == "llm_call" else step for step in workflow.steps]
    clean = redact_personal if results.summary.get("compliance_mode") else redact
    unknown = len(by_id.keys() - entries.keys())
    told = list(notices)
    if unknown:
        told.append(f"{unknown:,} of {len(by_id):,} answers are on no finding in {folder}")
    try:
        done = run_until_done(ask_all(LogAnalysisWorkflow(steps=steps), entries, outcomes))
        failures = [outcome["errors"][0]["message"] for outcome in outcomes.values() if outcome["errors"]]
        if failures and not notices:
            told.append(
                f"{len(failures):,} of {len(by_id):,} answers are none, and the verdict of the evidence stands: "
                f"{clean(failures[0])}"
            )
        # What was answered before is not undone by a failure.
        outcomes = {name: outcome for name, outcome in outcomes.items() if not _is_worse(outcome, entries[name])}
        results = with_outcomes(results, outcomes, llm=llm, notices=told, clean=clean)
    except* (AttributeError, KeyError, TypeError, UsageError) as error:
        msg = f"{folder / _ANOMALIES}: damaged, or of another version; {_AGAIN}"
        raise InputError(msg) from error
    if not done:
        raise KeyboardInterrupt
    contents: dict[str, bytes] = dict(further or {})
    for stem, report in results.files.items():
        contents[f"files/{stem}.{_SUMMARY}"] = to_json(report.summary)
        contents[f"files/{stem}.{_ANOMALIES}"] = to_json(report.anomalies)
    contents[_ANOMALIES] = to_json(results.anomalies)
    contents.update(finding_files(results.anomalies))
    reports, remarks = renewed_report(folder, results.summary, results.anomalies)
    contents.update(reports)
    contents[_SUMMARY] = to_json(results.summary)
    # What is said of the report is about this moment, and not kept.
    results = replace(results, notices=(*results.notices, *remarks))
    return results, write_results(folder, contents, keeping=True)


def _is_worse(outcome: Mapping[str, Any], entry: Mapping[str, Any]) -> bool:
    """Whether there is no opinion now, and was one before."""
    before = entry.get("llm")
    return bool(outcome["errors"]) and outcome.get("opinion") is None and bool(before and before["opinion"])


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except FileNotFoundError as error:
        msg = f"no results to complete: there is no {str(path)!r}; name the folder of a run with --output"
        raise InputMissingError(msg) from error
    except OSError as error:
        msg = f"cannot read {str(path)!r}: {error.strerror or error}"
        raise InputUnreadableError(msg) from error
    except (ValueError, RecursionError) as error:
        msg = f"{path}: damaged, {error}; {_AGAIN}"
        raise InputError(msg) from error


def _object(value: Any, path: Path) -> dict[str, Any]:
    if not isinstance(value, dict):
        msg = f"{path}: damaged, expected an object; {_AGAIN}"
        raise InputError(msg)
    return value


def _entries(value: Any, path: Path) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(entry, dict) and "id" in entry for entry in value):
        msg = f"{path}: damaged, expected a list of findings; {_AGAIN}"
        raise InputError(msg)
    return value
