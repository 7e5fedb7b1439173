"""``pratique verify-layout``: a supply chain against its in-toto layout."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pratique.model.command import Command
from pratique.model.errors import ExitCode, InputError, UsageError
from pratique.provenance.attest_options import read_bytes, read_json

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from pratique.provenance.functionaries import Functionary
    from pratique.provenance.supply_chain import ChainResult


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument("layout", type=Path, help="in-toto layout, or one over attestations (YAML)")
    parser.add_argument(
        "artifact",
        nargs="*",
        type=Path,
        help="file that must be a product of the last step, by its SHA-256",
    )
    parser.add_argument(
        "--links",
        type=Path,
        metavar="FOLDER",
        help="folder with the links or attestations (default: that of the layout)",
    )
    parser.add_argument(
        "--key",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="public key (PEM or securesystemslib's JSON) of an owner of the layout; repeatable: "
        "each must have signed it",
    )
    parser.add_argument(
        "--parameters", type=Path, metavar="FILE", help="JSON object of values for {NAME} in rules"
    )
    inspections = parser.add_mutually_exclusive_group()
    inspections.add_argument(
        "--run-inspections",
        type=Path,
        metavar="FOLDER",
        help="run the layout's inspections, which are commands, in a sandbox without network, "
        "over a copy of the folder with the final product",
    )
    inspections.add_argument(
        "--without-inspections",
        action="store_true",
        help="take the steps alone of a layout that has inspections",
    )
    parser.add_argument("--format", "-f", choices=("text", "json"), default="text")


def _run(options: Namespace) -> int:
    data = read_bytes(options.layout)
    folder = options.links or options.layout.parent
    for one in (folder, options.run_inspections):
        if one is not None and not one.is_dir():
            raise UsageError(f"there is no folder {one}.")
    result = _verified(options, data, folder)
    _check_artifacts(options.artifact, result)
    skipped = result.inspections and not options.without_inspections
    code = ExitCode.INCOMPLETE if skipped else ExitCode.CLEAN
    sys.stdout.write(_drawn(result, code, options.format))
    return code


def _verified(options: Namespace, data: bytes, folder: Path) -> ChainResult:
    from pratique.provenance.attested_chain import verify_attested_chain
    from pratique.provenance.supply_chain import verify_chain

    now = datetime.now(UTC)
    parameters = _parameters(options.parameters)
    if _over_attestations(data):
        if options.key:
            raise UsageError("a layout over attestations is not signed; --key says nothing.")
        return verify_attested_chain(data, folder, now, parameters)
    if not options.key:
        raise UsageError(
            "anybody can write a layout.", remedy="Name the keys of its owners with --key."
        )
    owners = [owner_of(path, now) for path in options.key]
    return verify_chain(data, owners, folder, now, parameters, options.run_inspections)


def _over_attestations(data: bytes) -> bool:
    """Whether a layout is one over attestations: YAML, or JSON with its members at the top."""
    if not data.lstrip().startswith(b"{"):
        return True
    from pratique.formats.dsse.wire import decode_json

    value = decode_json(data, Any, "layout")
    return isinstance(value, dict) and "functionaries" in value


def _parameters(path: Path | None) -> dict[str, str]:
    if path is None:
        return {}
    value = read_json(path)
    if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()):
        raise InputError(f"{path} is no JSON object of texts.")
    if bad := [name for name in value if not name.replace("-", "").replace("_", "").isalnum()]:
        raise InputError(f"{path} has a parameter of the name {bad[0][:40]!r}.")
    return value


def owner_of(path: Path, now: datetime) -> Functionary:
    """The owner of a layout that a public key file is of, in PEM or securesystemslib's JSON.

    Raises:
        InputError: It cannot be read.
    """
    from pratique.formats.dsse.wire import convert
    from pratique.formats.intoto.layout import Key
    from pratique.provenance.functionaries import Functionary, functionary_of
    from pratique.provenance.keys import load_key

    data = read_bytes(path)
    try:
        if not data.lstrip().startswith(b"{"):
            return Functionary(load_key(data))
        value = {"keyid": ""} | read_json(path)
        return functionary_of(convert(value, Key, "public key"), now)
    except InputError as error:
        raise InputError(f"{path}: {error.message}.") from None


def _check_artifacts(paths: list[Path], result: ChainResult) -> None:
    from pratique.provenance.errors import VerificationError
    from pratique.provenance.subject import subject_of

    made = {digests.get("sha256") for digests in result.products.values()}
    for path in paths:
        if subject_of(path).digests["sha256"] not in made:
            raise VerificationError(
                f"{path} is no product of the last step.",
                remedy="Do not use it; fetch it again from its origin.",
            )


def _drawn(result: ChainResult, code: ExitCode, format: str) -> str:
    import msgspec

    from pratique.report.text import printable

    if format == "json":
        data = msgspec.to_builtins(result) | {"exit_code": int(code)}
        return msgspec.json.format(msgspec.json.encode(data), indent=2).decode() + "\n"
    lines = []
    for step in result.steps:
        signers = ", ".join(one[:16] for one in step.signers)
        lines.append(f"✓ {printable(step.name)}  signed by {printable(signers)}")
    lines += [f"✓ inspection {printable(name)}" for name in result.inspected]
    lines += [f"- inspection {printable(name)} was not run" for name in result.inspections]
    lines += [f"  note: {printable(one)}" for one in result.notices]
    if code is ExitCode.CLEAN:
        lines.append("✓ verified")
    else:
        lines.append("? the steps hold; what the inspections would show is unknown")
        lines.append(
            "  next: --run-inspections runs them, --without-inspections takes the steps alone"
        )
    return "\n".join(lines) + "\n"


verify_layout = Command(
    description="Verify a supply chain: that every step of an in-toto layout was carried out by "
    "those who may, on what the step before made.",
    configure=_configure,
    run=_run,
    epilogue="""\
examples:
  pratique verify-layout root.layout --key owner.pub --links links/ dist/alpha.tar.gz
  pratique verify-layout root.layout --key owner.pub --links links/ --run-inspections dist/
  pratique verify-layout layout.yml --links attestations/ --parameters values.json

Inspections of a layout are commands for your machine: they are run where --run-inspections
says so, in a sandbox without network over a copy of the folder.

exit codes: 0 verified, 1 something does not hold, 3 something is unknown
""",
)
