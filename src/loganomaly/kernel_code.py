"""Reads kept code for what it is nearly always kept for: to be run.

numba keeps of each function what runs, and the form that callers are linked with when they are compiled. Reading both
takes more than twice the time of reading the first alone, and a start loads forty functions.
"""

from functools import partial
from typing import Any

from llvmlite.binding import parse_bitcode
from numba.core.codegen import JITCodeLibrary

__all__ = ["for_running"]


def for_running(context: Any) -> Any:
    """Return the context of a target (numba's) as one in which what was kept is read so."""
    codegen = context.codegen()
    reading = _Instead(codegen, unserialize_library=partial(_Library.of_state, codegen))
    return _Instead(context, codegen=lambda: reading)


class _Instead:
    """An object with others in the place of some of its attributes."""

    def __init__(self, whole: Any, **others: Any) -> None:
        self._whole = whole
        self.__dict__.update(others)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._whole, name)


class _Library(JITCodeLibrary):
    """Code of a function whose form for linking is read when a caller is compiled."""

    _for_linking: bytes | None = None

    @classmethod
    def of_state(cls, codegen: Any, state: Any) -> "_Library":
        """Make it of what numba keeps, as its `_unserialize` does."""
        name, kind, content = state
        if kind != "object":
            raise ValueError(f"kept code of kind {kind!r}: expected 'object', which is what numba keeps of functions")
        library = cls(codegen, name)
        library.enable_object_caching()
        code, library._for_linking = content
        library._set_compiled_object(code)
        library._finalize_final_module()
        return library

    def get_pointer_to_function(self, name: str) -> Any:
        """Return where the function begins that Python calls: there is one, though no module says so."""
        return self._codegen._engine.get_function_address(name)  # noqa: SLF001

    def _get_module_for_linking(self) -> Any:
        if self._for_linking is not None:
            self._shared_module = parse_bitcode(self._for_linking)
            self._for_linking = None
        return super()._get_module_for_linking()
