"""Language models: one question out, one answer in, whoever serves them.

A provider that is reached by HTTP is two pure functions, `request` and `read`, around the one client in `client`.
"""

from loganomaly.providers.provider import (
    Completion,
    HTTPProvider,
    LLMProvider,
    ModelSettings,
    Prompt,
    Reply,
    Request,
)

__all__ = ["Completion", "HTTPProvider", "LLMProvider", "ModelSettings", "Prompt", "Reply", "Request"]
