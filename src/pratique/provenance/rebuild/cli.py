"""``pratique rebuild``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pratique.model.command import Command
from pratique.model.errors import ExitCode, UsageError
from pratique.model.options import add_format
from pratique.provenance.attest_options import add_signer, signs

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from pratique.provenance.attest_options import Signer
    from pratique.provenance.rebuild.models import Rebuilt

MAX_SHOWN = 12
"""Most differences of one file that are shown; JSON has all."""

POLICY = "urn:pratique:rebuild:1"
"""How a rebuild is made, in summaries; an organisation gives its own with ``--policy-uri``."""


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument(
        "package", nargs="+", metavar="PURL", help="pkg:pypi/name@version or pkg:npm/name@version"
    )
    parser.add_argument(
        "--source",
        type=Path,
        metavar="FOLDER",
        help="build this checkout, instead of the source distribution or commit that the version "
        "names",
    )
    parser.add_argument(
        "--keep", type=Path, metavar="FOLDER", help="put the rebuilt files into this folder"
    )
    parser.add_argument(
        "--attest",
        metavar="FILE",
        help="write a signed verification summary (SLSA_BUILD_REPRODUCED) of a bit-identical one",
    )
    add_signer(parser, required=False)
    parser.add_argument("--verifier", default="", metavar="URI", help="who rebuilt, in the summary")
    parser.add_argument(
        "--policy-uri", default="", metavar="URI", help="how it was done, in the summary"
    )
    add_format(parser)


def _run(options: Namespace) -> int:
    from pratique.model.purl import Package
    from pratique.provenance.attest_options import signing_key
    from pratique.provenance.rebuild.service import rebuild
    from pratique.report.progress import waiting
    from pratique.sources.packages.client import RegistryClient
    from pratique.sources.registries import configured

    _check(options)
    key = signing_key(options) if options.attest else None  # before anything is built
    packages = [Package.parse(text) for text in options.package]
    words = {"pypi": "pypi", "npm": "npm"}
    registries = {
        word: found
        for word in {words[one.type] for one in packages if one.type in words}
        if (found := configured(word)) is not None
    }
    done: list[Rebuilt] = []
    with RegistryClient(None) as client:
        for package in packages:
            with waiting(f"Rebuilding {package}"):
                one = rebuild(
                    package, client, registries, checkout=options.source, keep=options.keep
                )
            done.append(one)
            if options.format == "table":
                sys.stdout.write(_drawn(one))
                sys.stdout.flush()
    if options.format == "json":
        import msgspec

        value = {"schema": "pratique/rebuilt/1", "packages": done}
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")
    if key is not None:
        _attest(options, key, done[0])
    return _code(done)


def _check(options: Namespace) -> None:
    if (options.source or options.attest) and len(options.package) > 1:
        raise UsageError("--source and --attest are about one package.", remedy="Give one.")
    if options.attest and not (signs(options) and options.verifier):
        raise UsageError(
            "--attest needs --verifier, and --signing-key or --sigstore.",
            remedy="Say who rebuilt, and who signs that.",
        )
    if signs(options) and not options.attest:
        raise UsageError(
            "nothing is signed without --attest.", remedy="Name the file of the summary."
        )
    if options.source and not options.source.is_dir():
        raise UsageError(f"{options.source} is no folder.")


def _attest(options: Namespace, key: Signer, one: Rebuilt) -> None:
    from pratique.formats.intoto import ResourceDescriptor
    from pratique.provenance.attest_options import signed, write_output
    from pratique.provenance.rebuild.service import reproduced
    from pratique.sources.clock import now

    assert one.published is not None or one.grade != "bit-identical"
    predicate = reproduced(one, options.verifier, options.policy_uri or POLICY, now())
    file = one.published
    assert file is not None
    subject = (ResourceDescriptor(name=file.name, digest={"sha256": file.sha256}),)
    options.output = options.attest
    write_output(options.attest, signed(options, key, subject, predicate))


def _drawn(one: Rebuilt) -> str:
    from pratique.report.text import printable

    lines = [f"{one.package}: {one.grade}" + (f" ({one.reason})" if one.reason else "")]
    if one.published and one.rebuilt:
        lines.append(f"  published  {one.published.name}  sha256:{one.published.sha256}")
        lines.append(f"  rebuilt    {one.rebuilt.name}  sha256:{one.rebuilt.sha256}")
    if one.source:
        lines.append(f"  source     {one.source}")
    if one.tools:
        lines.append(f"  tools      {', '.join(one.tools)}")
    for each in one.differences[:MAX_SHOWN]:
        values = f": {each.published or '-'} / {each.rebuilt or '-'}" if each.published else ""
        lines.append(f"  differs    {each.aspect}  {each.path}{values}")
        lines += [f"               {row}" for row in each.lines[2:8]]
    if len(one.differences) > MAX_SHOWN:
        lines.append(f"             and {len(one.differences) - MAX_SHOWN} more; see -f json")
    lines += [f"  | {row}" for row in one.log.strip().splitlines()[-6:]]
    return "\n".join(map(printable, lines)) + "\n"


def _code(done: list[Rebuilt]) -> int:
    from pratique.provenance.rebuild.models import Grade

    grades = {one.grade for one in done}
    if Grade.DIFFERENT in grades:
        return ExitCode.FINDINGS
    return ExitCode.INCOMPLETE if Grade.NOT_REBUILT in grades else ExitCode.CLEAN


rebuild = Command(
    description="Build a published package again from its source, in a sandbox without network, "
    "and compare it with the published one, member by member. Wheels of pure Python and npm "
    "packages that need no build. Needs bubblewrap, and uv or npm.",
    configure=_configure,
    run=_run,
    epilogue="""\
examples:
  pratique rebuild pkg:pypi/idna@3.10 pkg:pypi/click@8.1.7
  pratique rebuild pkg:npm/alpha@1.0.0 --source ../alpha
  pratique rebuild pkg:pypi/idna@3.10 --attest idna.vsa.jsonl -K key.pem --verifier https://example.test/rebuilder
  pratique rebuild pkg:pypi/idna@3.10 --attest idna.sigstore.json --sigstore \\
      --verifier https://example.test/rebuilder

exit codes: 0 the same but for what is harmless, 1 different, 3 not rebuilt
""",
)
