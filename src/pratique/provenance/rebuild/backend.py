"""Building a wheel from a source tree (PEP 517), in the sandbox.

The build tools come from the index as wheels, as of the day the published file
was uploaded; no code of theirs runs outside of the sandbox.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pratique.model.errors import InputError
from pratique.provenance.rebuild import sandbox
from pratique.provenance.rebuild.errors import RebuildError

if TYPE_CHECKING:
    from collections.abc import Sequence

LEGACY = ("setuptools>=40.8.0", "wheel")
"""What a tree without a build-system table is built with (PEP 517, "Source trees")."""

INSTALL_SECONDS = 300
"""Longest that installing build tools may take."""

MAX_PYPROJECT_BYTES = 1 << 20
"""Largest pyproject.toml that is read."""

GENERATORS = (
    (re.compile(r"^bdist_wheel \(([\w.]+)\)"), "wheel"),
    (re.compile(r"^setuptools \(([\w.]+)\)"), "setuptools"),
    (re.compile(r"^flit ([\w.]+)"), "flit_core"),
    (re.compile(r"^hatchling ([\w.]+)"), "hatchling"),
    (re.compile(r"^poetry-core ([\w.]+)"), "poetry-core"),
    (re.compile(r"^pdm-backend \(([\w.]+)\)"), "pdm-backend"),
    (re.compile(r"^uv ([\w.]+)"), "uv_build"),
)
"""What a wheel's ``Generator`` says, and the project that it is a version of."""

_RUNNER = """\
import importlib, json, os, sys
task = json.load(open("task.json"))
os.chdir(task["tree"])
for folder in reversed(task["path"]):
    sys.path.insert(0, os.path.join(task["tree"], folder))
module, _, attribute = task["backend"].partition(":")
backend = importlib.import_module(module)
for part in attribute.split(".") if attribute else ():
    backend = getattr(backend, part)
if task["hook"] == "requires":
    hook = getattr(backend, "get_requires_for_build_wheel", lambda settings=None: [])
    answer = list(hook(None) or [])
else:
    answer = backend.build_wheel(task["output"])
json.dump(answer, open(task["answer"], "w"))
"""


class System(NamedTuple):
    """How a tree says that it is built."""

    requires: tuple[str, ...]
    backend: str
    path: tuple[str, ...]


class Tools:
    """Build tools for one tree.

    Args:
        folder: To install them to; made.
        before: Only what was uploaded by then, RFC 3339; empty for no limit.
        index: Address of the index.
    """

    def __init__(self, folder: Path, before: str, index: str) -> None:
        self.folder = folder
        self._before, self._index = before, index
        self._uv = _uv()
        self._run("venv", "--quiet", "--python", sys.executable, str(folder))

    @property
    def python(self) -> str:
        """The interpreter that has them."""
        return str(self.folder / "bin" / "python")

    def install(self, requirements: Sequence[str]) -> None:
        """Install requirements and what they need, from wheels alone.

        Raises:
            RebuildError: They cannot be had.
        """
        if not requirements:
            return
        words = ["pip", "install", "--quiet", "--no-build", "--python", self.python]
        words += ["--default-index", self._index]
        words += ["--exclude-newer", self._before] if self._before else []
        self._run(*words, *(f"{one}" for one in requirements if not one.startswith("-")))

    def installed(self) -> tuple[str, ...]:
        """``name==version`` of each, sorted."""
        said = self._run("pip", "freeze", "--python", self.python)
        return tuple(sorted(line for line in said.splitlines() if "==" in line))

    def _run(self, *words: str) -> str:
        try:
            done = subprocess.run(  # noqa: S603 - a list of words, no shell
                [self._uv, *words],
                capture_output=True,
                text=True,
                timeout=INSTALL_SECONDS,
                check=False,
                stdin=subprocess.DEVNULL,
            )
        except subprocess.TimeoutExpired:
            raise RebuildError(f"uv took more than {INSTALL_SECONDS} s") from None
        if done.returncode:
            said = (done.stderr or done.stdout).strip()
            raise RebuildError(f"build tools cannot be had: {said.splitlines()[-1][:200]}", said)
        return done.stdout


