"""Reads traces that say first that they are one, then the calls, the last one last, then the exception: Python's."""

from loganomaly.traces.blocks import Block, Lines, frame_of, head_of, indent_of
from loganomaly.traces.language import Kind

__all__ = ["read_upward"]

_HEADS = frozenset({Kind.START, Kind.SURE, Kind.PERHAPS})


def read_upward(lines: Lines) -> list[Block]:
    """Return the exceptions down to the root cause.

    What is printed first is the cause of what follows it; of a group, the first member goes further down.
    """
    done: list[Block] = []
    block: Block | None = None
    frame_line = frame_indent = -1
    spare: Block | None = None
    for number, (line, kind, match) in enumerate(lines):
        indent = indent_of(line)
        if kind is Kind.MEMBER and match is not None:
            if int(match["number"]) > 1 or (block is not None and block.frames):
                break
            block = Block(kind=Kind.CAUSE, line=number, indent=len(line))
        elif kind is Kind.OPEN:
            if (done and block is None) or (block is not None and block.frames):
                break  # the one before it was its cause
            block = Block(kind=Kind.CAUSE, line=number, indent=indent)
        elif kind is Kind.FRAME and match is not None and (block is not None or not done):
            if block is None:
                block = Block(kind=Kind.CAUSE, line=number, indent=max(0, indent - 2))
            block.frames.append(frame_of(match))
            frame_line, frame_indent = number, indent
        elif block is not None and kind in _HEADS and match is not None and indent <= block.indent:
            head = head_of(Kind.CAUSE, number, line, match)
            # Where the indentation was lost, the line below a frame is most likely its source code.
            if frame_line == number - 1 and frame_indent <= block.indent and head.place is None:
                spare = head
                continue
            done.append(_whole(head, block))
            block, spare = None, None
    if block is not None and (spare is not None or block.frames):
        done.append(_whole(spare or block, block))
    return done


def _whole(head: Block, block: Block) -> Block:
    """Return an exception with the frames above its head."""
    frames = [*block.frames, *([head.place] if head.place else [])]
    head.frames, head.place = frames[::-1], None
    return head
