// Tables that are sorted by a click on a column's title, and shown a part at a time.

import { count, el } from "../../../pages/templates/dom.js";
import { percent, TOO_FEW } from "./data.js";
import { address } from "./state.js";

const ROWS = 25; // at once

// A wide thing that scrolls by itself, so that the page does not; focusable, for those who scroll by keyboard.
export function scrolling(title, ...children) {
  return el("div", { class: "scrolling", role: "region", tabindex: "0", "aria-label": title }, ...children);
}

// A table. Args: columns: [{ title, head, cell, by, text }]: head a node beside the title, cell(row) a node or text, by(row) what
// it sorts by, text whether it is text, look a class; look(row) a class.
export function table({ title, columns, rows, look = () => null }) {
  const state = { by: null, down: true, most: ROWS };
  const body = el("tbody");
  const heads = columns.map((column) =>
    headOf(column, () => {
      state.down = state.by === column ? !state.down : column.text !== true;
      state.by = column;
      fill();
    }),
  );
  const more = el("button", {
    type: "button",
    onclick: () => {
      state.most *= 4;
      fill();
      if (more.hidden) region.focus({ preventScroll: true });
    },
  });
  const fill = () => {
    const shown = sortedBy(rows, state).slice(0, state.most);
    body.replaceChildren(
      ...shown.map((row) =>
        el(
          "tr",
          { class: look(row) },
          columns.map((column) => cellOf(column, row)),
        ),
      ),
    );
    heads.forEach((head, n) => setSort(head, columns[n] === state.by ? state.down : null));
    more.textContent = `show more of ${count(rows.length)} rows`;
    more.hidden = rows.length <= state.most;
  };
  fill();
  const region = scrolling(title, el("table", {}, el("thead", {}, el("tr", {}, heads)), body));
  return el("div", {}, region, more);
}

// Rows of a title and what stands beside it. Args: rows: [[title, ...cells]]: numbers as counts, the others as they are.
export function titledRows(title, rows) {
  const cell = (value) =>
    typeof value === "number" ? el("td", {}, count(value)) : el("td", { class: "text" }, value);
  const body = rows.map(([name, ...cells]) => el("tr", {}, el("th", { scope: "row", class: "text" }, name), cells.map(cell)));
  return scrolling(title, el("table", {}, el("tbody", {}, body)));
}

function headOf(column, sort) {
  const words = column.by ? el("button", { type: "button", onclick: sort }, column.title) : column.title;
  return el("th", { scope: "col", class: column.text ? "text" : null }, words, column.head);
}

function cellOf(column, row) {
  return el("td", { class: [column.text ? "text" : "", column.look ?? ""].join(" ").trim() || null }, column.cell(row));
}

function setSort(head, down) {
  if (down === null) head.removeAttribute("aria-sort");
  else head.setAttribute("aria-sort", down ? "descending" : "ascending");
}

// The rows by a column, those without a value last.
function sortedBy(rows, { by, down }) {
  if (!by) return rows;
  const compare = (a, b) => (typeof a === "string" ? a.localeCompare(b, "en") : a - b);
  const order = (one, other) => {
    const [a, b] = [by.by(one), by.by(other)];
    if (a === null || b === null) return (a === null) - (b === null);
    return down ? compare(b, a) : compare(a, b);
  };
  return [...rows].sort(order);
}

// A score with its interval in a cell; null is what too few rows tell.
export function withInterval(value, low, high) {
  if (value === null) return el("span", { class: "range" }, TOO_FEW);
  return [percent(value), el("span", { class: "range" }, ` (${intervalOf(low, high)})`)];
}

// An interval in words.
export function intervalOf(low, high) {
  return (low ?? null) === null ? TOO_FEW : `${percent(low)} to ${percent(high)}`;
}

// A number that leads to its pairs in their sentences.
export function toSentences(n, values, title = null) {
  return n ? el("a", { href: address("sentences", values), "aria-label": title }, count(n)) : "0";
}
