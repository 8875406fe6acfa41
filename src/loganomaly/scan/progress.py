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
    sizes = {item.number: item.source.size for item in opened}
    packed = {item.number for item in opened if item.source.packed}
    done = dict.fromkeys(sizes, 0)

    def report(number: int, size: int) -> None:
        done[number] = min(sizes[number], done[number] + (size // _USUAL_RATIO if number in packed else size))
        tell(sum(done.values()), sum(sizes.values()))

    return report
