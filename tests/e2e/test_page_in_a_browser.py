"""The HTML bill in a real browser: axe-core finds nothing, and a phone needs no sideways scroll.

Needs Chromium, and axe-core from ``node_modules`` or at ``PRATIQUE_AXE``.
"""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pratique.model.bill import AdvisoryStatus, BillOfHealth, ComponentHealth, Counts, Health
from pratique.model.finding import Finding, Reference
from pratique.model.inventory import (
    Component,
    Document,
    Inventory,
    Location,
    Problem,
    Relation,
    Trouble,
)
from pratique.model.purl import Package
from pratique.model.severity import Severity
from pratique.report import render

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

LONG = "a-name-without-any-place-to-break-it-" * 5

PROBE = """
<script>%(axe)s</script>
<script>
addEventListener("load", async () => {
  document.querySelectorAll("details").forEach((one) => { one.open = true; });
  const rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
  const ran = await axe.run({ runOnly: { type: "tag", values: rules }, iframes: false });
  const phone = document.createElement("iframe");
  phone.width = 360;
  phone.height = 800;
  phone.srcdoc = %(page)s;
  phone.addEventListener("load", () => {
    const root = phone.contentDocument.documentElement;
    const found = {
      violations: ran.violations.map((one) => one.id),
      passes: ran.passes.length,
      scrolled: root.scrollWidth,
      shown: phone.contentDocument.getElementById("result").textContent,
    };
    phone.contentDocument.getElementById("fix").click();
    found.filtered = phone.contentDocument.getElementById("result").textContent;
    const table = phone.contentDocument.getElementById("ctable");
    table.querySelector("thead button").click();
    found.sorted = table.querySelector("thead th").getAttribute("aria-sort");
    document.documentElement.innerHTML = "<pre id=answer></pre>";
    document.getElementById("answer").textContent = JSON.stringify(found);
  });
  document.body.append(phone);
});
</script>
"""


@pytest.fixture(scope="module")
def browser():
    found = next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    if found is None:
        pytest.skip("there is no Chromium")
    return found


@pytest.fixture(scope="module")
def axe(repository):
    named = os.environ.get("PRATIQUE_AXE")
    path = Path(named) if named else repository / "tests/tools/node_modules/axe-core/axe.min.js"
    if not path.is_file():
        pytest.skip("axe-core is absent (make test installs it where npm is; or set PRATIQUE_AXE)")
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page():
    components = tuple(
        Component(
            ref=f"go.mod#{name}",
            package=Package("golang", name, "1.0.0"),
            relation=Relation.DIRECT,
            locations=(Location("go.mod", 3),),
        )
        for name in ("alpha", LONG)
    )
    findings = tuple(
        Finding(
            rule="vulnerable-package",
            id=f"GHSA-{number}",
            aliases=("CVE-2024-0001", LONG),
            fingerprint=f"{number:032x}",
            subject=str(components[number % 2].package),
            severity=severity,
            score=5.0,
            title=f"{LONG} {severity.value}",
            reasons=(LONG,),
            remedy="Upgrade it.",
            fixed=("1.4.0",) if number % 2 else (),
            paths=(("shop", "alpha"), (LONG, LONG)),
            locations=(Location(f"{LONG}/go.mod", 3),),
            references=(Reference("https://example.test/1", "Advisory"),),
        )
        for number, severity in enumerate(Severity)
    )
    bill = BillOfHealth(
        tool="pratique 0.1.0",
        created=datetime(2026, 3, 4, tzinfo=UTC),
        subject=LONG,
        health=Health.ATTENTION,
        headline="Findings.",
        counts=Counts(documents=1, components=2, direct=2, findings=7, affected=2),
        findings=findings,
        inventory=Inventory(
            subject="shop",
            documents=(Document(path=f"{LONG}/go.mod", format="go.mod", sha256="ab" * 32),),
            components=components,
        ),
        components=(ComponentHealth(ref=components[0].ref, license="MIT", advisories="checked"),),
        licenses={"MIT": 1, "": 1, LONG: 3},
        unknowns=tuple(Problem(Location(LONG, line), Trouble.UNKNOWN, LONG) for line in range(9)),
        advisories=AdvisoryStatus(
            generation="starter",
            records=1,
            ecosystems=("Go",),
            as_of=datetime(2026, 1, 1, tzinfo=UTC),
            age_days=62.0,
            stale=True,
        ),
        complete=False,
    )
    return render(bill, "html")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_violation_and_no_sideways_scroll(browser, axe, page, scheme, tmp_path):
    """Under another policy: the page's own would, rightly, not let the probe run."""
    open_page = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page)
    if scheme == "dark":
        open_page = open_page.replace("(prefers-color-scheme:dark)", "all")
    framed = json.dumps(open_page).replace("</", "<\\/")
    probed = open_page.replace("</body>", PROBE % {"axe": axe, "page": framed} + "</body>")
    file = tmp_path / "page.html"
    file.write_text(probed, encoding="utf-8")
    done = subprocess.run(
        [
            browser,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            f"--user-data-dir={tmp_path / 'profile'}",
            "--window-size=1280,1000",
            "--virtual-time-budget=60000",
            "--dump-dom",
            file.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=280,
    )
    answer = re.search(r'<pre id="answer">(.*?)</pre>', done.stdout, re.DOTALL)
    assert answer, done.stderr[-2000:]
    found = json.loads(html.unescape(answer.group(1)))
    assert found["violations"] == []
    assert found["passes"] > 30
    assert found["scrolled"] <= 360
    assert found["shown"] == "7 of 7 findings, in 2 of 2 packages"
    assert found["filtered"] == "3 of 7 findings, in 1 of 2 packages"
    assert found["sorted"] == "ascending"
