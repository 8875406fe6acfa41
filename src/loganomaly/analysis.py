"""What all analyses share, of files and of frames: the settings, judging, and what becomes of the findings."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from loganomaly.asking.choice import LOCAL
from loganomaly.behaviours import remarks as remarks_on_rules
from loganomaly.case import Case
from loganomaly.config import Config
from loganomaly.errors import UsageError
from loganomaly.findings import Finding, Subject
from loganomaly.floods import Floods
from loganomaly.folding import rank
from loganomaly.judge import Judgement, judge
from loganomaly.masking import masked_case
from loganomaly.mining.masks import Mask
from loganomaly.mining.store import load_templates
from loganomaly.opinions.stage import Progress, second_opinions, with_questions
from loganomaly.profile import Profile
from loganomaly.providers.endpoints import check_loopback
from loganomaly.reading.sources import Skipped
from loganomaly.registry import DETECTORS, checked_names
from loganomaly.reports.leaks import describe_leaks
from loganomaly.reports.rules import describe_rules
from loganomaly.reports.run import describe_run
from loganomaly.reports.sessions import session_frame, session_metrics
from loganomaly.reports.suppressed import describe_suppressed
from loganomaly.reports.templates import template_entries, template_file, template_frame
from loganomaly.reports.timeline import timeline
from loganomaly.results import FileReport, Results
from loganomaly.ruling import rule_notices, rule_search, ruling
from loganomaly.scan.leaks import LeakSearch
from loganomaly.scan.rules import RuleSearch
from loganomaly.secrecy import leak_kinds, leak_search, pseudonymizer, redactor
from loganomaly.settings import behaviours, detectors, notices, suppressions
from loganomaly.stopwatch import Stopwatch
from loganomaly.suppression import remarks
from loganomaly.workflow.from_config import steps_of
from loganomaly.workflow.workflow import LogAnalysisWorkflow

__all__ = ["Analysis", "Progress"]

_LONG_TEXT = 2000


class Analysis:
    """The settings of an analysis, and what is done with a profile, whatever it was read from; see `LogAnalyzer`."""

    def __init__(
        self,
        config: Config,
        *,
        file_configs: Mapping[str, Config],
        compliance: bool,
        templates: Path | str | None,
        without: Collection[str],
        workflow: LogAnalysisWorkflow | None,
        audit: Path | None,
        prepare: bool,
    ) -> None:
        self.config = config
        self.file_configs = dict(file_configs)
        self.compliance = compliance
        configs = (config, *self.file_configs.values())
        self.redactor = redactor(configs, everything=compliance)
        self.clean = _remembering(self.redactor.redact)
        self.pseudonyms = pseudonymizer(config)
        # Without a search, and of what only compliance takes out, any shape may hold it.
        self._any_shape = compliance or not all(each.leaks.enabled for each in configs)
        self._learnt = () if templates is None else load_templates(templates)
        self._without = checked_names(DETECTORS, without)
        self._rulings = {each: ruling(each) for each in configs}
        self._suppressions = {each: suppressions(each) for each in configs}
        self._workflow = workflow
        self._audit = audit
        self._prepare = prepare
        if workflow is None:
            steps_of(config, loopback_only=compliance, audit=audit)  # what is wrong in them is told before any work
        elif compliance and workflow.model is not None and workflow.model.remote:
            check_loopback(workflow.model.choice.settings.endpoint)
            if not workflow.model.audited:
                msg = "compliance: the workflow does not write down what it sends; give its LLMCallStep an audit file"
                raise UsageError(msg)

    def search(self, config: Config) -> LeakSearch | None:
        """Return what secrets are searched for in what a configuration holds for."""
        return leak_search(config, pseudonyms=self.pseudonyms)

    def rule_search(self, config: Config, *, leaks: LeakSearch | None) -> RuleSearch | None:
        """Return which rules are searched for, beside secrets, in what a configuration holds for."""
        return rule_search(self._rulings[config].rules, leaks=leaks)

    def described_leaks(
        self, case: Case, names: Mapping[int, str], *, samples: Mapping[tuple[int, int, str], tuple[str, str | None]]
    ) -> list[dict[str, Any]]:
        """Return what is said of the leaks in a case; see `describe_leaks`."""
        kinds = {kind.name: kind for each in (self.config, *self.file_configs.values()) for kind in leak_kinds(each)}
        return describe_leaks(case, kinds=list(kinds.values()), names=names, samples=samples, clean=self.clean)

    def judged(self, case: Case, config: Config) -> Judgement:
        """Return what the detectors make of a case."""
        return judge(
            case,
            detectors(config, without=self._without, rules=self._rulings[config].rules),
            suppressions=self._suppressions[config],
            contamination=config.detectors.contamination,
            clean=self.clean,
        )

    def case(self, profile: Profile, masks: Sequence[Mask]) -> Case:
        """Return the case of a profile, its templates without secrets."""
        return masked_case(profile, clean=self.clean, all_shapes=self._any_shape, masks=masks, learnt=self._learnt)

    def together(
        self, cases: Sequence[Case], judgements: Sequence[Judgement], masks: Sequence[Mask]
    ) -> tuple[Case, Mapping[Subject, float]]:
        """Return the case and the scores of all groups; floods were judged by group. `masks` are those of all."""
        if len(cases) == 1:
            return cases[0], judgements[0].scores
        case = self.case(Profile.merge([replace(case.profile, floods=Floods()) for case in cases]), masks)
        return case, {subject: score for judgement in judgements for subject, score in judgement.scores.items()}

    def results(
        self,
        whole: FileReport,
        *,
        case: Case,
        scores: Mapping[Subject, float],
        judgements: Sequence[Judgement],
        findings: Sequence[Finding],
        watch: Stopwatch,
        progress: Progress | None = None,
        skipped: Sequence[Skipped] = (),
        lines: Any = None,
        files: Mapping[str, FileReport] | None = None,
        leaks: Sequence[dict[str, Any]] = (),
        unused: Sequence[str] = (),
        unclear: Sequence[str] = (),
        mixed_masks: bool = False,
    ) -> Results:
        """Return the results: the whole report, and what is said of the run."""
        settings = self.config.model_dump(mode="json")["detectors"]
        for name in settings.keys() & self._without:
            settings[name]["enabled"] = False
        hidden = [each for judgement in judgements for each in judgement.hidden]
        hidden.sort(key=lambda each: rank(each.finding))
        about_settings = notices(
            [self.config, *self.file_configs.values()],
            unused=unused,
            unclear_dates=unclear,
            mixed_masks=mixed_masks,
            without=self._without,
            beyond=sum(len(judgement.beyond) for judgement in judgements),
        )
        rulings = list(self._rulings.values())
        about_suppressions = remarks(
            [entry for entries in self._suppressions.values() for entry in entries],
            hidden=hidden,
            besides=[each for judgement in judgements for each in judgement.besides],
            clean=self.clean,
        )
        rules = [rule for each in (self.config, *self.file_configs.values()) for rule in behaviours(each)]
        about_rules = remarks_on_rules(case.profile.behaviours, case.profile.behaviour_slots, rules)
        run = describe_run(
            whole.summary["input_files"],
            skipped=skipped,
            suppressed=describe_suppressed(hidden, clean=self.clean),
            notices=[*about_settings, *rule_notices(rulings), *about_suppressions, *about_rules],
            compliance=self.compliance,
            settings=settings,
            seconds=watch.seconds,
            clean=self.clean,
        )
        entries = template_entries(case, scores=scores, clean=self.clean, all_shapes=self._any_shape)
        results = Results(
            summary={
                **whole.summary,
                "sessions": session_metrics(case, clean=self.clean),
                "rules": describe_rules(
                    case,
                    rules=[rule for each in rulings for rule in each.rules],
                    untranslated=[each for every in rulings for each in every.untranslated],
                    names=[entry["name"] for entry in whole.summary["input_files"]],
                    clean=self.clean,
                ),
                **run,
            },
            anomalies=whole.anomalies,
            findings=tuple(findings),
            templates=template_frame(entries),
            template_file=template_file(
                case, entries, learnt=self._learnt, clean=self.clean, all_shapes=self._any_shape
            ),
            timeline=timeline(case, clean=self.clean),
            session_table=partial(session_frame, case, clean=self.clean),
            lines=lines,
            leaks=list(leaks),
            files=files or {},
            notices=tuple(run["notices"]),
        )
        with watch.stage("ask"):
            results = self._with_opinions(results, progress=progress)
        stages = {name: round(spent, 3) for name, spent in watch.seconds.items()}
        return replace(results, summary={**results.summary, "stages": stages})

    def _with_opinions(self, results: Results, *, progress: Progress | None) -> Results:
        """Return the results with second opinions, or with the questions for them."""
        workflow = self._workflow
        if workflow is None:
            unheard = self.compliance and self._audit is None
            provider = LOCAL if unheard else None
            steps = steps_of(self.config, loopback_only=self.compliance, audit=self._audit, provider=provider)
            workflow = LogAnalysisWorkflow(steps=steps)
            if unheard and workflow.model is not None:
                workflow.model.note = "nothing is sent to a model without a file in which it is written down"
        if self._prepare:
            return with_questions(results, workflow, clean=self.clean)
        return second_opinions(results, workflow, clean=self.clean, progress=progress)


def _remembering(clean: Callable[[str], str]) -> Callable[[str], str]:
    """Return what cleans a text once, where it is not long: the reports on many files say much the same."""
    remembered = lru_cache(maxsize=1 << 13)(clean)
    return lambda text: remembered(text) if len(text) <= _LONG_TEXT else clean(text)
