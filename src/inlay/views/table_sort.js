for (const head of document.querySelectorAll("thead th")) {
  const button = document.createElement("button");
  button.append(...head.childNodes);
  head.append(button);
  button.addEventListener("click", () => {
    const up = head.getAttribute("aria-sort") !== "ascending";
    for (const other of head.parentNode.children) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    const value = (row) => row.cells[head.cellIndex].dataset.v ?? row.cells[head.cellIndex].textContent;
    for (const body of document.querySelectorAll("tbody.sorted")) {
      const rows = [...body.rows].map((row) => [value(row), row]);
      const last = (text) => text === "" || text === "NaN";
      rows.sort(([a], [b]) => last(a) - last(b) || (up ? 1 : -1) * (a - b || a.localeCompare(b)));
      body.append(...rows.map(([, row]) => row));
    }
  });
}
