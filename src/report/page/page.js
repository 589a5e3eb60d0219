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
// A link opens what it leads into. Newer browsers do that by themselves, but not when it was folded again.
const reveal = (hash) => {
  let part = document.getElementById(hash.slice(1));
  for (; part !== null; part = part.parentElement) {
    if (part.localName === "details") part.open = true;
  }
};
addEventListener("click", (event) => {
  const link = event.target.closest("a[href^='#']");
  if (link !== null) reveal(link.hash);
});
addEventListener("hashchange", () => reveal(location.hash));
reveal(location.hash);
// What is open is printed, so that everything can be opened at once.
const button = document.getElementById("unfold");
if (button !== null) {
  const parts = document.querySelectorAll(".reports > details");
  button.hidden = false;
  button.addEventListener("click", () => {
    const open = Array.from(parts).some((part) => !part.open);
    parts.forEach((part) => { part.open = open; });
    button.textContent = open ? "Close all" : "Open all";
  });
}
