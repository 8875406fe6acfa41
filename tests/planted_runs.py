"""Results of the planted logs, made by the real command."""

import faulty
import planted

__all__ = ["results_of"]


def results_of(folder, name, *options, into=None):
    """Analyse the logs that `planted.write_NAME` writes, and return the folder of results: `folder/NAME`, or *into*."""
    getattr(planted, f"write_{name}")(folder / "input" / name)
    output = into or name
    code, errors = faulty.run(folder, "--input", f"input/{name}", "--output", output, "--disable-llm", *options)
    assert code == 0, errors
    return folder / output
