"""Counters, in the text form that Prometheus reads (exposition format 0.0.4).

Labels have few values: ecosystems, verdicts, rules of the policy, classes of
status.  No package, client or team is a label.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pratique.model.decision import Decision

TYPE = "text/plain; version=0.0.4; charset=utf-8"
BOUNDS = (0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0)
"""Seconds of upstream latency: from a mirror next door to one that is about to time out."""

MAX_RULES = 600
"""Rules that are counted apart; a policy has at most 500."""

_PATHS = {"pypi": "PyPI", "npm": "npm", "crates": "crates.io", "go": "Go", "maven": "Maven"}


class Metrics:
    """Counts what the gate does."""

    def __init__(self) -> None:
        self._requests: Counter[tuple[str, ...]] = Counter()
        self._decisions: Counter[tuple[str, ...]] = Counter()
        self._rules: Counter[tuple[str, ...]] = Counter()
        self._looked: Counter[tuple[str, ...]] = Counter()
        self._access: Counter[str] = Counter()
        self._upstream: dict[str, list[int]] = {}
        self._seconds: dict[str, float] = {}
        self._errors: Counter[tuple[str, ...]] = Counter()

    def answered(self, path: str, status: int) -> None:
        """A request was answered."""
        word = path.split("/", 2)[1]
        self._requests[_PATHS.get(word, "none"), f"{status // 100}xx"] += 1

    def decided(self, ecosystem: str, decisions: Iterable[Decision]) -> None:
        """Versions were decided on."""
        for one in decisions:
            self._decisions[ecosystem, one.verdict] += 1
            for reason in one.reasons:
                key = ecosystem, reason.rule, "waived" if reason.waivers else reason.effect
                if key in self._rules or len(self._rules) < MAX_RULES:
                    self._rules[key] += 1

    def looked(self, what: str, *, hit: bool) -> None:
        """Something was looked for here; whether it was there."""
        self._looked[what, "hit" if hit else "miss"] += 1

    def refused_access(self, status: int) -> None:
        """Somebody was not let in."""
        self._access[str(status)] += 1

    def asked(self, ecosystem: str, seconds: float) -> None:
        """Upstream answered, with the head of an answer."""
        buckets = self._upstream.setdefault(ecosystem, [0] * (len(BOUNDS) + 1))
        buckets[next((i for i, bound in enumerate(BOUNDS) if seconds <= bound), -1)] += 1
        self._seconds[ecosystem] = self._seconds.get(ecosystem, 0.0) + seconds

    def failed(self, ecosystem: str, kind: str) -> None:
        """Upstream did not answer, or what it should not."""
        self._errors[ecosystem, kind] += 1

    def text(self, gauges: Mapping[str, tuple[str, Mapping[str, float]]]) -> str:
        """Everything, in the text form.

        Args:
            gauges: By name: a line of help, and values by label (``kind="…"``; empty for none).
        """
        lines = [
            *_counter(
                "requests_total",
                "Requests by ecosystem and class of status.",
                ("ecosystem", "status"),
                self._requests,
            ),
            *_counter(
                "decisions_total",
                "Versions decided on, by verdict.",
                ("ecosystem", "verdict"),
                self._decisions,
            ),
            *_counter(
                "reasons_total",
                "Reasons of decisions, by rule and what it did.",
                ("ecosystem", "rule", "effect"),
                self._rules,
            ),
            *_counter(
                "cache_total",
                "Pages and artifacts looked for here.",
                ("what", "result"),
                self._looked,
            ),
            *_counter(
                "access_refused_total",
                "Requests without a right to be answered.",
                ("status",),
                {(key,): count for key, count in self._access.items()},
            ),
            *_counter(
                "upstream_errors_total",
                "Questions that upstream did not answer as it should.",
                ("ecosystem", "kind"),
                self._errors,
            ),
            *self._latency(),
        ]
        for name, (told, values) in gauges.items():
            lines += [f"# HELP pratique_gate_{name} {told}", f"# TYPE pratique_gate_{name} gauge"]
            for label, value in values.items():
                braces = f"{{{label}}}" if label else ""
                lines.append(f"pratique_gate_{name}{braces} {value:.17g}")
        return "\n".join(lines) + "\n"

    def _latency(self) -> list[str]:
        name = "pratique_gate_upstream_seconds"
        lines = [
            f"# HELP {name} Time until upstream began to answer.",
            f"# TYPE {name} histogram",
        ]
        for ecosystem, buckets in sorted(self._upstream.items()):
            label, total = f'ecosystem="{ecosystem}"', 0
            for bound, count in zip((*map(str, BOUNDS), "+Inf"), buckets, strict=True):
                total += count
                lines.append(f'{name}_bucket{{{label},le="{bound}"}} {total}')
            lines.append(f"{name}_sum{{{label}}} {self._seconds[ecosystem]:.6f}")
            lines.append(f"{name}_count{{{label}}} {total}")
        return lines


def _counter(
    name: str, told: str, labels: tuple[str, ...], values: Mapping[tuple[str, ...], int]
) -> list[str]:
    full = f"pratique_gate_{name}"
    lines = [f"# HELP {full} {told}", f"# TYPE {full} counter"]
    for key, count in sorted(values.items()):
        named = ",".join(
            f'{label}="{_escaped(text)}"' for label, text in zip(labels, key, strict=True)
        )
        lines.append(f"{full}{{{named}}} {count}")
    return lines


def _escaped(text: str) -> str:
    return str(text).replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
