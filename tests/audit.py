"""Look up known vulnerabilities of all installed packages: ``make audit``.

A vulnerability fails. Where the service that knows them cannot be reached there is nothing to fail for, and nothing was
checked either, so it says that.
"""

import json
import subprocess
import sys

_COMMAND = (sys.executable, "-m", "pip_audit", "--local", "--progress-spinner", "off", "--format", "json")
_OURS = "loganomaly"
_UNREACHABLE = ("requests.exceptions.", "urllib3.exceptions.", "ConnectionError", "ServiceError")


def verdict(output: str, errors: str) -> tuple[int, str]:
    """Return the exit code, and what to say, for what pip-audit wrote."""
    try:
        packages = [entry for entry in json.loads(output)["dependencies"] if entry["name"] != _OURS]
    except ValueError:
        last = (errors.strip().splitlines() or ["it wrote nothing"])[-1]
        if last.startswith(_UNREACHABLE):
            return 0, f"NOT CHECKED for known vulnerabilities: the service cannot be reached: {last}"
        return 1, f"pip-audit failed: {last}"
    found = [
        f"{entry['name']} {entry['version']}: {known['id']}, fixed in {', '.join(known['fix_versions']) or 'none yet'}"
        for entry in packages
        for known in entry.get("vulns", ())
    ]
    unknown = [entry["name"] for entry in packages if "skip_reason" in entry]
    lines = [*found, f"{len(packages) - len(unknown)} packages checked, {len(found)} known vulnerabilities"]
    if unknown:
        lines.append(f"NOT CHECKED, for the service does not know them: {', '.join(unknown)}")
    return (1 if found else 0), "\n".join(lines)


if __name__ == "__main__":
    ended = subprocess.run(_COMMAND, capture_output=True, text=True, check=False)
    code, told = verdict(ended.stdout, ended.stderr)
    sys.stdout.write(f"{told}\n")
    sys.exit(code)
