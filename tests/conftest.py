"""What holds for all tests: none asks a model that happens to run here, or keeps answers in its user's folder."""

import os

import pytest

from browser import chromium, visit
from loganomaly.asking import model as asking

__all__ = ["chromium", "visit"]

DEFAULT = "http://localhost:11434/"


@pytest.fixture(autouse=True, scope="session")
def _nothing_of_the_user(tmp_path_factory):
    real = asking.answers
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asking, "answers", lambda endpoint: not endpoint.startswith(DEFAULT) and real(endpoint))
        if "XDG_CACHE_HOME" not in os.environ:
            patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield
