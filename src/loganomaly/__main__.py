"""``python -m loganomaly`` is the command ``loganomaly``."""

from loganomaly.cli import main

if __name__ == "__main__":
    main()
