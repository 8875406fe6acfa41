"""Questions that were written down before are answered, and the results completed: ``--llm-phase classify``."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from loganomaly.config import Config
from loganomaly.errors import InputError
from loganomaly.opinions.answers import GivenAnswer, read_prepared
from loganomaly.opinions.completing import complete, has_results
from loganomaly.opinions.later import answer_prepared
from loganomaly.opinions.prepared import Prepared, json_line
from loganomaly.opinions.stage import Progress, describe_answers, describe_model, failure_notice
from loganomaly.redaction.secrets import redact, redact_personal
from loganomaly.reports.writer import write_results
from loganomaly.results import Results
from loganomaly.workflow.from_config import steps_of
from loganomaly.workflow.workflow import LogAnalysisWorkflow

__all__ = ["ANSWERS", "Answered", "answer"]

ANSWERS = "answers.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What was answered: a sentence on it, files written, remarks, and the results if there were any to complete."""

    told: str
    saved: Sequence[Path]
    notices: Sequence[str] = ()
    results: Results | None = None
    interrupted: bool = False


def answer(
    paths: Sequence[Path],
    output: Path,
    *,
    config: Config,
    compliance: bool = False,
    audit: Path | None = None,
    progress: Progress | None = None,
) -> Answered:
    """Answer the questions in files, or take the answers in them, and complete the results in a folder.

    Answers are written to answers.jsonl in the folder. Where it holds no results, as on another machine than that of
    the logs, that is all; the file can be given as answers later.

    Parameters
    ----------
    paths
        Files of questions or of answers, or folders with a questions.jsonl.
    compliance
        Send nothing elsewhere than to this machine.
    audit
        File in which all that is sent is written down.

    Raises
    ------
    InputError
        If a file cannot be read, or there are questions and nobody to ask.
    OutputError
        If the folder cannot be written.
    """
    workflow = LogAnalysisWorkflow(steps=steps_of(config, loopback_only=compliance, audit=audit))
    questions: dict[str, Prepared] = {}
    answers: dict[str, GivenAnswer] = {}
    for path in paths:
        more, given = read_prepared(path)
        questions.update({each.custom_id: each for each in more})
        answers.update({each.custom_id: each for each in given})
    if not questions and not answers:
        return Answered(told=f"Nothing to answer: there is no question in {', '.join(map(str, paths))}", saved=())
    if questions and (kept := output / ANSWERS).is_file() and kept not in paths:
        # What was answered before is not asked, or lost, again.
        _, before = read_prepared(kept)
        answers = {each.custom_id: each for each in before if each.completion and each.custom_id in questions} | answers
    clean = redact_personal if compliance else redact
    model, done, notices = workflow.model, True, []
    open_ones = [each for name, each in questions.items() if name not in answers]
    if open_ones:
        if model is None:
            msg = "the workflow of the settings asks no model: give it the step llm_call"
            raise InputError(msg)
        model.settle()
        if not model.remote:
            msg = f"{model.note or 'llm.provider is local'}: nobody to ask; start the model, or give another one"
            raise InputError(msg)
        told = (lambda done, total: progress("ask", done, total)) if progress else None
        personal = config.llm.redact_personal or compliance
        new, done = answer_prepared(open_ones, model, personal=personal, told=told)
        answers.update({each.custom_id: each for each in new})
        failed = [each.message for each in new if each.completion is None]
        notices = failure_notice(model, failed, asked=len(open_ones), clean=clean)
    lines = b"".join(json_line(_clean(each, clean=clean)) for each in answers.values())
    if open_ones:
        llm = describe_model(model, interrupted=not done, clean=clean)
    else:
        llm = describe_answers(list(answers.values()), clean=clean)
    if not has_results(output):
        usable = sum(each.completion is not None for each in answers.values())
        return Answered(
            told=f"{usable:,} of {len(questions | answers):,} questions answered",
            saved=write_results(output, {ANSWERS: lines}, keeping=True),
            notices=notices,
            interrupted=not done,
        )
    results, saved = complete(
        output, list(answers.values()), workflow, llm=llm, notices=notices, further={ANSWERS: lines}
    )
    return Answered(told="results completed", saved=saved, results=results, interrupted=not done)


def _clean(given: GivenAnswer, *, clean: Callable[[str], str]) -> dict[str, object]:
    told = given.described()
    if given.completion is None:
        return {**told, "error": {"kind": given.kind, "message": clean(given.message)}}
    return {**told, "answer": clean(given.completion.text)}
