// The test pairs: searched, filtered, sorted, a page at a time, each drawn in its sentence with its gold and predicted label.

import { count, counted, el } from "../../../pages/templates/dom.js";
import { data, sentences, test } from "./data.js";
import { described, matching, OUTCOME_TITLES } from "./filters.js";
import { drawCard } from "./card.js";
import { idsPanel } from "./ids.js";
import { address, go, read } from "./state.js";

const PAGE = 20;
const confidence = (row) => sentences.permille[row][0];
const ORDERS = {
  file: ["as in the files", () => 0],
  surest: ["surest first", (a, b) => confidence(b) - confidence(a)],
  unsurest: ["least sure first", (a, b) => confidence(a) - confidence(b)],
  gold: ["by gold label", (a, b) => sentences.gold[a] - sentences.gold[b]],
  predicted: ["by predicted label", (a, b) => sentences.predicted[a] - sentences.predicted[b]],
  longest: ["longest first", (a, b) => sentences.text[b].length - sentences.text[a].length],
};

export function drawSentences(values) {
  const order = Object.hasOwn(ORDERS, values.sort) ? values.sort : "file";
  const rows = matching(values).sort(ORDERS[order][1]);
  const pages = Math.max(1, Math.ceil(rows.length / PAGE));
  const page = Math.min(pages, Math.max(1, Number.parseInt(values.page, 10) || 1));
  const onPage = rows.slice((page - 1) * PAGE, page * PAGE);
  return [
    sampleNote(),
    controls(values, order),
    chips(values),
    el("p", { role: "status", class: "found", tabindex: "-1", "data-kept": "found" }, `${counted(rows.length, "pair")}${of(rows)}`),
    idsPanel(rows),
    el(
      "ol",
      { class: "cards", start: (page - 1) * PAGE + 1, tabindex: "-1", "aria-label": `Page ${count(page)} of ${count(pages)}` },
      onPage.map((row) => el("li", {}, drawCard(row))),
    ),
    paging(values, page, pages),
  ].filter(Boolean);
}

// What the page says where it has not all pairs.
function sampleNote() {
  const shown = sentences.id.length;
  if (shown === test.rows) return null;
  const wrong = sentences.gold.filter((gold, row) => gold >= 0 && gold !== sentences.predicted[row]).length;
  const all = data.confusion.n.reduce(
    (sum, n, pair) => sum + (data.confusion.gold[pair] === data.confusion.predicted[pair] ? 0 : n),
    0,
  );
  const mistakes = wrong === all ? `all ${counted(all, "mistake")}` : `${count(wrong)} of the ${counted(all, "mistake")}`;
  return el(
    "p",
    { class: "note" },
    `This page holds ${count(shown)} of the ${counted(test.rows, "test pair")}: ${mistakes}, of every
    confusion at least one where room was, and a sample of the others. All are in predictions.jsonl beside it; counts elsewhere on
    this page are of all.`,
  );
}

function of(rows) {
  return rows.length === sentences.id.length ? "" : ` of ${count(sentences.id.length)}`;
}

// The form stays from address to address, so it asks for the values when it is used.
function controls(values, order) {
  const changed = (more) => go("sentences", { ...read(["sentences"])?.values, page: null, ...more });
  const search = el("input", { type: "search", name: "q", value: values.q ?? "", autocomplete: "off" });
  const orders = Object.fromEntries(Object.entries(ORDERS).map(([key, [title]]) => [key, title]));
  const form = el(
    "form",
    { class: "controls", role: "search", "data-kept": "controls" },
    el("label", {}, "Search ", search),
    select("outcome", "Outcome", { "": "all", ...OUTCOME_TITLES }, values.outcome ?? "", (outcome) => changed({ outcome })),
    select("sort", "Order", orders, order, (sort) => changed({ sort })),
    el("button", { type: "submit" }, "Search"),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    changed({ q: search.value.trim() });
  });
  return form;
}

function select(name, title, options, chosen, changed) {
  const items = Object.entries(options).map(([value, words]) => el("option", { value, selected: value === chosen }, words));
  return el("label", {}, `${title} `, el("select", { name, onchange: (event) => changed(event.target.value) }, items));
}

// What filters, each with a link that takes it out.
function chips(values) {
  const told = described(values);
  if (!told.length) return null;
  const without = (keys) => ({ ...values, page: null, ...Object.fromEntries(keys.map((key) => [key, null])) });
  const items = told.map(([keys, words]) =>
    el("li", {}, words, " ", el("a", { href: address("sentences", without(keys)), "aria-label": `without ${words}` }, "×")),
  );
  return el(
    "ul",
    { class: "chips", "aria-label": "Filters" },
    items,
    el("li", {}, el("a", { href: address("sentences") }, "all pairs")),
  );
}

function paging(values, page, pages) {
  if (pages === 1) return null;
  const link = (to, words) =>
    to < 1 || to > pages || to === page
      ? el("span", { class: "off" }, words)
      : el("a", { href: address("sentences", { ...values, page: to }) }, words);
  return el(
    "nav",
    { class: "paging", "aria-label": "Pages" },
    link(1, "first"),
    link(page - 1, "previous"),
    el("span", {}, `page ${count(page)} of ${count(pages)}`),
    link(page + 1, "next"),
    link(pages, "last"),
  );
}
