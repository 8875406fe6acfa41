"""The settings of a run: what they are, how they are read, and what the user chose.

``settings`` holds the values and their bounds, ``llm_settings`` those of the language model, ``leak_settings`` and
``rule_settings`` those of secrets and of rules, ``keys`` their dotted names, ``document`` reads YAML without
constructing anything, ``load`` puts these together, ``file_map`` reads ``--file-config-map``, ``suppress_file`` reads
and edits the list of findings that are not shown.
"""

from loganomaly.config.file_map import parse_file_config_map
from loganomaly.config.llm_settings import (
    LLMCallStepConfig,
    LLMConfig,
    PromptStepConfig,
    RetrySettings,
    StepsConfig,
    ThinkingStepConfig,
    WorkflowConfig,
)
from loganomaly.config.load import load_config
from loganomaly.config.rule_settings import RulePatternConfig, RulesConfig, unknown_rule
from loganomaly.config.settings import (
    SUPPRESSIBLE,
    Config,
    DetectorsConfig,
    LofConfig,
    MaskConfig,
    ReadingConfig,
    RollingWindowConfig,
    SuppressConfig,
    set_keys,
)
from loganomaly.config.suppress_file import add_entries, load_suppress_file, remove_entries

__all__ = [
    "SUPPRESSIBLE",
    "Config",
    "DetectorsConfig",
    "LLMCallStepConfig",
    "LLMConfig",
    "LofConfig",
    "MaskConfig",
    "PromptStepConfig",
    "ReadingConfig",
    "RetrySettings",
    "RollingWindowConfig",
    "RulePatternConfig",
    "RulesConfig",
    "StepsConfig",
    "SuppressConfig",
    "ThinkingStepConfig",
    "WorkflowConfig",
    "add_entries",
    "load_config",
    "load_suppress_file",
    "parse_file_config_map",
    "remove_entries",
    "set_keys",
    "unknown_rule",
]
