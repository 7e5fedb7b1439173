"""Requirements in requirements files, pyproject.toml and Pipfiles: the smallest change."""

from __future__ import annotations

import tomllib

import pytest

from pratique.formats.edit import pipfile, pyproject, requirements_txt
from pratique.formats.edit.base import Change, EditError

REQUIREMENTS = """\
# what the harbour needs
-r other.txt
--index-url https://mirror.example.test/simple
Alpha[fast]==1.0  # pinned by hand
beta >= 1.0, < 2 ; python_version >= "3.9"
gamma
delta @ https://files.example.test/delta-1.0.zip
epsilon==1.0 \\
    --hash=sha256:aaaa \\
    --hash=sha256:bbbb
zeta.one==3.0\r
"""


def test_requirements_are_found_with_their_layout() -> None:
    found = {one.name: one for one in requirements_txt.entries(REQUIREMENTS)}
    assert list(found) == ["Alpha", "beta", "gamma", "epsilon", "zeta.one"]
    assert found["beta"].requirement == ">= 1.0, < 2"
    assert found["beta"].spaced
    assert found["epsilon"].locked
    assert found["gamma"].requirement == ""


def test_a_requirement_changes_and_nothing_else() -> None:
    out = requirements_txt.edit(
        REQUIREMENTS,
        [
            Change(name="alpha", after="==1.5"),
            Change(name="beta", before=">= 1.0, < 2", after=">=2.1,<3"),
            Change(name="gamma", after=">=4"),
            Change(name="zeta-one", after="==3.1"),
        ],
    )
    changed = [
        (old, new)
        for old, new in zip(REQUIREMENTS.split("\n"), out.split("\n"), strict=True)
        if old != new
    ]
    assert changed == [
        ("Alpha[fast]==1.0  # pinned by hand", "Alpha[fast]==1.5  # pinned by hand"),
        (
            'beta >= 1.0, < 2 ; python_version >= "3.9"',
            'beta >= 2.1, < 3 ; python_version >= "3.9"',
        ),
        ("gamma", "gamma>=4"),
        ("zeta.one==3.0\r", "zeta.one==3.1\r"),
    ]


@pytest.mark.parametrize("name", ["epsilon", "nobody", "delta"])
def test_what_cannot_be_changed_alone_is_refused(name: str) -> None:
    with pytest.raises(EditError):
        requirements_txt.edit(REQUIREMENTS, [Change(name=name, after="==9")])


def test_a_line_is_added_after_an_unended_one() -> None:
    assert requirements_txt.add("alpha==1", "beta", ">=2") == "alpha==1\nbeta>=2\n"


PYPROJECT = """\
# the ship
[project]
name = "ship"
version = "1"  # of the ship
dependencies = [
  'alpha[fast] >=1,<2 ; python_version >= "3.9"', # single quotes
  "beta==1.0",
]

[project.optional-dependencies]
dev = ["gamma~=1.0", "delta @ https://files.example.test/delta.zip"]

[dependency-groups]
test = ["beta==1.0", {include-group = "lint"}]
lint = []

[tool.poetry.dependencies]
python = "^3.9"
epsilon = "^1.2"
zeta = { version = "1.0", extras = ["x"] }
eta = { path = "../eta" }

[tool.poetry.group.docs.dependencies]
theta = "*"

[[tool.things]]
name = "beta==1.0"
"""


def test_pyproject_requirements_by_group() -> None:
    found = [(one.name, one.requirement, one.group) for one in pyproject.entries(PYPROJECT)]
    assert found == [
        ("alpha", ">=1,<2", ""),
        ("beta", "==1.0", ""),
        ("gamma", "~=1.0", "dev"),
        ("beta", "==1.0", "test"),
        ("epsilon", "^1.2", ""),
        ("zeta", "1.0", ""),
        ("theta", "*", "docs"),
    ]


def test_pyproject_changes_every_place_and_keeps_the_rest() -> None:
    out = pyproject.edit(
        PYPROJECT,
        [
            Change(name="beta", after="==1.1"),
            Change(name="Alpha", after=">=2,<3"),
            Change(name="zeta", after="1.5"),
        ],
    )
    assert "  'alpha[fast] >= 2, < 3 ; python_version >= \"3.9\"', # single quotes" in out
    assert out.count('"beta==1.1"') == 2
    assert '[[tool.things]]\nname = "beta==1.0"' in out, "no requirement, so not touched"
    assert 'zeta = { version = "1.5", extras = ["x"] }' in out
    assert len(out.splitlines()) == len(PYPROJECT.splitlines())


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", ["x>=1"]),
        ("[tool.uv]\noverride-dependencies = []\n", ["x>=1"]),
        ('[tool.uv]\noverride-dependencies = ["a"]\n', ["a", "x>=1"]),
        ('[tool.uv]\noverride-dependencies = ["a",]\n', ["a", "x>=1"]),
        ('[tool.uv]\noverride-dependencies = [\n    "a" # why\n]\n', ["a", "x>=1"]),
        ('[tool.uv]\noverride-dependencies = [\n    "a", # why\n]\n', ["a", "x>=1"]),
        ("[tool.uv]\ndev = true\n[other]\nkey = 1\n", ["x>=1"]),
        ("[tool.uv.sources]\na = { path = 'a' }\n", ["x>=1"]),
    ],
)
def test_uv_overrides_are_added(text: str, wanted: list[str]) -> None:
    out = pyproject.constrain(text, "override", "x>=1")
    value = tomllib.loads(out)
    assert value["tool"]["uv"]["override-dependencies"] == wanted
    assert [line for line in text.splitlines() if "# why" in line] == [
        line.replace('"a", #', '"a" #') if '"a" #' in text else line
        for line in out.splitlines()
        if "# why" in line
    ]


def test_an_override_that_is_no_array_is_refused() -> None:
    with pytest.raises(EditError):
        pyproject.constrain("[tool.uv]\noverride-dependencies = 1\n", "override", "x>=1")


def test_pipfile_changes_versions_of_both_forms() -> None:
    text = (
        '[[source]]\nurl = "https://mirror.example.test"\n\n[packages]\nalpha = "==1.0" # why\n'
        'beta = {version = ">=1", extras = ["x"]}\ngamma = "*"\n[dev-packages]\nalpha = "*"\n'
    )
    out = pipfile.edit(
        text,
        [
            Change(name="alpha", before="==1.0", after="==1.2"),
            Change(name="beta", after=">=2"),
        ],
    )
    assert out == text.replace('"==1.0"', '"==1.2"').replace('">=1"', '">=2"')
    groups = [(one.name, one.group) for one in pipfile.entries(text)]
    assert groups == [("alpha", ""), ("beta", ""), ("gamma", ""), ("alpha", "dev")]
