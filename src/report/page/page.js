
"use strict";
// Tables are sorted by their headings; numbers by their value, not by how they are shown.
for (const table of document.querySelectorAll("table.sortable")) {
  const headings = Array.from(table.tHead.rows[0].cells);
  headings.forEach((heading, place) => {
    heading.querySelector("button").addEventListener("click", () => {
      const ascending = heading.getAttribute("aria-sort") !== "ascending";
      headings.forEach((other) => other.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", ascending ? "ascending" : "descending");
      const key = (row) => {
        const cell = row.cells[place];
        if (cell.classList.contains("null")) return null;
        if (cell.dataset.value !== undefined) return BigInt(cell.dataset.value);
        const text = cell.textContent;
        return heading.classList.contains("number") ? Number(text) : text;
      };
      const compare = (a, b) => {
        if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
        const order = typeof a === "string" ? a.localeCompare(b, "en", { numeric: true }) : a < b ? -1 : a > b ? 1 : 0;
        return ascending ? order : -order;
      };
      const body = table.tBodies[0];
      const rows = Array.from(body.rows, (row) => [key(row), row]);
      rows.sort((one, other) => compare(one[0], other[0]));
      body.append(...rows.map((pair) => pair[1]));
    });
  });
}
// Printing shows everything.
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((part) => { part.open = true; }));
