// Two versions side by side: their scores on the rows of both, the pairs that changed, and the annotations that did.

import { count, counted, el } from "../../../pages/templates/dom.js";
import { data, percent, TOO_FEW } from "./data.js";
import { CHANGES } from "./filters.js";
import { section } from "./overview.js";
import { dotAndWhisker, dotAxis } from "./plots.js";
import { table, toSentences } from "./tables.js";

export function drawCompare() {
  const { against, before } = data.copy;
  return [
    el("p", { class: "lead" }, `${against.new} (new) against ${against.old} (old).`),
    section("Scores", ...scoreChanges(against)),
    before ? section("Pairs", pairChanges(before)) : null,
    section("Annotations", ...annotationChanges(against)),
  ].filter(Boolean);
}

function scoreChanges({ scores, no_scores: reason }) {
  if (!scores) return [el("p", {}, `No scores compared: ${reason}.`)];
  const { paired, metrics, n_rows: n, n_relabelled: relabelled } = scores;
  const reach = Math.max(
    5,
    ...paired.flatMap((row) => [Math.abs(row.low), Math.abs(row.high)].map((one) => 5 * Math.ceil(one / 5))),
  );
  const marks = [-reach, 0, reach];
  const columns = [
    { title: "score, in percent", text: true, cell: (row) => row.name.replaceAll("_", " ") },
    { title: "old", cell: (row) => percent(row.old) },
    { title: "new", cell: (row) => percent(row.new) },
    {
      title: "difference",
      cell: (row) => [signed(row.difference), el("span", { class: "range" }, ` (${rangeOf(row)})`)],
    },
    {
      title: "",
      head: [el("span", { class: "unseen" }, "Difference, drawn"), dotAxis(marks)],
      cell: (row) => dotAndWhisker({ value: row.difference, low: row.low, high: row.high, against: 0, marks }),
    },
    { title: "p", cell: (row) => row.p_value?.toFixed(3) ?? "–" },
  ];
  return [
    el(
      "p",
      {},
      `On the ${counted(n, "test pair")} that both have, against the newer labels; ${count(relabelled)} of them were relabelled.
      Intervals and p are of paired resamples: both versions on the same pairs.`,
    ),
    paired.length ? table({ title: "Paired scores", columns, rows: paired }) : "",
    metrics.length ? allNumbers(metrics) : "",
  ];
}

function allNumbers(metrics) {
  const all = [
    { title: "number", text: true, cell: ([name]) => name },
    { title: "old", cell: ([, old]) => String(old ?? "(none)") },
    { title: "new", cell: ([, , now]) => String(now ?? "(none)") },
  ];
  return el("details", {}, el("summary", {}, "All numbers that differ"), table({ title: "Numbers", columns: all, rows: metrics }));
}

function rangeOf({ low, high }) {
  return low === null ? TOO_FEW : `${signed(low)} to ${signed(high)}`;
}

function signed(value) {
  if (value === null) return "–";
  return `${value > 0 ? "+" : ""}${value.toFixed(1)}`;
}

function pairChanges({ counts }) {
  const rows = Object.entries(CHANGES)
    .filter(([change]) => counts[change])
    .map(([change, title]) => ({ change, title, n: counts[change] }));
  const columns = [
    { title: "what changed", text: true, cell: (row) => row.title },
    {
      title: "pairs",
      cell: (row) => toSentences(row.n, { change: row.change }, `${counted(row.n, "pair")}, ${row.title}`),
    },
  ];
  return rows.length ? table({ title: "Pairs", columns, rows }) : el("p", {}, "Every pair has the relation that it had.");
}

function annotationChanges({ documents, counts, changes, titles, labels }) {
  const splits = Object.entries(documents).map(([split, n]) => ({ split, ...n }));
  const sides = [
    { title: "old", cell: (row) => count(row.old) },
    { title: "new", cell: (row) => count(row.new) },
  ];
  const kinds = [
    { title: "what changed", text: true, cell: ([kind]) => titles[kind] ?? kind },
    { title: "how many", cell: ([, n]) => count(n) },
  ];
  const listed = Object.entries(counts);
  return [
    table({ title: "Documents", columns: [{ title: "documents", text: true, cell: (row) => row.split }, ...sides], rows: splits }),
    listed.length ? table({ title: "Changes by kind", columns: kinds, rows: listed }) : el("p", {}, "No annotation differs."),
    labels.length
      ? el(
          "details",
          {},
          el("summary", {}, "Labels of a split"),
          table({ title: "Labels", columns: labelColumns(sides), rows: labels }),
        )
      : "",
    changes.length ? table({ title: "Changes", columns: changeColumns(titles), rows: changes }) : "",
  ];
}

function labelColumns(sides) {
  return [
    { title: "split", text: true, cell: (row) => row.split },
    { title: "label", text: true, cell: (row) => row.label || "without label" },
    ...sides,
  ];
}

function changeColumns(titles) {
  const place = (row) => (row.line === null ? row.file : `${row.file}:${row.line}`);
  const text = (title, cell) => ({ title, text: true, cell });
  return [
    { ...text("what changed", (row) => titles[row.kind] ?? row.kind), by: (row) => row.kind },
    text("place", place),
    text("id", (row) => row.id),
    text("of", (row) => row.about),
    text("old", (row) => row.old),
    text("new", (row) => row.new),
  ];
}
