"""Runs the benchmarks and writes docs/benchmarks.md.

Each benchmark notes in its ``extra_info`` what is owed (``owed``), the ratio to
what it was measured against in the same run (``ratio``), and whether what is
owed was met (``met``); further keys are printed as they are.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/benchmarks.md"
KNOWN = ("owed", "ratio", "met")


def machine() -> str:
    """Class of this machine, in a few words."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    memory = Path("/proc/meminfo").read_text(encoding="utf-8").split()[1]
    return (
        f"{len(models)} cores ({models[0] if models else platform.machine()}), "
        f"{int(memory) / 1024**2:.0f} GiB, {platform.system()}, "
        f"CPython {platform.python_version()}"
    )


def duration(seconds: float) -> str:
    """Seconds in the unit that reads best."""
    for factor, unit in ((1, "s"), (1e3, "ms"), (1e6, "µs")):
        if seconds * factor >= 1:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def row(entry: dict[str, object]) -> str:
    """One line of the table."""
    stats, extra = entry["stats"], entry["extra_info"]
    assert isinstance(stats, dict)
    assert isinstance(extra, dict)
    name = str(entry["name"]).removeprefix("test_").replace("_", " ")
    more = "; ".join(f"{key}: {value}" for key, value in extra.items() if key not in KNOWN)
    met = {True: "yes", False: "**no**"}.get(extra.get("met"), "")
    cells = (
        name,
        duration(float(stats["min"])),
        duration(float(stats["median"])),
        extra.get("owed", ""),
        met,
        extra.get("ratio", ""),
        more,
    )
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"


def page(entries: list[dict[str, object]], printed: list[tuple[str, str]]) -> str:
    """The whole page."""
    groups: dict[str, list[dict[str, object]]] = {}
    for entry in entries:
        module = str(entry["fullname"]).split("::")[0].rpartition("/")[2]
        groups.setdefault(module.removeprefix("bench_").removesuffix(".py"), []).append(entry)
    parts = [
        "<!-- Written by tools/bench.py (make bench); do not edit. -->",
        "# Benchmarks\n",
        f"Measured on {machine()}, {datetime.now(UTC):%Y-%m-%d}, by `make bench`. Absolute times "
        "on such machines are noisy; the ratio is to what was measured in the same run.\n",
    ]
    for name, rows in groups.items():
        parts.append(f"## {name.replace('_', ' ')}\n")
        parts.append("| what | best | median | owed | met | ratio | more |")
        parts.append("|---|---|---|---|---|---|---|")
        parts.extend(row(entry) for entry in rows)
        parts.append("")
    parts.append("## Printed by the benchmarks\n")
    parts.append("Each of these asserts what is owed and fails where it is not met.\n")
    for name, text in printed:
        module, _, test = name.rpartition("/")[2].partition("::")
        title = f"{module.removeprefix('bench_').removesuffix('.py')}: {test}".replace("_", " ")
        parts.append(f"- {title.replace('test ', '')}\n\n  ```text")
        parts.extend(f"  {line}" for line in text.splitlines())
        parts.append("  ```\n")
    return "\n".join(parts)


def main() -> int:
    """Run, write the page, and return pytest's exit code."""
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "benchmarks.json"
        words = [
            sys.executable,
            "-m",
            "pytest",
            *sorted(str(path) for path in (ROOT / "benchmarks").glob("bench_*.py")),
            f"--benchmark-json={result}",
            "--benchmark-columns=min,median",
            "--timeout=1200",
            *sys.argv[1:],
        ]
        code = subprocess.run(words, cwd=ROOT, check=False).returncode
        if result.exists() and not sys.argv[1:]:
            data = json.loads(result.read_text(encoding="utf-8"))
            PAGE.write_text(page(data["benchmarks"], data.get("printed", [])), encoding="utf-8")
            print(f"Written: {PAGE.relative_to(ROOT)}")
    return code


if __name__ == "__main__":
    sys.exit(main())
