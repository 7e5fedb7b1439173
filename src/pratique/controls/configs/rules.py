"""The rules of this check, as ``pratique explain`` and SARIF present them."""

from __future__ import annotations

from pratique.model.finding import Reference, Rule
from pratique.model.severity import Severity

CONTROL = "S2C2F ENF-1"
"""The control that every rule serves: consume from a securely configured source."""

_S2C2F = Reference(
    "https://github.com/ossf/s2c2f/blob/main/specification/framework.md",
    "S2C2F 1.1, ENF-1: securely configured package sources (threat T7, dependency confusion)",
)


def _rule(id: str, title: str, motivation: str, remedy: str, severity: Severity) -> Rule:
    return Rule(
        id=id,
        title=title,
        motivation=motivation,
        remedy=remedy,
        severity=severity,
        references=(_S2C2F,),
    )


_ALL = (
    _rule(
        "merged-sources",
        "Internal and public sources are searched together",
        "The tool asks every source that is configured and takes the best version wherever it "
        "lies. Whoever publishes an internal name with a higher version on the public registry "
        "has their code installed.",
        "Name one source, the internal one, and let it proxy public packages; or bind internal "
        "names to it with the tool's own mapping.",
        Severity.HIGH,
    ),
    _rule(
        "default-public-remains",
        "The built-in public source is still in use",
        "The configuration adds an internal source and leaves the one that is built in: names "
        "are asked of both, or of the public one alone.",
        "Replace or clear the built-in source, so that the internal one alone is asked.",
        Severity.HIGH,
    ),
    _rule(
        "public-first",
        "A public source is asked before the internal one",
        "Sources are asked in order and the first that has the name answers. An internal name "
        "that somebody registers in public comes from there.",
        "Put the internal source first and let it end the search.",
        Severity.HIGH,
    ),
    _rule(
        "fallback-to-public",
        "A public source is asked when the internal one has no answer",
        "The internal source is asked first, but a version that it does not have, or an error "
        "of it, sends the question on to a public one.",
        "End the search at the internal source for internal names.",
        Severity.HIGH,
    ),
    _rule(
        "mapping-misses-name",
        "An internal name is outside the mapping",
        "Names are routed to sources by patterns, scopes or entries, and this name is in none: "
        "the public default answers for it.",
        "Extend the mapping to the name, or rename it into the pattern or scope.",
        Severity.HIGH,
    ),
    _rule(
        "mapping-not-exclusive",
        "The public source is not kept from internal names",
        "A pattern lets the internal source answer for the names, but nothing keeps the public "
        "one from answering too.",
        "Make the mapping exclusive, or exclude the names at the public source.",
        Severity.HIGH,
    ),
    _rule(
        "mapping-ineffective",
        "A setting that should route has no effect",
        "The setting is misspelt, in the wrong place, or never in force. The file looks safe "
        "and the tool asks the public source.",
        "Write the setting as the tool reads it; ask the tool for its effective configuration.",
        Severity.HIGH,
    ),
    _rule(
        "mapping-points-to-public",
        "Internal names are sent to a public source",
        "The routing itself names a public host for internal names, or gives their pattern to a "
        "public source as well.",
        "Point the entry at the internal source.",
        Severity.HIGH,
    ),
    _rule(
        "plugin-path-unmapped",
        "Build plugins are resolved elsewhere than dependencies",
        "Dependencies come from the internal source, but build plugins have repositories of "
        "their own, and those are public. A plugin runs in every build.",
        "Configure the repositories of plugins as those of dependencies.",
        Severity.HIGH,
    ),
    _rule(
        "strategy-overridden",
        "A setting turns the safe search order off",
        "The tool would stop at the first source that has a name; a setting has it go on, or "
        "compare the versions of all.",
        "Remove the setting.",
        Severity.HIGH,
    ),
    _rule(
        "insecure-transport",
        "Packages are fetched without verified encryption",
        "The address has no encryption, or the verification of certificates is off: whoever is "
        "on the way can answer in place of the source.",
        "Use https and trust the organisation's own authority by its certificate.",
        Severity.MEDIUM,
    ),
    _rule(
        "verification-off",
        "The tool's check of what it fetched is off",
        "Checksums or the checksum database are turned off, so that changed content goes "
        "unnoticed.",
        "Turn the check on again.",
        Severity.MEDIUM,
    ),
    _rule(
        "piped-installer",
        "A download is run without any check",
        "A script is fetched and run in one step. It passes every source that is configured, "
        "and nothing says afterwards what was run.",
        "Take the tool from the configured source, or fetch it, verify its digest, then run it.",
        Severity.MEDIUM,
    ),
)

RULES = {rule.id: rule for rule in _ALL}
"""Every rule of this check by its id."""
