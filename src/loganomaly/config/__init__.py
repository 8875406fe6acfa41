"""The settings of a run: what they are, how they are read, and what the user chose.

``settings`` holds the values and their bounds, ``keys`` their dotted names, ``document`` reads YAML without
constructing anything, ``load`` puts the three together, ``file_map`` reads ``--file-config-map``.
"""

from loganomaly.config.file_map import parse_file_config_map
from loganomaly.config.load import load_config
from loganomaly.config.settings import (
    Config,
    DetectorsConfig,
    LLMCallStepConfig,
    LLMConfig,
    LofConfig,
    MaskConfig,
    PromptStepConfig,
    ReadingConfig,
    RetrySettings,
    RollingWindowConfig,
    StepsConfig,
    ThinkingStepConfig,
    WorkflowConfig,
    set_keys,
)

__all__ = [
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
    "StepsConfig",
    "ThinkingStepConfig",
    "WorkflowConfig",
    "load_config",
    "parse_file_config_map",
    "set_keys",
]
