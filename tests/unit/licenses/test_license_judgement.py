from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from license_expression import get_spdx_licensing

from pratique.licenses import names
from pratique.licenses.expression import identifier
from pratique.licenses.models import Judgement
from pratique.licenses.reading import MAX_CLAIM
from pratique.licenses.service import MAX_CLAIMS, judge
from pratique.licenses.spdx_ids import DEPRECATED, EXCEPTIONS, LICENSES
from pratique.model.inventory import LicenseClaim


def judged(*texts: str) -> Judgement:
    return judge([LicenseClaim(text, "lockfile") for text in texts])


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("MIT", "MIT"),
        (" mit ", "MIT"),
        ("apache-2.0", "Apache-2.0"),
        ("GPL-2.0", "GPL-2.0-only"),
        ("GPL-2.0+", "GPL-2.0-or-later"),
        ("lgpl-2.1+", "LGPL-2.1-or-later"),
        ("GPL-2.0-with-classpath-exception", "GPL-2.0-only WITH Classpath-exception-2.0"),
        ("Apache-2.0+", "Apache-2.0+"),
        ("MIT OR Apache-2.0", "MIT OR Apache-2.0"),
        ("mit or apache-2.0", "MIT OR Apache-2.0"),
        ("MIT/Apache-2.0", "MIT OR Apache-2.0"),
        ("MIT / Apache-2.0", "MIT OR Apache-2.0"),
        ("Unlicense/MIT", "Unlicense OR MIT"),
        ("(MIT OR CC0-1.0)", "MIT OR CC0-1.0"),
        ("MIT AND MIT", "MIT"),
        ("MIT AND (Apache-2.0 OR BSD-3-Clause)", "MIT AND (Apache-2.0 OR BSD-3-Clause)"),
        ("MIT OR ISC AND Zlib", "MIT OR (ISC AND Zlib)"),
        ("(MIT OR ISC) AND (Zlib OR 0BSD)", "(MIT OR ISC) AND (Zlib OR 0BSD)"),
        ("Apache-2.0 WITH LLVM-exception OR MIT", "Apache-2.0 WITH LLVM-exception OR MIT"),
        ("Apache-2.0 with llvm-exception", "Apache-2.0 WITH LLVM-exception"),
        ("LicenseRef-alpha", "LicenseRef-alpha"),
        ("DocumentRef-a:LicenseRef-b OR MIT", "DocumentRef-a:LicenseRef-b OR MIT"),
        ("License :: OSI Approved :: MIT License", "MIT"),
        ("License :: OSI Approved :: ISC License (ISCL)", "ISC"),
        ("License :: OSI Approved :: The Unlicense (Unlicense)", "Unlicense"),
        ("License :: OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)", "MPL-2.0"),
        (
            "License :: OSI Approved :: GNU General Public License v2 or later (GPLv2+)",
            "GPL-2.0-or-later",
        ),
        (
            "License :: OSI Approved :: GNU Lesser General Public License v3 (LGPLv3)",
            "LGPL-3.0-only",
        ),
        ("License :: OSI Approved :: Python Software Foundation License", "PSF-2.0"),
        ("Apache License, Version 2.0", "Apache-2.0"),
        ("The Apache Software License, Version 2.0", "Apache-2.0"),
        ("Apache 2.0", "Apache-2.0"),
        ("The MIT License", "MIT"),
        ("The MIT License (MIT)", "MIT"),
        ("New BSD License", "BSD-3-Clause"),
        ("BSD (3-clause)", "BSD-3-Clause"),
        ("GPLv3+ and MIT", "GPL-3.0-or-later AND MIT"),
        ("Eclipse Public License - v 2.0", None),
        ("Eclipse Public License v2.0", "EPL-2.0"),
        ("https://www.apache.org/licenses/LICENSE-2.0.txt", "Apache-2.0"),
        ("http://opensource.org/licenses/MIT", "MIT"),
        ("https://spdx.org/licenses/BSD-3-Clause.html", "BSD-3-Clause"),
        ("MIT License\n\nCopyright (c) the authors of alpha\n", "MIT"),
    ],
)
def test_what_a_claim_means(text: str, expression: str | None) -> None:
    found = judged(text)
    assert found.expression == (expression or "")
    assert bool(found.reason) is (expression is None)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is empty"),
        ("SEE LICENSE IN LICENSE.md", "refers to a file"),
        ("UNLICENSED", "no right to use"),
        ("NONE", "there is no licence"),
        ("NOASSERTION", "does not say which"),
        ("Public Domain", "is no licence"),
        ("BSD License", "which licence of BSD-…"),
        ("License :: OSI Approved :: BSD License", "which licence of BSD-…"),
        ("License :: OSI Approved :: Apache Software License", "which licence of Apache-…"),
        ("License :: OSI Approved", "does not say which"),
        ("License :: Other/Proprietary License", "not the name of a public licence"),
        ("Programming Language :: Python", "not a licence classifier"),
        ("GPL", "which licence of GPL-…"),
        ("https://www.gnu.org/licenses/gpl-3.0.html", "which licence of GPL-3.0…"),
        ("https://alpha.test/license", "address whose licence is not known"),
        ("The Alpha Licence", "no licence is known by that name"),
        ("MIT AND The Alpha Licence", "'The Alpha Licence' is not a known licence"),
        ("MIT, Apache-2.0", "no licence is known by that name"),
        ("MIT OR", "not understood"),
        ("MIT AND (ISC OR Zlib", "operators and parentheses do not fit"),
        ("MIT WITH nothing", "'nothing' is not a known exception"),
        ("MIT WITH", "not understood"),
        ("MIT+X" * 300, "is a text of 1500 characters"),
        ("All the words\nof a licence", "is a text of 2 lines"),
    ],
)
def test_why_a_licence_is_unknown(text: str, reason: str) -> None:
    found = judged(text)
    assert found.expression == ""
    assert reason in found.reason
    assert "\n" not in found.reason
    assert len(found.reason) < 400


