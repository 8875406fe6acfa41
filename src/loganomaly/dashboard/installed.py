"""Whether what the dashboard needs is installed."""

from loganomaly.errors import UnavailableError

__all__ = ["check_installed"]

_NEEDED = ("dash", "dash-ag-grid")
_LEAST = 4  # first part of dash's version


def check_installed() -> None:
    """Make sure that what the dashboard needs is installed; nothing of it is loaded.

    Raises
    ------
    UnavailableError
        It is not, or is too old.
    """
    from importlib import metadata

    found: dict[str, str] = {}
    for name in _NEEDED:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError as error:
            raise UnavailableError(
                f"the dashboard needs {name}, which is not installed; "
                "install it with: pip install 'loganomaly[dashboard]'"
            ) from error
    if int(found["dash"].partition(".")[0]) < _LEAST:
        raise UnavailableError(
            f"the dashboard needs dash {_LEAST} or later, and {found['dash']} is installed; "
            "bring it up to date with: pip install --upgrade 'loganomaly[dashboard]'"
        )
