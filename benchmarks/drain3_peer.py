"""The peer: read a file line by line into Drain3, with masks, and print how many lines and templates it saw.

The masks are those of Drain3's example configuration (ID, IP, SEQ, HEX, NUM, CMD), written so that they run
faster: both gave the same text on 20,000 lines of each input, these in two thirds of the time.
Every other setting is Drain3's default: threshold 0.4, depth 4, no cluster limit, no persistence.
"""

import argparse
from pathlib import Path

from drain3 import TemplateMiner
from drain3.masking import MaskingInstruction
from drain3.template_miner_config import TemplateMinerConfig

WORD = "[A-Za-z0-9]"
# What stands between two characters that are not letters or digits; applied in this order.
WHOLE_WORD_MASKS = (
    ("ID", r"[0-9a-f]{2,}(?::[0-9a-f]{2,}){3,}"),
    ("IP", r"\d{1,3}(?:\.\d{1,3}){3}"),
    ("SEQ", r"(?:[0-9a-f]{6,} ?){3,}"),
    ("SEQ", r"(?:[0-9A-F]{4} ?){4,}"),
    ("HEX", r"0x[0-9A-Fa-f]+"),
    ("NUM", r"[-+]?\d+"),
)
COMMAND_MASK = ("CMD", r'(?<=executed cmd )".+?"')


def make_miner() -> TemplateMiner:
    """Return a Drain3 miner that masks as its example configuration does."""
    config = TemplateMinerConfig()
    config.masking_instructions = [
        *(MaskingInstruction(f"(?<!{WORD}){body}(?!{WORD})", name) for name, body in WHOLE_WORD_MASKS),
        MaskingInstruction(COMMAND_MASK[1], COMMAND_MASK[0]),
    ]
    return TemplateMiner(config=config)


def main() -> None:
    """Mine the file named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("log", type=Path)
    miner, lines = make_miner(), 0
    with parser.parse_args().log.open(encoding="utf-8", errors="replace", newline="\n") as source:
        for line in source:
            miner.add_log_message(line.rstrip("\r\n"))
            lines += 1
    print(f"{lines} lines, {len(miner.drain.clusters)} templates")


if __name__ == "__main__":
    main()
