"""The policy that ``pratique policy init`` writes."""

from __future__ import annotations

from pratique.policy.library import PACKS

STARTER = """\
# A policy of your own, built on a pack. Check it with:
#   pratique policy test {file}
# What can be looked at, and with which types:
#   pratique policy explain
id: our-policy
description: What our organisation admits.
extends: {pack}

# Rules of the pack to leave out, to replace them by your own:
# without: [some-rule]

rules:
  - id: our-licenses
    # CEL; a fact that is not known makes the rule unknown, unless the answer
    # does not depend on it.
    when: "!licenses.permitted(['MIT', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC'])"
    effect: require-approval    # deny, quarantine, require-approval, warn
    on_unknown: warn            # deny, quarantine, require-approval, unknown, warn, ignore
    reason: "the licence is {{licenses}}"
    remedy: Ask the open source office.
    controls: [S2C2F:SCA-2]
    # scopes: {{environment: [production], ecosystem: [npm, PyPI], relation: [direct]}}
    tests:
      - {{facts: {{licenses: [MIT]}}, expect: no match}}
      - {{facts: {{licenses: [MIT OR GPL-3.0-only]}}, expect: no match}}
      - {{facts: {{licenses: [GPL-3.0-only]}}, expect: match}}
      - {{facts: {{}}, expect: unknown}}

tests:
  - name: what was published to do harm {harm}
    facts: {{malicious: true, licenses: [MIT]}}
    expect: {verdict}
"""


def starter(pack: str, file: str) -> str:
    """A policy document built on a pack; its tests pass.

    Args:
        pack: Name of the pack.
        file: What the document will be called.

    Raises:
        KeyError: There is no such pack.
    """
    if pack not in PACKS:
        raise KeyError(pack)
    if pack == "observe":
        harm, verdict = "is seen", "admit"
    elif pack in {"s2c2f-level-1", "s2c2f-level-2"}:
        # These do not look for malware; but nothing here was scanned either.
        harm, verdict = "and was not scanned is denied", "deny"
    else:
        harm, verdict = "is denied", "deny"
    return STARTER.format(pack=pack, file=file, harm=harm, verdict=verdict)
