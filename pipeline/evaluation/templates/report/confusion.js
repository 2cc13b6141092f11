// Which labels are taken for which: a heat map up to a hundred classes, and the list of labels that are confused always.

import { count, counted, el } from "../../../pages/templates/dom.js";
import { unscored } from "./classes.js";
import { confusions, data, isDirected, isFlip, isScored, labels } from "./data.js";
import { address, go } from "./state.js";
import { scrolling, table, toSentences } from "./tables.js";

const MOST_CLASSES = 100; // of a heat map

export function drawConfusion(values) {
  if (!isScored) return unscored();
  const directed = isDirected && values.directions !== "ignored";
  const pairs = confusions(directed);
  const names = directed ? labels.names : labels.relations;
  const met = names.map((_, n) => n).filter((n) => pairs.some((pair) => pair.gold === n || pair.predicted === n));
  return [
    isDirected ? el("form", { class: "controls", "data-kept": "controls" }, directionSwitch(directed)) : null,
    ...(met.length <= MOST_CLASSES ? heatMap(pairs, names, met, directed) : tooMany(met)),
    el("h2", {}, "Confused labels"),
    pairsTable(
      pairs.filter((pair) => pair.gold !== pair.predicted),
      names,
      directed,
    ),
  ].filter(Boolean);
}

function directionSwitch(directed) {
  const options = [
    ["kept", "labels as trained"],
    ["ignored", "direction ignored"],
  ].map(([value, words]) => el("option", { value, selected: (value === "kept") === directed }, words));
  const changed = (event) => go("confusion", { directions: event.target.value });
  return el("label", {}, "Direction ", el("select", { name: "directions", onchange: changed }, options));
}

function tooMany(met) {
  return [
    el(
      "p",
      { class: "note" },
      `A heat map of ${count(met.length)} classes cannot be read: the labels that are confused stand below, the
    frequent first.`,
    ),
  ];
}

function filterOf(directed, gold, predicted, names) {
  const keys = directed ? ["gold", "predicted"] : ["goldRelation", "predictedRelation"];
  return { [keys[0]]: names[gold], [keys[1]]: names[predicted] };
}

function heatMap(pairs, names, met, directed) {
  const totals = new Map();
  const byGold = new Map(met.map((n) => [n, new Map()]));
  for (const { gold, predicted, n } of pairs) {
    byGold.get(gold).set(predicted, n);
    totals.set(gold, (totals.get(gold) ?? 0) + n);
  }
  const head = el(
    "tr",
    {},
    el("th", { scope: "col" }, "gold \\ predicted"),
    met.map((n) => el("th", { scope: "col", class: "up" }, el("span", {}, names[n]))),
  );
  const rows = met.map((gold) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, names[gold]),
      met.map((predicted) =>
        cell(
          byGold.get(gold).get(predicted),
          totals.get(gold),
          gold === predicted,
          address("sentences", filterOf(directed, gold, predicted, names)),
          `gold ${names[gold]}, predicted ${names[predicted]}`,
        ),
      ),
    ),
  );
  const look = `matrix${met.length > 30 ? " small" : ""}`;
  const map = el("table", { class: look }, el("thead", {}, head), el("tbody", {}, rows));
  walkByArrows(map);
  const note = `A row a gold label, a column a predicted one. The darker, the larger the share of the gold label; green is
    right, orange is wrong. Arrow keys move between the cells, Enter shows the pairs.`;
  return [el("p", { class: "note" }, note), scrolling("Confusion", map)];
}

function cell(n, total, isRight, href, title) {
  if (!n) return el("td");
  const link = el("a", { href, title: `${title}: ${n}`, "aria-label": `${n}, ${title}`, tabindex: "-1" }, count(n));
  const style = { "--share": String(Math.round(100 * Math.min(1, 0.1 + (0.9 * n) / total)) / 100) };
  return el("td", { class: isRight ? "right" : "wrong", style }, link);
}

// One stop for the Tab key, and the arrows within: to the next cell in that direction that has pairs.
function walkByArrows(map) {
  const links = [...map.querySelectorAll("a")];
  if (links.length) links[0].tabIndex = 0;
  const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
  map.addEventListener("keydown", (event) => {
    const step = steps[event.key];
    if (!step || event.target.tagName !== "A") return;
    event.preventDefault();
    const next = neighbour(map, event.target.closest("td"), step);
    if (!next) return;
    event.target.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  });
}

function neighbour(map, from, [down, right]) {
  let [row, column] = [from.parentElement.rowIndex, from.cellIndex];
  for (;;) {
    [row, column] = [row + down, column + right];
    const next = map.rows[row]?.cells[column];
    if (!next || row < 1 || column < 1) return null;
    if (next.querySelector("a")) return next.querySelector("a");
  }
}

function pairsTable(pairs, names, directed) {
  const gold = new Map();
  for (const pair of confusions(directed)) gold.set(pair.gold, (gold.get(pair.gold) ?? 0) + pair.n);
  const share = (row) => (100 * row.n) / gold.get(row.gold);
  const kind = { title: "kind", text: true, cell: (row) => (isFlip(row.gold, row.predicted) ? "wrong direction" : "") };
  const columns = [
    { title: "gold", text: true, by: (row) => names[row.gold], cell: (row) => names[row.gold] },
    { title: "predicted", text: true, by: (row) => names[row.predicted], cell: (row) => names[row.predicted] },
    {
      title: "pairs",
      by: (row) => row.n,
      cell: (row) =>
        toSentences(
          row.n,
          filterOf(directed, row.gold, row.predicted, names),
          `${counted(row.n, "pair")}, gold ${names[row.gold]}, predicted ${names[row.predicted]}`,
        ),
    },
    { title: "% of gold", by: share, cell: (row) => share(row).toFixed(1) },
    ...(directed ? [kind] : []),
  ];
  return pairs.length ? table({ title: "Confused labels", columns, rows: pairs }) : el("p", {}, "None is confused.");
}
