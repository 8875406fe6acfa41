"""The stage of an analysis that asks for second opinions: never in the way, whatever happens in it."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from loganomaly.asking.choice import LOCAL
from loganomaly.asking.model import Model
from loganomaly.asking.usage import Usage
from loganomaly.errors import LLM_KINDS
from loganomaly.opinions.answers import QUESTIONS, GivenAnswer
from loganomaly.opinions.asked import ask_all, run_until_done
from loganomaly.opinions.merging import tags_of, with_outcome
from loganomaly.opinions.prepared import batch_files, json_line, prepare
from loganomaly.opinions.questions import entries_by_question
from loganomaly.providers.endpoints import host_of
from loganomaly.results import FileReport, Results
from loganomaly.workflow.workflow import LogAnalysisWorkflow

__all__ = [
    "Progress",
    "describe_answers",
    "describe_model",
    "failure_notice",
    "second_opinions",
    "with_outcomes",
    "with_questions",
]

_LOG = logging.getLogger(__name__)

Progress = Callable[[str, int, int], None]
"""Called with the stage ("scan", "judge", "extract", "ask"), and how much of it is done, and how much there is."""


def second_opinions(
    results: Results, workflow: LogAnalysisWorkflow, *, clean: Callable[[str], str], progress: Progress | None = None
) -> Results:
    """Return the results with what the workflow says of the findings, as far as it came.

    Where there is no model to ask, and no step of the user's, the results are those of the evidence.

    Parameters
    ----------
    clean
        Takes secrets out of a text.
    progress
        Called with "ask", how many findings are done, and how many there are.
    """
    entries = entries_by_question(results.anomalies)
    outcomes: dict[str, dict[str, Any]] = {}
    done, notices = True, []
    asks = not workflow.asks_nobody() and bool(entries)
    if asks:
        told = (lambda done, total: progress("ask", done, total)) if progress else None
        try:
            done = run_until_done(ask_all(workflow, entries, outcomes, told=told))
        except Exception as error:  # noqa: BLE001  (such as of a step of the user's that cannot be opened)
            notices = [_broken(error, clean=clean)]
    usage = workflow.usage if asks else Usage()  # a workflow may have been used before
    llm = describe_model(workflow.model, interrupted=not done, clean=clean, usage=usage)
    notices += _notices(workflow.model, outcomes, asked=len(entries), interrupted=not done, clean=clean)
    return with_outcomes(results, outcomes, llm=llm, notices=notices, clean=clean)


def with_outcomes(
    results: Results,
    outcomes: Mapping[str, Mapping[str, Any]],
    *,
    llm: Mapping[str, Any],
    notices: Sequence[str],
    clean: Callable[[str], str],
) -> Results:
    """Return results with outcomes of the workflow, by id of the finding, and what is said of the model."""

    def told(report: FileReport) -> FileReport:
        anomalies = [
            with_outcome(entry, outcomes[entry["id"]], clean=clean) if entry["id"] in outcomes else entry
            for entry in report.anomalies
        ]
        return FileReport(summary={**report.summary, "tag_summary": tags_of(anomalies)}, anomalies=anomalies)

    whole = told(FileReport(summary=results.summary, anomalies=results.anomalies))
    summary = {**whole.summary, "llm": dict(llm), "notices": [*results.notices, *notices]}
    return replace(
        results,
        summary=summary,
        anomalies=whole.anomalies,
        files={name: told(report) for name, report in results.files.items()},
        notices=tuple(summary["notices"]),
    )


def with_questions(results: Results, workflow: LogAnalysisWorkflow, *, clean: Callable[[str], str]) -> Results:
    """Return the results with the questions that the workflow would ask, for `Results.save` to write.

    Those are questions.jsonl and, where the provider has batches, a file for them.
    """
    try:
        questions, broken = prepare(results.anomalies, workflow), []
    except Exception as error:  # noqa: BLE001  (as above)
        questions, broken = [], [_broken(error, clean=clean)]
    lines = b"".join(json_line(question.described()) for question in questions)
    batch = batch_files(questions, workflow.model.choice if workflow.model is not None else None)
    amount = f"{len(questions):,} question{'' if len(questions) == 1 else 's'}"
    notices = [f"{amount} written to {', '.join([QUESTIONS, *batch])}; no model was asked"]
    llm = {**describe_model(None, interrupted=False, clean=clean), "note": notices[0]}
    told = with_outcomes(results, {}, llm=llm, notices=[*notices, *broken], clean=clean)
    return replace(told, further={QUESTIONS: lines, **batch})


def describe_answers(answers: Sequence[GivenAnswer], *, clean: Callable[[str], str]) -> dict[str, Any]:
    """Return what summary.json says of a model whose answers came in a file."""
    usage = Usage(questions=len(answers), answered=sum(each.completion is not None for each in answers))
    usage.failures.update(each.kind for each in answers if each.completion is None)
    for each in answers:
        usage.prompt_tokens += each.completion.prompt_tokens if each.completion else 0
        usage.answer_tokens += each.completion.answer_tokens if each.completion else 0
    named = next((each for each in answers if each.provider), None)
    return {
        **describe_model(None, interrupted=False, clean=clean),
        "provider": clean(named.provider) if named else LOCAL,
        "model": (clean(named.model)[:100] or None) if named else None,
        **usage.described(),
    }


def describe_model(
    model: Model | None, *, interrupted: bool, clean: Callable[[str], str], usage: Usage | None = None
) -> dict[str, Any]:
    """Return what summary.json says of the model, and of what asking it has cost; `usage` in the place of its own."""
    asked = model if model is not None and model.remote else None
    settings = asked.choice.settings if asked else None
    return {
        "provider": asked.choice.provider.name if asked else LOCAL,
        "model": clean(settings.model) if settings else None,
        "endpoint": host_of(settings.endpoint) if settings else None,
        "note": model.note if model is not None else None,
        "interrupted": interrupted,
        **(usage or (asked.usage if asked else Usage())).described(),
    }


def _notices(
    model: Model | None,
    outcomes: Mapping[str, Mapping[str, Any]],
    *,
    asked: int,
    interrupted: bool,
    clean: Callable[[str], str],
) -> list[str]:
    """Return what the user has to know: one remark on everything that was not answered, and one on each other thing."""
    failed = [outcome for outcome in outcomes.values() if outcome["errors"]]
    told = []
    if model is not None and model.remote:
        if interrupted:
            name = f"{model.choice.provider.name} {model.choice.settings.model}"
            told.append(
                f"interrupted: {name} was asked about {len(outcomes):,} of {asked:,} findings; answers are kept"
            )
        unanswered = [outcome for outcome in failed if outcome["errors"][0]["kind"] in LLM_KINDS]
        messages = [outcome["errors"][0]["message"] for outcome in unanswered]
        told += failure_notice(model, messages, asked=asked, clean=clean)
        failed = [outcome for outcome in failed if outcome not in unanswered]
    if failed:
        first = failed[0]["errors"][0]
        told.append(
            f"step {first['step']!r} of the workflow failed on {len(failed):,} of {asked:,} findings: "
            f"{clean(first['message'])}"
        )
    return told


def _broken(error: Exception, *, clean: Callable[[str], str]) -> str:
    """Return what is said of a workflow that does not run at all."""
    _LOG.info("the workflow failed", exc_info=error)
    errors = list(error.exceptions) if isinstance(error, ExceptionGroup) else [error]
    told = f"{type(errors[0]).__name__}: {errors[0]}"
    return f"the workflow failed, and the verdict of the evidence stands: {clean(told)}"


def failure_notice(model: Model, failures: Sequence[str], *, asked: int, clean: Callable[[str], str]) -> list[str]:
    """Return what is said of questions without an answer, and of a cache that does not work: one remark each.

    Parameters
    ----------
    failures
        What went wrong, of each of them.
    asked
        How many questions there were.
    """
    told = []
    if failures:
        name = f"{model.choice.provider.name} {model.choice.settings.model}"
        told.append(
            f"{name} gave no opinion on {len(failures):,} of {asked:,} findings; that of the evidence stands for them: "
            f"{clean(failures[0])}"
        )
    if model.problem:
        told.append(clean(model.problem))
    return told
