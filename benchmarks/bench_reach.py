"""How fast a Python project's imports are followed through a large environment.

Run ``pytest -s benchmarks/bench_reach.py``.  The environment is synthetic and seeded:
packages of twelve modules of about 60 lines, which import one another; a third of
them is reached.  Times of this machine say little, so what is owed is a ratio
measured in the same run: at most four times what parsing the same modules takes.
"""

from __future__ import annotations

import ast
import random
import time
from pathlib import Path

from pratique.reachability.python.environment import Environment, site_folders
from pratique.reachability.python.walk import walk

PACKAGES, MODULES, FUNCTIONS = 1_000, 12, 8
OWED_RATIO = 4.0
BODY = "".join(
    f'def f{number}(a, b=1):\n    """Text."""\n    if a > b:\n'
    f"        return [x + {number} for x in range(a)]\n"
    f'    return {{"key{number}": a, "other": b}}\n\n\n'
    for number in range(FUNCTIONS)
)


def installed(root: Path) -> None:
    draw = random.Random(1)
    site = root / ".venv/lib/python3.11/site-packages"
    site.mkdir(parents=True)
    (root / ".venv/pyvenv.cfg").write_text("home = /usr/bin\n")
    for number in range(PACKAGES):
        folder = site / f"pk{number}"
        folder.mkdir(parents=True)
        names = ["__init__.py", *(f"m{which}.py" for which in range(1, MODULES))]
        for which, name in enumerate(names):
            rows = [f"from . import m{other}\n" for other in range(1, MODULES) if not which]
            if which % 4 == 0 and number + 1 < PACKAGES:
                target = draw.randrange(number + 1, PACKAGES)
                rows.append(f"from pk{target} import m{draw.randrange(1, MODULES)}\n")
            (folder / name).write_text("".join(rows) + BODY)
        info = site / f"pk{number}-1.0.dist-info"
        info.mkdir()
        (info / "RECORD").write_text("".join(f"pk{number}/{name},,\n" for name in names))
    starts = ", ".join(f"pk{number}" for number in range(0, 200, 10))
    (root / "app.py").write_text(f"import {starts}\n")


def test_a_thousand_packages(tmp_path: Path) -> None:
    installed(tmp_path)
    start = time.process_time()
    environment = Environment(site_folders(tmp_path / ".venv"))
    listed = time.process_time() - start
    start = time.process_time()
    walked = walk(tmp_path, environment)
    followed = time.process_time() - start
    assert not walked.problems
    assert PACKAGES / 4 < len(walked.first) < PACKAGES / 2

    sources = [
        path.read_bytes()
        for name in list(walked.first)[::4]
        for path in sorted((environment.folders[0] / name).glob("*.py"))
    ]
    start = time.process_time()
    for source in sources:
        ast.parse(source)
    parsed = (time.process_time() - start) * walked.files / len(sources)
    print(
        f"\n{PACKAGES:,} packages listed in {listed:.2f} s; {walked.files:,} modules of "
        f"{len(walked.first)} packages followed in {followed:.1f} s, {followed / parsed:.1f} times "
        f"what parsing takes"
    )
    assert followed < OWED_RATIO * parsed
