"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const later = (work) => { let timer; return () => { clearTimeout(timer); timer = setTimeout(work, 120); }; };
  const compare = new Intl.Collator("en", { numeric: true }).compare;
  const number = (value) => value.toLocaleString("en");

  const tools = $("tools");
  if (tools) {
    const box = $("groups");
    const groups = [...box.children].map((node) => ({
      node,
      words: node.textContent.toLowerCase() + " " + node.dataset.words,
      advisories: [...node.querySelectorAll(".adv")],
    }));
    const total = groups.reduce((sum, group) => sum + group.advisories.length, 0);
    const filter = () => {
      const words = $("q").value.toLowerCase().split(/\s+/).filter(Boolean);
      const relation = $("rel").value;
      const fixed = $("fix").checked;
      const wanted = new Set([...tools.querySelectorAll("[name=sev]:checked")].map((one) => one.value));
      let shown = 0;
      let packages = 0;
      for (const group of groups) {
        const fits = (!relation || group.node.dataset.rel === relation) && words.every((word) => group.words.includes(word));
        let some = false;
        for (const advisory of group.advisories) {
          const visible = fits && wanted.has(advisory.dataset.sev) && (!fixed || advisory.dataset.fix === "1");
          advisory.hidden = !visible;
          if (visible) { some = true; shown += 1; }
        }
        group.node.hidden = !some;
        if (some) packages += 1;
      }
      $("result").textContent = `${number(shown)} of ${number(total)} findings, in ${number(packages)} of ${number(groups.length)} packages`;
    };
    const sort = () => {
      const key = $("sort").value;
      const by = key === "rank" ? (a, b) => a.dataset.rank - b.dataset.rank : (a, b) => compare(a.dataset[key], b.dataset[key]) || a.dataset.rank - b.dataset.rank;
      box.append(...groups.map((group) => group.node).sort(by));
    };
    $("q").addEventListener("input", later(filter));
    tools.addEventListener("change", (event) => (event.target.id === "sort" ? sort() : filter()));
    tools.addEventListener("submit", (event) => event.preventDefault());
    tools.hidden = false;
    filter();
  }

  const table = $("ctable");
  if (table) {
    const body = table.tBodies[0];
    const heads = [...table.tHead.rows[0].cells];
    const select = $("csort");
    const rows = [...body.rows].map((node) => ({ node, words: node.textContent.toLowerCase() }));
    const order = new Map(rows.map((row, index) => [row.node, index]));
    let column = -1;
    let down = false;
    const filter = () => {
      const words = $("cq").value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const row of rows) {
        const visible = words.every((word) => row.words.includes(word));
        row.node.hidden = !visible;
        if (visible) shown += 1;
      }
      $("cresult").textContent = `${number(shown)} of ${number(rows.length)} components`;
    };
    const sort = () => {
      const key = (cell) => (column === 2 ? cell.dataset.k || "9" : cell.textContent.trim());
      const keyed = rows.map(({ node }) => [column < 0 ? "" : key(node.cells[column]), node]);
      keyed.sort((a, b) => (down ? -1 : 1) * compare(a[0], b[0]) || order.get(a[1]) - order.get(b[1]));
      body.append(...keyed.map((one) => one[1]));
      heads.forEach((head, index) => {
        if (index === column) head.setAttribute("aria-sort", down ? "descending" : "ascending");
        else head.removeAttribute("aria-sort");
        head.querySelector("span").textContent = index === column ? (down ? " ↓" : " ↑") : "";
      });
      select.value = String(column);
    };
    heads.forEach((head, index) => {
      const button = document.createElement("button");
      const arrow = document.createElement("span");
      arrow.setAttribute("aria-hidden", "true");
      button.type = "button";
      button.append(head.textContent, arrow);
      head.replaceChildren(button);
      button.addEventListener("click", () => { down = column === index && !down; column = index; sort(); });
    });
    select.addEventListener("change", () => { column = Number(select.value); down = false; sort(); });
    $("cq").addEventListener("input", later(filter));
    $("ctools").addEventListener("submit", (event) => event.preventDefault());
    $("ctools").hidden = false;
    filter();
  }

  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((one) => { one.open = true; }));
})();
