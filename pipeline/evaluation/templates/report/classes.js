// F1 of each class with its interval, and the pairs behind each count.

import { counted, el } from "../../../pages/templates/dom.js";
import { classRows, data, isDirected, isScored, labels, modes, rowsOf, score } from "./data.js";
import { dotAndWhisker, dotAxis } from "./plots.js";
import { address, go } from "./state.js";
import { table, toSentences, withInterval } from "./tables.js";

const MODES = {
  official: "official: direction counts within a relation",
  directed: "directed: each label a class",
  undirected: "undirected: direction ignored",
};

export function drawClasses(values) {
  if (!isScored) return unscored();
  const mode = modes.includes(values.mode) ? values.mode : data.scores.mode;
  const average = score("test", `relation.${mode}_macro_f1`)?.value ?? null;
  return [
    el("form", { class: "controls", "data-kept": "controls" }, modeSwitch(mode)),
    table({
      title: "Classes",
      columns: columnsOf(mode, average),
      rows: classRows(mode),
      look: (row) => (isFew(row) ? "few" : null),
    }),
    el(
      "p",
      { class: "note" },
      `Dots are F1 in percent, whiskers its ${data.scores.confidence}% interval`,
      average === null ? "" : ", the dashed line the macro-F1",
      `. Classes with fewer than ${data.scores.fewest} pairs are grey: they are too few to say.`,
    ),
  ];
}

export function unscored() {
  return [el("p", {}, "The test pairs have no labels, and so no scores of the relation.")];
}

function isFew(row) {
  return row.support < data.scores.fewest;
}

function modeSwitch(mode) {
  const options = modes.map((one) => el("option", { value: one, selected: one === mode }, MODES[one]));
  const changed = (event) => go("classes", { mode: event.target.value });
  return el("label", {}, "Scoring ", el("select", { name: "mode", onchange: changed }, options));
}

function columnsOf(mode, average) {
  const [gold, predicted, both] =
    mode === "directed" ? ["gold", "predicted", "label"] : ["goldRelation", "predictedRelation", "relation"];
  const told = (n, name, row) => `${counted(n, "pair")}, ${name}: ${row.class}`;
  const link = (name, values) => (row) => toSentences(row[name], values(row), told(row[name], name, row));
  const [missed, missing] = [missedBy(mode), mode === "undirected" ? "elsewhere" : "wrong"];
  const flips = {
    title: "flipped",
    by: (row) => row.direction_flips,
    cell: link("direction_flips", (row) => ({ [gold]: row.class, outcome: "flipped" })),
  };
  const number = (name) => ({ title: name === "f1" ? "F1" : name, by: (row) => row[name], cell: (row) => scoreOf(row, name) });
  return [
    {
      title: "class",
      text: true,
      look: "name",
      by: (row) => row.class,
      cell: (row) => el("a", { href: address("sentences", { [both]: row.class }) }, row.class),
    },
    {
      title: "",
      head: [el("span", { class: "unseen" }, "F1, drawn"), dotAxis()],
      cell: (row) => dotAndWhisker({ value: row.f1, low: row.f1_low, high: row.f1_high, against: average, faint: isFew(row) }),
    },
    ...["f1", "precision", "recall"].map(number),
    { title: "gold", by: (row) => row.support, cell: link("support", (row) => ({ [gold]: row.class })) },
    { title: "predicted", by: (row) => row.predicted, cell: link("predicted", (row) => ({ [predicted]: row.class })) },
    {
      title: "missed",
      by: missed,
      cell: (row) => toSentences(missed(row), { [gold]: row.class, outcome: missing }, told(missed(row), "missed", row)),
    },
    ...(isDirected ? [flips] : []),
  ];
}

// Of each class its gold pairs that got another one, which in the undirected mode a wrong direction is not.
function missedBy(mode) {
  const missed = new Map();
  rowsOf(data.confusion).forEach(({ gold, predicted, n }) => {
    const isMissed = mode === "undirected" ? labels.relation[gold] !== labels.relation[predicted] : gold !== predicted;
    const name = mode === "directed" ? labels.names[gold] : labels.relations[labels.relation[gold]];
    if (isMissed) missed.set(name, (missed.get(name) ?? 0) + n);
  });
  return (row) => missed.get(row.class) ?? 0;
}

function scoreOf(row, name) {
  return withInterval(row[name], row[`${name}_low`], row[`${name}_high`]);
}
