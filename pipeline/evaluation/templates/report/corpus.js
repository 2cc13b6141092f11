// What the rows are: how many of each class, how long, what was left out, and what the checks of the annotations found.

import { count, counted, el } from "../../../pages/templates/dom.js";
import { data, labels, sentences } from "./data.js";
import { place } from "./filters.js";
import { pairsIn, section } from "./overview.js";
import { frequencies, sum } from "./plots.js";
import { address } from "./state.js";
import { table, titledRows } from "./tables.js";
import { figure, legend } from "./training.js";

const SPLITS = [
  ["train", "first"],
  ["validation", "second"],
  ["test", "third"],
];
const REPEATS = ["rows-repeated", "rows-shared", "labels-contradict"];

export function drawCorpus() {
  const repeats = data.findings.filter((finding) => REPEATS.includes(finding.check));
  return [
    section("Classes", classCounts()),
    section("Lengths and distances", ...lengths()),
    section("Left out and changed", leftOut()),
    section(
      "Duplicates",
      repeats.length ? findingsTable("Duplicates", repeats) : el("p", {}, "No row is there twice, and none has two labels."),
    ),
    section(
      "Checks of the annotations",
      el("p", { class: "note" }, "An error cannot be meant; a warning may be right. The places are the first ones."),
      data.findings.length ? findingsTable("Findings", data.findings) : el("p", {}, "No finding."),
      el("p", {}, `The encoder does not know ${data.corpus.unknown.toFixed(2)}% of the words.`),
    ),
  ];
}

function classCounts() {
  const counts = data.corpus.labels;
  const names = [...labels.names, "without label"];
  const rows = names
    .map((name, n) => ({ name, n }))
    .filter(({ n }) => n < labels.names.length || SPLITS.some(([split]) => counts[split][n]));
  const most = Math.max(1, ...counts.train);
  const columns = [
    { title: "label", text: true, by: (row) => row.name, cell: (row) => row.name },
    ...SPLITS.map(([split]) => ({
      title: split,
      by: (row) => counts[split][row.n],
      cell: (row) => (split === "test" && counts[split][row.n] ? testLink(row, counts[split][row.n]) : count(counts[split][row.n])),
    })),
    {
      title: "share of train",
      by: (row) => counts.train[row.n],
      cell: (row) =>
        el(
          "span",
          { class: "share" },
          el("span", { class: "bar", style: { "--share": `${(100 * counts.train[row.n]) / most}%` } }),
          `${((100 * counts.train[row.n]) / Math.max(1, data.corpus.rows.train)).toFixed(1)}%`,
        ),
    },
  ];
  const total = SPLITS.map(([split]) => `${split} ${pairsIn(split)}`).join(", ");
  return [el("p", {}, `In ${total}.`), table({ title: "Pairs by label", columns, rows })];
}

function testLink({ name, n }, rows) {
  const values = n < labels.names.length ? { gold: name } : { outcome: "unlabelled" };
  return el("a", { href: address("sentences", values), "aria-label": `${counted(rows, "test pair")}, ${name}` }, count(rows));
}

function lengths() {
  const last = data.corpus.words.train.length - 1;
  const plot = (kind, title, xTitle) => {
    const series = SPLITS.map(([split, look]) => ({ name: split, values: data.corpus[kind][split], look })).filter(({ values }) =>
      sum(values),
    );
    return figure(title, frequencies({ title, xTitle, series }), legend(series));
  };
  return [
    el(
      "div",
      { class: "beside" },
      plot("words", "Words of the sentence", "words"),
      plot("distance", "Words between the entities", "words"),
    ),
    el("p", { class: "note" }, `Of sentences and distances of more than ${last} words all stand at ${last}.`),
  ];
}

function leftOut() {
  const rows = [
    ...data.corpus.excluded.map(([kind, n, meaning]) => [
      `left out by parse.exclude: ${kind}`,
      n,
      kind === "id" ? "listed by id" : meaning,
    ]),
    ...data.corpus.notes.map(([title, n]) => [title.replaceAll("`", ""), n, ""]),
    ...Object.entries(data.corpus.documents).map(([title, n]) => [title.replaceAll("_", " "), n, ""]),
  ];
  return titledRows("Left out and changed", rows);
}

function findingsTable(title, findings) {
  const columns = [
    { title: "kind", text: true, by: (row) => row.check, cell: (row) => el("span", { title: row.meaning }, row.check) },
    { title: "severity", text: true, by: (row) => row.severity, cell: (row) => row.severity },
    { title: "count", by: (row) => row.count, cell: (row) => count(row.count) },
    { title: "found", text: true, cell: (row) => row.found },
    { title: "what to do", text: true, cell: (row) => row.hint },
    { title: "places", text: true, cell: (row) => row.places.map((where, n) => [n ? ", " : "", placeLink(where)]) },
  ];
  return table({ title, columns, rows: findings });
}

let known = null; // the places of the pairs of this page

// A place, with a link where its pair is one of this page.
function placeLink(where) {
  known ??= new Set(sentences.id.map((_, row) => place(row)));
  return known.has(where) ? el("a", { href: address("sentences", { place: where }) }, where) : where;
}
