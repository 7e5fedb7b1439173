"""By what a check or an audit decides: options, and what they name."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from pratique.policy.service import LoadedPolicy
    from pratique.policy.waivers import Waivers


def add_threshold(parser: ArgumentParser) -> None:
    """Add ``--fail-on``."""
    parser.add_argument(
        "--fail-on",
        default="none",
        metavar="THRESHOLD",
        help="exit with 1 only for findings at least this bad: malicious, critical, high, medium, "
        "low, none (the default: any finding); or known to be exploited: kev; or at least so "
        "likely to be: epss:0.5. One that nobody has rated counts at any severity",
    )


def add_policy(parser: ArgumentParser) -> None:
    """Add ``--policy`` and ``--waivers``."""
    parser.add_argument(
        "--policy",
        metavar="PACK-OR-FILE",
        help="decide on every component by a policy: observe, baseline, strict, s2c2f-level-1 to "
        "-4, or a file; what it does not admit is a finding that fails at any threshold",
    )
    parser.add_argument(
        "--waivers",
        action="append",
        default=[],
        metavar="FILE",
        help="waivers (YAML or pratique.toml) or an osv-scanner.toml; repeatable; "
        "an expired one is a finding",
    )


def policy_and_waivers(options: Namespace) -> tuple[LoadedPolicy | None, Waivers]:
    """What the options of :func:`add_policy` name.

    Raises:
        UsageError: There is no such pack or file.
        PolicyError: One is refused, or a test of the policy fails.
    """
    from pratique.policy.waivers import Waivers

    if not options.policy and not options.waivers:
        return None, Waivers()
    from pratique.policy import files

    policy = files.policy(options.policy) if options.policy else None
    return policy, files.waivers(options.waivers)
