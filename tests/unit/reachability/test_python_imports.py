"""The import graph of Python projects and of what they have installed."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from pratique.model.errors import InputError, UsageError
from pratique.model.inventory import Trouble
from pratique.reachability import Answer, Report, State
from pratique.reachability.python.environment import Environment, site_folders
from pratique.reachability.python.imports import imports

Answers = Callable[..., dict[str, Answer]]
Read = Callable[..., Report]
LOCK = "alpha==1.0\nbeta==1.0\ngamma==1.0\n"


@pytest.mark.parametrize(
    ("source", "package", "expected"),
    [
        ("import a.b, c", "", ["a.b", "c"]),
        ("from a import b", "", ["a", "a.b"]),
        ("from a import *", "", ["a", "a.*"]),
        ("from . import b", "p.q", ["p.q", "p.q.b"]),
        ("from .. import b", "p.q", ["p", "p.b"]),
        ("from .c import d", "p", ["p.c", "p.c.d"]),
        ("from ... import b", "p", []),
        ("def f():\n    import a", "", ["a"]),
        ("if TYPE_CHECKING:\n    import a", "", ["a"]),
        ("import importlib\nimportlib.import_module('a.b')", "", ["importlib", "a.b"]),
        ("import_module('.b', __package__)", "p", ["p.b"]),
        ("__import__('a')", "", ["a"]),
        ("x = 'import a'  # import b", "", []),
    ],
)
def test_every_form_of_an_import_is_seen(source: str, package: str, expected: list[str]) -> None:
    assert [one.module for one in imports(source.encode(), package).named] == expected


@pytest.mark.parametrize(
    ("source", "function"),
    [
        ("__import__(name)", "__import__"),
        ("importlib.import_module(f'a.{x}')", "import_module"),
        ("metadata.entry_points(group='g')", "entry_points"),
        ("exec(text)", "exec"),
        ("runpy.run_path(path)", "run_path"),
    ],
)
def test_code_loaded_by_a_computed_name_is_told(source: str, function: str) -> None:
    assert imports(f"\n{source}".encode(), "").hidden == ((2, function),)


def test_methods_that_are_called_like_builtins_are_none() -> None:
    assert imports(b"pattern.exec(text)\nframe.eval('a')", "").hidden == ()


@pytest.mark.parametrize(
    "source",
    [
        b"print 'two'",
        b"\x00",
        b"(" * 5000,
        b"\xff\xfe",
        b"-" * 200_000 + b"1",
        b"# coding: nonsense\n",
    ],
)
def test_what_is_not_python_is_named(source: bytes) -> None:
    with pytest.raises(InputError):
        imports(source, "")


def test_random_bytes_are_survived() -> None:
    seeded = random.Random(7)
    good = b"import a\nfrom .b import c\n__import__('d')\n"
    for _ in range(300):
        data = bytearray(good)
        for _ in range(seeded.randrange(1, 6)):
            data[seeded.randrange(len(data))] = seeded.randrange(256)
        try:
            imports(bytes(data), "p")
        except InputError:
            continue


def test_chains_lead_from_the_project_to_the_package(
    answers: Answers, installed: Callable[..., dict[str, str]]
) -> None:
    found = answers(
        {
            "requirements.txt": LOCK,
            "app/__init__.py": "",
            "app/main.py": "import os\nfrom alpha import api\n",
            **installed(
                "alpha",
                {
                    "alpha/__init__.py": "",
                    "alpha/api.py": "from . import inner",
                    "alpha/inner.py": "def f():\n    import beta.core",
                },
            ),
            **installed("beta", {"beta/__init__.py": "", "beta/core.py": ""}),
            **installed("gamma", {"gamma.py": "import alpha"}),
        }
    )
    assert found["EX-alpha"].state is State.IMPORTED
    assert [str(site) for site in found["EX-alpha"].chain] == ["app/main.py:2: import alpha"]
    assert found["EX-beta"].state is State.IMPORTED
    assert [str(site) for site in found["EX-beta"].chain] == [
        "app/main.py:2: import alpha.api",
        "alpha@1.0/alpha/inner.py:2: import beta.core",
    ]
    assert found["EX-gamma"].state is State.UNIMPORTED
    assert "none of" in found["EX-gamma"].reason


@pytest.mark.parametrize(
    ("extra", "reason"),
    [
        ({"plugin.py": "__import__(name)"}, "computed names (plugin.py:1"),
        ({"broken.py": "print 'two'"}, "cannot be read"),
        ({"large.py": "#" * (6 << 20)}, "cannot be read"),
    ],
)
def test_what_cannot_be_seen_is_unknown_not_unimported(
    answers: Answers, installed: Callable[..., dict[str, str]], extra: dict[str, str], reason: str
) -> None:
    files = {
        "requirements.txt": "gamma==1.0\n",
        "main.py": "",
        **installed("gamma", {"gamma.py": ""}),
    }
    assert answers(files)["EX-gamma"].state is State.UNIMPORTED
    found = answers(files | extra)["EX-gamma"]
    assert found.state is State.UNKNOWN
    assert reason in found.reason


def test_plugins_are_unknown_and_commands_are_a_doubt(
    answers: Answers, installed: Callable[..., dict[str, str]]
) -> None:
    points = "[console_scripts]\nalpha = alpha:main\n"
    found = answers(
        {
            "requirements.txt": "alpha==1.0\nbeta==1.0\n",
            "main.py": "",
            **installed("alpha", {"alpha.py": ""}, entry_points=points),
            **installed("beta", {"beta.py": ""}, entry_points="[pytest11]\nbeta = beta\n"),
        }
    )
    assert found["EX-alpha"].state is State.UNIMPORTED
    assert found["EX-alpha"].doubts == ("it has commands that can be run: alpha",)
    assert found["EX-beta"].state is State.UNKNOWN
    assert "plugin (pytest11)" in found["EX-beta"].reason


SITE = ".venv/lib/python3.11/site-packages"


def test_versions_compiled_modules_and_paths_are_doubts(
    answers: Answers, installed: Callable[..., dict[str, str]]
) -> None:
    found = answers(
        {
            "requirements.txt": "alpha==1.0\n",
            "main.py": "import alpha, delta",
            **installed("alpha", {"alpha.py": ""}, version="1.1"),
            **installed("delta", {"delta.cpython-311-x86_64-linux-gnu.so": "\x7fELF"}),
            f"{SITE}/editable.pth": "/somewhere/else\n",
        }
    )
    assert found["EX-alpha"].state is State.IMPORTED
    assert found["EX-alpha"].doubts == (
        "installed is 1.1, not 1.0",
        "compiled modules are not read: delta",
        "editable.pth adds /somewhere/else",
    )


DJANGO_LIKE = "for name in settings.APPS:\n    import_module(name)\n"
ELSEWHERE = '{"url": "file:///elsewhere/lib", "dir_info": {"editable": true}}'
HERE_TOO = {f"{SITE}/own.pth": "../../../../src\n", "src/own/__init__.py": ""}


@pytest.mark.parametrize(
    ("extra", "reason"),
    [
        pytest.param({"settings.py": "APPS = ['gamma']"}, "settings.py:1 names gamma", id="text"),
        pytest.param({"conf/app.yml": "worker: gamma\n"}, "conf/app.yml names gamma", id="yaml"),
        pytest.param({"Procfile": "web: serve app\n"}, "Procfile names", id="program"),
        pytest.param({f"{SITE}/own.pth": "import gamma; gamma.go()\n"}, "own.pth", id="start"),
        pytest.param({f"{SITE}/own.pth": "/elsewhere\n"}, "own.pth adds /elsewhere", id="path"),
        pytest.param(
            {f"{SITE}/lib-1.0.dist-info/direct_url.json": ELSEWHERE},
            "lib is installed from file:///elsewhere/lib",
            id="editable",
        ),
        pytest.param(
            {".venv/pyvenv.cfg": "include-system-site-packages = true\n"}, "system", id="system"
        ),
        pytest.param({"get.py": "from importlib import import_module as get\n"}, "get", id="as"),
        pytest.param(
            {"get.py": "import importlib\nf = importlib.import_module\n"}, "get", id="kept"
        ),
    ],
)
def test_what_may_be_loaded_by_its_name_is_unknown(
    answers: Answers, installed: Callable[..., dict[str, str]], extra: dict[str, str], reason: str
) -> None:
    points = "[console_scripts]\nserve = gamma:main\n"
    files = {
        "requirements.txt": "gamma==1.0\n",
        "main.py": "import frame",
        **installed("gamma", {"gamma.py": ""}, entry_points=points),
        **installed("frame", {"frame.py": DJANGO_LIKE}),
        **HERE_TOO,
    }
    assert answers(files)["EX-gamma"].state is State.UNIMPORTED
    found = answers(files | extra)["EX-gamma"]
    assert found.state is State.UNKNOWN
    assert reason in found.reason


@pytest.mark.parametrize(
    ("extra", "state"),
    [
        pytest.param({"tool": "#!/usr/bin/env python3\nimport gamma\n"}, "imported", id="script"),
        pytest.param({"notes": "import gamma\n"}, "unimported", id="no script"),
        pytest.param({"fast.pyx": "cimport gamma\n"}, "imported", id="cython"),
        pytest.param(
            {"a.ipynb": '{"cells": [{"source": ["%magic\\n", "import gamma as g\\n"]}]}'},
            "imported",
            id="notebook",
        ),
        pytest.param({"a.ipynb": "{"}, "unknown", id="broken notebook"),
        pytest.param({"app/target/main.py": "import gamma"}, "imported", id="named target"),
        pytest.param(
            {"target/CACHEDIR.TAG": "", "target/main.py": "import gamma"}, "unimported", id="built"
        ),
    ],
)
def test_all_code_of_the_project_counts(
    answers: Answers, installed: Callable[..., dict[str, str]], extra: dict[str, str], state: str
) -> None:
    files = {"requirements.txt": "gamma==1.0\n", **installed("gamma", {"gamma.py": ""})}
    assert answers(files | {"main.py": ""} | extra)["EX-gamma"].state == state


def test_links_out_of_the_project_leave_it_unknown(
    answers: Answers, installed: Callable[..., dict[str, str]], tmp_path: Path
) -> None:
    files = {
        "requirements.txt": "gamma==1.0\n",
        "main.py": "",
        **installed("gamma", {"gamma.py": ""}),
    }
    assert answers(files)["EX-gamma"].state is State.UNIMPORTED
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "project" / "linked").symlink_to(tmp_path / "elsewhere")
    assert answers(files)["EX-gamma"].state is State.UNKNOWN


@pytest.mark.parametrize(
    "files",
    [
        {
            "lib-1.dist-info/direct_url.json": '{"url": "file:///%00", "dir_info": {"editable": true}}'
        },
        {"lib-1.dist-info/direct_url.json": '{"url": "file://[", "dir_info": {"editable": true}}'},
        {"lib-1.dist-info/direct_url.json": "[" * 100_000},
        {"lib-1.dist-info/entry_points.txt": "[a]\nb = ../../x/..y:z\n[c]\nd = gamma/../../e\n"},
        {"lib-1.dist-info/METADATA": b"Requires-Dist: \xff\xfe;;\nRequires-Dist: ..\n"},
        {"own.pth": b"a\0b\nimport ..\nimport \xff\n../../../../..\n"},
        {"own.pth": "loop\n"},
    ],
)
def test_hostile_environments_are_survived(
    answers: Answers,
    installed: Callable[..., dict[str, str]],
    tmp_path: Path,
    files: dict[str, str | bytes],
) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "loop").symlink_to("loop")
    project = {
        "requirements.txt": "gamma==1.0\n",
        "main.py": "import gamma",
        **installed("gamma", {"gamma.py": ""}),
        **{f"{SITE}/{path}": text for path, text in files.items()},
    }
    assert answers(project)["EX-gamma"].state is State.IMPORTED


def test_what_compiled_code_needs_is_unknown(
    answers: Answers, installed: Callable[..., dict[str, str]]
) -> None:
    need = {f"{SITE}/delta-1.0.dist-info/METADATA": "Name: delta\nRequires-Dist: gamma (>=1)\n"}
    found = answers(
        {
            "requirements.txt": "gamma==1.0\nbeta==1.0\n",
            "main.py": "import delta",
            **installed("delta", {"delta.abi3.so": "\x7fELF"}),
            **installed("gamma", {"gamma.py": ""}),
            **installed("beta", {"beta.py": ""}),
            **need,
        }
    )
    assert found["EX-gamma"].state is State.UNKNOWN
    assert "delta needs it and has compiled code" in found["EX-gamma"].reason
    assert found["EX-beta"].state is State.UNIMPORTED


def test_what_a_plugin_imports_is_unknown(
    answers: Answers, installed: Callable[..., dict[str, str]]
) -> None:
    points = "[frame.backends]\nfast = plug.core:Fast [extra]\n"
    found = answers(
        {
            "requirements.txt": "gamma==1.0\n",
            "main.py": "",
            **installed(
                "plug", {"plug/__init__.py": "", "plug/core.py": "import gamma"},
                entry_points=points,
            ),
            **installed("gamma", {"gamma.py": ""}),
        }
    )  # fmt: skip
    assert found["EX-gamma"].state is State.UNKNOWN
    assert "plug is a plugin (frame.backends)" in found["EX-gamma"].reason


def test_parts_of_a_namespace_and_shared_files_belong_to_all(
    answers: Answers, installed: Callable[..., dict[str, str]]
) -> None:
    found = answers(
        {
            "requirements.txt": LOCK,
            "src/app/main.py": "from space import one\nimport shared",
            **installed("alpha", {"space/one/__init__.py": ""}),
            **installed("beta", {"space/two/__init__.py": "", "shared.py": ""}),
            **installed("gamma", {"shared.py": ""}),
        }
    )
    assert {name: one.state.value for name, one in found.items()} == {
        "EX-alpha": "imported",
        "EX-beta": "imported",
        "EX-gamma": "imported",
    }


def test_without_an_environment_only_the_projects_own_imports_are_known(answers: Answers) -> None:
    found = answers({"requirements.txt": LOCK, "main.py": "import alpha"})
    assert found["EX-alpha"].state is State.IMPORTED
    assert found["EX-beta"].state is State.UNKNOWN
    assert "--environment" in found["EX-beta"].reason


def test_what_is_not_installed_is_unknown(
    answers: Answers, installed: Callable[..., dict[str, str]]
) -> None:
    found = answers({"requirements.txt": LOCK, **installed("alpha", {"alpha.py": ""})})
    assert found["EX-beta"].state is State.UNKNOWN
    assert "not installed" in found["EX-beta"].reason


def test_a_folder_without_packages_is_no_environment(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no installed Python packages"):
        site_folders(tmp_path)


def test_records_that_leave_the_folder_own_nothing(tmp_path: Path) -> None:
    info = tmp_path / "alpha-1.0.dist-info"
    info.mkdir()
    (info / "RECORD").write_text("../../evil.py,,\n/etc/evil.py,,\nalpha.py,,\n")
    environment = Environment((tmp_path,))
    assert environment.distributions["alpha"].files == ("alpha.py",)
    assert environment.find("..evil") == []


def test_unreadable_files_are_problems_of_the_report(read: Read) -> None:
    report = read({"requirements.txt": "alpha==1.0\n", "bad.py": "(", "main.py": "import alpha"})
    [problem] = report.problems
    assert (problem.location.path, problem.trouble) == ("bad.py", Trouble.UNREADABLE)
    assert not report.complete