def _uv() -> str:
    beside = Path(sys.executable).with_name("uv")
    found = str(beside) if beside.is_file() else shutil.which("uv")
    if not found:
        raise RebuildError("uv, which brings the build tools, is not installed")
    return found


def system_of(tree: Path) -> System:
    """The build system of a source tree (PEP 518, PEP 517).

    Raises:
        InputError: Its pyproject.toml cannot be read.
        RebuildError: It is no Python project.
    """
    path = tree / "pyproject.toml"
    if not path.is_file():
        if not (tree / "setup.py").is_file():
            raise RebuildError("the source has neither pyproject.toml nor setup.py")
        return System(LEGACY, "setuptools.build_meta:__legacy__", ())
    data = path.read_bytes()[: MAX_PYPROJECT_BYTES + 1]
    if len(data) > MAX_PYPROJECT_BYTES:
        raise InputError("pyproject.toml is too large")
    try:
        value = tomllib.loads(data.decode()).get("build-system")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"pyproject.toml cannot be read: {str(error)[:120]}") from None
    if not isinstance(value, dict):
        return System(LEGACY, "setuptools.build_meta:__legacy__", ())
    return System(
        _texts(value.get("requires")),
        str(value.get("build-backend") or "setuptools.build_meta:__legacy__"),
        _texts(value.get("backend-path")),
    )


def _texts(value: object) -> tuple[str, ...]:
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


def pinned(requires: Sequence[str], generator: str) -> list[str]:
    """Requirements with the tool that a published wheel names at its own version.

    Args:
        requires: As the tree states them.
        generator: ``Generator`` of the published wheel's WHEEL file.
    """
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.utils import canonicalize_name

    wanted = list(requires)
    for pattern, name in GENERATORS:
        match = pattern.match(generator)
        if match is None:
            continue
        for one in requires:
            try:
                stated = Requirement(one)
            except InvalidRequirement:
                continue
            same = canonicalize_name(stated.name) == canonicalize_name(name)
            if same and not stated.specifier.contains(match[1], prereleases=True):
                return wanted  # the tree itself refuses that version
        pins = [f"{name}=={match[1]}"]
        if name == "wheel":
            # From this version on setuptools has the command itself, and names itself.
            pins.append("setuptools<70.1")
        return [*wanted, *pins]
    return wanted


def build_wheel(tree: Path, work: Path, tools: Tools, epoch: int | None, generator: str) -> Path:
    """Build a wheel of a tree, in the sandbox.

    Args:
        tree: Inside the work folder.
        work: What the build may write to.
        tools: Empty yet.
        epoch: Seconds since 1970 for all time stamps; those of the tree where it is ``None``.
        generator: Of the published wheel, for the version of the tool.

    Raises:
        RebuildError: It cannot be built.
        InputError: The tree's pyproject.toml cannot be read.
    """
    system = system_of(tree)
    try:
        tools.install(pinned(system.requires, generator))
    except RebuildError:
        tools.install(system.requires)  # the pinned tool may be gone, or not go with the rest
    variables = {"SOURCE_DATE_EPOCH": str(epoch)} if epoch is not None else {}
    output = work / "built"
    output.mkdir()

    def hook(name: str) -> object:
        answer = work / f"{name}.json"
        task = {
            "tree": str(tree),
            "path": system.path,
            "backend": system.backend,
            "hook": name,
            "output": str(output),
            "answer": str(answer),
        }
        (work / "task.json").write_text(json.dumps(task))
        (work / "runner.py").write_text(_RUNNER)
        sandbox.run(
            [tools.python, "-s", "-B", "runner.py"],
            work,
            readable=[tools.folder],
            variables=variables,
        )
        return json.loads(answer.read_text())

    more = hook("requires")
    tools.install(_texts(more))
    hook("build")
    built = sorted(output.glob("*.whl"))
    if len(built) != 1:
        raise RebuildError("the build made no wheel")
    return built[0]
