from __future__ import annotations

import pytest

from pratique.model import errors
from pratique.model.errors import ExitCode, InputError, PratiqueError


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (errors.UsageError, 2),
        (errors.InputError, 3),
        (errors.LimitError, 3),
        (errors.UnsupportedError, 3),
        (errors.EvidenceError, 3),
        (errors.UpstreamError, 4),
    ],
)
def test_exit_codes_are_a_promise(kind: type[PratiqueError], code: int) -> None:
    assert kind("what happened").exit_code == code
    assert issubclass(kind, PratiqueError)


def test_clean_and_findings_are_no_errors() -> None:
    assert (ExitCode.CLEAN, ExitCode.FINDINGS) == (0, 1)


def test_limits_and_unknown_formats_are_caught_as_input_errors() -> None:
    for kind in (errors.LimitError, errors.UnsupportedError):
        with pytest.raises(InputError):
            raise kind("too deep")


def test_an_error_tells_its_remedy() -> None:
    error = InputError("a.json: not JSON.", remedy="Give a lockfile.")
    assert str(error) == "a.json: not JSON. Give a lockfile."
    assert (error.message, error.remedy) == ("a.json: not JSON.", "Give a lockfile.")
    assert str(InputError("a.json: not JSON")) == "a.json: not JSON"


def test_every_error_explains_itself() -> None:
    kinds = [k for k in vars(errors).values() if isinstance(k, type) and issubclass(k, Exception)]
    assert len(kinds) == 7
    for kind in kinds:
        assert kind.__doc__
        assert kind.__name__ in (errors.__doc__ or "")
