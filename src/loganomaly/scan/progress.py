"""How far a scan has come, in bytes on disk."""

from collections.abc import Callable, Sequence

from loganomaly.scan.run import Opened

__all__ = ["bytes_on_disk"]

_USUAL_RATIO = 8  # how much smaller compressed logs usually are; for the progress bar alone


def bytes_on_disk(opened: Sequence[Opened], tell: Callable[[int, int], None]) -> Callable[[int, int], None]:
    """Return what turns bytes of text into bytes on disk, which is what the whole is known in.

    It is called with the number of a source and how many of its bytes of text were done since; `tell` is called with
    the bytes on disk that are done and those in all.
    """
    left = {item.number: item.source.size for item in opened}
    packed = {item.number for item in opened if item.source.packed}
    total, done = sum(left.values()), 0

    def report(number: int, size: int) -> None:
        nonlocal done
        more = min(left[number], size // _USUAL_RATIO if number in packed else size)
        left[number] -= more
        done += more
        tell(done, total)

    return report