def test_unknown_is_said_with_text_and_origin() -> None:
    assert judged("The Alpha Licence").reason.startswith("'The Alpha Licence' (lockfile) is not")
    assert judge([]).reason == "no document states a licence"


@pytest.mark.parametrize(
    ("texts", "expression"),
    [
        (("MIT", "MIT"), "MIT"),
        (("MIT", "License :: OSI Approved :: MIT License"), "MIT"),
        (("BSD-3-Clause", "License :: OSI Approved :: BSD License"), "BSD-3-Clause"),
        (("BSD", "BSD-2-Clause"), "BSD-2-Clause"),
        (("see LICENSE", "MIT"), "MIT"),
        (("NOASSERTION", "MIT"), "MIT"),
        (("MIT OR Apache-2.0", "MIT", "Apache-2.0"), "MIT OR Apache-2.0"),
        (
            ("MIT OR Apache-2.0", "License :: OSI Approved :: Apache Software License"),
            "MIT OR Apache-2.0",
        ),
        (("MIT", "Apache-2.0"), ""),
        (("MIT OR Apache-2.0", "MIT AND Apache-2.0"), ""),
        (("MIT", "BSD License"), ""),
        (("MIT", "The Alpha Licence"), ""),
        (("MIT", "UNLICENSED"), ""),
        (("BSD", "see LICENSE"), ""),
    ],
)
def test_claims_that_agree_and_differ(texts: tuple[str, ...], expression: str) -> None:
    for order in (texts, texts[::-1]):
        found = judged(*order)
        assert found.expression == expression
        assert bool(found.reason) is not bool(expression)


def test_claims_that_differ_are_named_with_their_origin() -> None:
    found = judge([LicenseClaim("MIT", "lockfile"), LicenseClaim("ISC", "sbom")])
    assert found.reason == "claims differ: MIT (lockfile); ISC (sbom)"


def test_notes_say_what_was_read_into_a_claim() -> None:
    assert judged("MIT").notes == ()
    assert judged("GPL-2.0+").notes == ("'GPL-2.0+' was read as GPL-2.0-or-later",)
    assert "LicenseRef-a is known only to the document" in judged("LicenseRef-a").notes[0]
    assert judged("see LICENSE", "MIT").notes[0].startswith("left aside: 'see LICENSE' (lockfile)")


def test_too_many_claims_are_unknown() -> None:
    found = judged(*(f"LicenseRef-{number}" for number in range(MAX_CLAIMS + 1)))
    assert found.expression == ""
    assert "more than" in found.reason


@given(st.lists(st.text(max_size=40), max_size=4))
def test_any_text_is_judged(texts: list[str]) -> None:
    found = judged(*texts)
    assert bool(found.expression) is not bool(found.reason)


pieces = st.sampled_from(
    [
        "MIT",
        "mit",
        "GPL-2.0+",
        "Apache-2.0",
        "AND",
        "OR",
        "or",
        "WITH",
        "(",
        ")",
        "/",
        "LLVM-exception",
    ]
)


@given(st.lists(pieces, min_size=1, max_size=12))
def test_every_expression_is_valid_to_the_library(words: list[str]) -> None:
    found = judged(" ".join(words))
    if found.expression:
        assert get_spdx_licensing().validate(found.expression).errors == []
        assert judged(found.expression).expression == found.expression


@pytest.mark.parametrize("opening", ["(", "MIT AND (", "((MIT OR "])
def test_nesting_up_to_the_limit_is_survived(opening: str) -> None:
    found = judged((opening * MAX_CLAIM)[:MAX_CLAIM])
    assert found.reason
    depth = (MAX_CLAIM - 3) // (len(opening) + 1)
    balanced = opening * depth + "MIT" + ")" * opening.count("(") * depth
    assert judged(balanced[:MAX_CLAIM]) is not None


def test_table_is_the_librarys_list() -> None:
    """Every id of the table is one to license-expression, and is its own current form."""
    licensing = get_spdx_licensing()
    known = licensing.known_symbols
    assert {id for id in LICENSES | EXCEPTIONS if id not in known} == set()
    assert all(not known[id].is_exception for id in LICENSES)
    assert all(known[id].is_exception for id in EXCEPTIONS)
    for expression in DEPRECATED.values():
        assert licensing.validate(expression).errors == []


def test_names_mean_expressions_of_the_list() -> None:
    for key, expression in {**names.NAMES, **names.ADDRESSES}.items():
        assert identifier(expression.partition(" WITH ")[0]) == expression.partition(" WITH ")[0], (
            key
        )
    for key in names.NAMES:
        assert names.key_of(key) == key
    for beginnings in {**names.FAMILIES, **names.ADDRESS_FAMILIES}.values():
        for beginning in beginnings:
            assert any(id.startswith(beginning) for id in LICENSES)


def test_common_licences_do_not_load_the_library() -> None:
    code = (
        "import sys\n"
        "from pratique.licenses.service import judge\n"
        "from pratique.model.inventory import LicenseClaim\n"
        "for text in ('MIT', 'mit', 'GPL-2.0+', '(MIT OR Apache-2.0)', 'MIT/Apache-2.0', 'BSD'):\n"
        "    judge([LicenseClaim(text, 'lockfile')])\n"
        "assert 'license_expression' not in sys.modules\n"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
