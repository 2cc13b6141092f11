// Ids of pairs to take along: those that were picked, else all that the filter leaves.

import { counted, el } from "../../../pages/templates/dom.js";
import { sentences } from "./data.js";

const picked = new Set(); // numbers of rows, kept from filter to filter
const listeners = new Set();
const FORMS = {
  lines: ["one a line, for review", (ids) => ids.join("\n")],
  exclude: ["for parse.exclude in params.yaml", (ids) => `exclude: [${ids.map((id) => JSON.stringify(id)).join(", ")}]`],
};

// A box to pick a pair by, with its id.
export function picker(row) {
  const box = el("input", { type: "checkbox", checked: picked.has(row) });
  box.addEventListener("change", () => {
    if (box.checked) picked.add(row);
    else picked.delete(row);
    listeners.forEach((tell) => tell());
  });
  return el("label", { class: "id" }, box, ` ${sentences.id[row]}`);
}

// The ids of rows to copy, or of those picked.
export function idsPanel(rows) {
  const form = el(
    "select",
    {},
    Object.entries(FORMS).map(([value, [title]]) => el("option", { value }, title)),
  );
  const text = el("textarea", { rows: 5, readonly: true, "aria-label": "Ids" });
  const said = el("span", { role: "status" });
  const summary = el("summary");
  const panel = el(
    "details",
    { class: "ids" },
    summary,
    el(
      "p",
      { class: "controls" },
      el("label", {}, "Form ", form),
      el("button", { type: "button", onclick: () => copy(text, said) }, "Copy"),
      el("button", { type: "button", onclick: unpickAll }, "Unpick all"),
      said,
    ),
    text,
  );
  const fill = () => {
    const chosen = picked.size ? [...picked].sort((a, b) => a - b) : rows;
    summary.textContent = `Ids of ${picked.size ? "the picked" : "all found"}: ${counted(chosen.length, "pair")}`;
    if (panel.open) text.value = FORMS[form.value][1](chosen.map((row) => sentences.id[row]));
  };
  listeners.clear();
  listeners.add(fill);
  form.addEventListener("change", fill);
  panel.addEventListener("toggle", fill);
  fill();
  return panel;
}

function unpickAll() {
  picked.clear();
  document.querySelectorAll(".card .id input").forEach((box) => (box.checked = false));
  listeners.forEach((tell) => tell());
}

// Through the clipboard where the browser lets a file do so, else the text is selected for the person to copy.
async function copy(text, said) {
  text.select();
  try {
    await navigator.clipboard.writeText(text.value);
    said.textContent = "copied";
  } catch {
    said.textContent = "selected: copy it by the keyboard";
  }
}
