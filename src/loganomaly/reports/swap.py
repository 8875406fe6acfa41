"""Replace several files of a folder at one moment: whoever looks, and however the run ends, sees all old or all new.

No system renames several files at once, but a link to a folder can be turned to another folder at once:

1. the new files are written to ``new`` and the previous ones get a second name in ``old``, both in a folder aside;
2. each final name becomes a link to that name in ``now``, which is a link to ``old``: it still shows the previous file;
3. ``now`` is turned to ``new``: this is the moment;
4. each link is replaced by the new file itself, and the folder aside is removed.

A run that is killed leaves links that show what they should; `settle` puts the files in their place. Where there are no
links (Windows, some network shares), files are renamed one after the other: each is whole then, but not the set.
"""

import logging
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from loganomaly.reports.aside import LEFT_OVERS, aside_in, failed, sync_folder, written

__all__ = ["replace_together", "settle"]

_LOG = logging.getLogger(__name__)

_OLD, _NEW, _NOW, _LINKS, _FORTH, _BACK = "old", "new", "now", "links", "forth", "back"


def replace_together(folder: Path, contents: Mapping[Path, bytes], *, obsolete: Sequence[Path], mode: int) -> None:
    """Write *contents* to paths in *folder*, and remove the files that are *obsolete*: all of it or nothing.

    Where files are renamed one after the other, it is in the order of *contents*.

    Raises
    ------
    OutputError
        Something cannot be written. The previous files are in their places then.
    """
    aside = aside_in(folder)
    targets = (*obsolete, *contents)

    def place(kind: str, target: Path) -> Path:
        path = aside / kind / target.relative_to(folder)
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise failed(target, error) from error
        return path

    try:
        try:
            aside.mkdir(mode=0o700)
        except OSError as error:
            raise failed(folder, error) from error
        new = {
            target: written(place(_NEW, target), data, target=target, mode=mode) for target, data in contents.items()
        }
        old = {target: _kept(target, place(_OLD, target)) for target in targets}
        _swap(aside, new, old, _links(folder, aside, targets, place))
    finally:
        # A file that could not be put back is still shown by its link: it must not lose what it leads to.
        if not any(_leads_into(target, aside) for target in targets):
            shutil.rmtree(aside, ignore_errors=True)


def settle(folder: Path) -> None:
    """Finish what killed runs left in *folder*: their links become the files that they show, the rest goes.

    Raises
    ------
    OutputError
        Something cannot be replaced or removed.
    """
    for aside in sorted(folder.glob(LEFT_OVERS)):
        try:
            for name in _names_in(aside):
                target = folder / name
                if _leads_into(target, aside):
                    shown = aside / _NOW / name
                    if os.path.lexists(shown):
                        shown.replace(target)
                    else:
                        target.unlink()
            if aside.is_dir() and not aside.is_symlink():
                shutil.rmtree(aside)
            else:
                aside.unlink(missing_ok=True)
        except OSError as error:
            raise failed(aside, error) from error


def _names_in(aside: Path) -> set[Path]:
    """Return the names, relative to the folder of results, of all files that a run was to replace or remove."""
    return {
        path.relative_to(aside / kind)
        for kind in (_OLD, _NEW)
        for path in (aside / kind).rglob("*")
        if path.is_symlink() or not path.is_dir()
    }


def _leads_into(target: Path, aside: Path) -> bool:
    """Tell whether *target* is a link that was made for the time in which files are replaced."""
    return target.is_symlink() and (aside.name, _NOW) in pairwise(target.readlink().parts)


def _links(
    folder: Path, aside: Path, targets: Sequence[Path], place: Callable[[str, Path], Path]
) -> dict[Path, Path] | None:
    """Make a link for each target, which is to take its place; None where there are no links."""
    try:
        for name, leads_to in ((_NOW, _OLD), (_FORTH, _NEW), (_BACK, _OLD)):
            (aside / name).symlink_to(leads_to, target_is_directory=True)
    except (NotImplementedError, OSError) as error:
        _LOG.info("%s: files are replaced one after the other: %s", folder, error)
        return None
    links = {}
    for target in targets:
        links[target] = place(_LINKS, target)
        shown = folder.resolve() / aside.name / _NOW / target.relative_to(folder)
        try:
            # Relative, so that it holds where the folder is known under another name, as in a container.
            links[target].symlink_to(os.path.relpath(shown, target.parent.resolve()))
        except OSError as error:
            raise failed(target, error) from error
    return links


def _swap(
    aside: Path, new: Mapping[Path, Path], old: Mapping[Path, Path | None], links: Mapping[Path, Path] | None
) -> None:
    """Remove the targets that only *old* has and put those of *new* in place; on failure put *old* back."""
    target = None
    touched: dict[Path, None] = {}  # each is noted before it is changed, so that none is missed
    try:
        for target, link in (links or {}).items():
            touched[target] = None
            link.replace(target)
        if links is not None:
            (aside / _FORTH).replace(aside / _NOW)
        for target in old:
            touched[target] = None
            if target in new:
                new[target].replace(target)
            else:
                target.unlink(missing_ok=True)
        for folder in {target.parent for target in new}:
            sync_folder(folder)
    except BaseException as error:
        _put_back(aside, {path: old[path] for path in reversed(touched)}, linked=links is not None)
        if isinstance(error, OSError) and target is not None:
            raise failed(target, error) from error
        raise


def _put_back(aside: Path, old: Mapping[Path, Path | None], *, linked: bool) -> None:
    if linked:
        try:
            (aside / _BACK).replace(aside / _NOW)
        except OSError as error:
            _LOG.error("%s: cannot be turned back: %s", aside, error.strerror or error)
    for target, kept in old.items():
        try:
            if kept is None:
                target.unlink(missing_ok=True)
            elif target.is_symlink() or not (target.exists() and target.samefile(kept)):
                kept.replace(target)
        except OSError as error:
            # The failure that led here is what the caller hears of; this one would hide it.
            what = "stays a link until the next run" if _leads_into(target, aside) else "is lost"
            _LOG.error("%s: the previous file could not be put back, it %s: %s", target, what, error.strerror or error)


def _kept(target: Path, second: Path) -> Path | None:
    """Give the file at *target* a second name; None when there is no file."""
    if not os.path.lexists(target):
        return None
    try:
        if target.is_dir() and not target.is_symlink():
            raise IsADirectoryError(None, "a folder has that name")
        try:
            os.link(target, second, follow_symlinks=False)
        except (NotImplementedError, OSError):  # a file system without hard links
            shutil.copy2(target, second, follow_symlinks=False)
    except OSError as error:
        raise failed(target, error) from error
    return second
