// Where the model is strong and weak, and whether its probabilities are right.

import { counted, el, svg } from "../../../pages/templates/dom.js";
import { unscored } from "./classes.js";
import { data, isScored, NO_RELATION, percent, rowsOf, score, test, TOO_FEW } from "./data.js";
import { section } from "./overview.js";
import { dotAndWhisker, frame, line, dotAxis, picture } from "./plots.js";
import { table, toSentences, withInterval } from "./tables.js";

export function drawSlices() {
  if (!isScored) return unscored();
  const rows = rowsOf(data.slices);
  const cuts = Object.keys(data.cuts).map((cut) =>
    section(
      sentenceCase(cut),
      sliceTable(
        cut,
        rows.filter((row) => row.cut === cut),
      ),
    ),
  );
  return [
    section("Calibration", ...calibration()),
    el("h2", {}, "Slices"),
    el(
      "p",
      { class: "note" },
      `The test pairs cut by what may make them hard. Dots are scores in percent, whiskers their
      ${data.scores.confidence}% intervals, the dashed line the score of all. Slices of fewer than ${data.scores.fewest} pairs
      are grey: they are too few to say.`,
    ),
    el("div", { class: "cuts" }, cuts),
  ];
}

function sentenceCase(words) {
  return words[0].toUpperCase() + words.slice(1);
}

function sliceTable(cut, rows) {
  const headline = data.scores.headline;
  const drawn = (title, name) => ({
    title: "",
    head: [el("span", { class: "unseen" }, `${title}, drawn`), dotAxis()],
    cell: (row) =>
      dotAndWhisker({
        value: row[name],
        low: row[`${name}_low`],
        high: row[`${name}_high`],
        against: score("test", `relation.${name}`)?.value ?? null,
        faint: hasFew(row),
      }),
  });
  const told = (n, noun, row) => `${counted(n, noun)}, ${cut}: ${row.slice}`;
  const missing = (name, row) => (name.endsWith("f1") ? NO_RELATION : hasFew(row) ? TOO_FEW : percent(null));
  const number = (title, name) => ({ title, cell: (row) => (row[name] === null ? missing(name, row) : percent(row[name])) });
  const columns = [
    { title: "slice", text: true, cell: (row) => row.slice },
    {
      title: "pairs",
      cell: (row) => toSentences(row.n, { cut, slice: row.slice }, told(row.n, "pair", row)),
    },
    {
      title: "wrong",
      cell: (row) => toSentences(wrong(row), { cut, slice: row.slice, outcome: "wrong" }, told(wrong(row), "wrong pair", row)),
    },
    number("accuracy", "accuracy"),
    drawn("Accuracy", "accuracy"),
    number("macro-F1", headline),
    drawn("Macro-F1", headline),
  ];
  return table({ title: cut, columns, rows, look: (row) => (hasFew(row) ? "few" : null) });
}

function hasFew(row) {
  return row.n < data.scores.fewest;
}

function wrong(row) {
  return row.n - row.right;
}

function calibration() {
  const bins = rowsOf(data.reliability);
  const error = test.relation.calibration_error;
  const over = bins.reduce((total, bin) => total + bin.n * (bin.confidence - bin.accuracy), 0) > 0 ? "too sure" : "not sure enough";
  return [
    el(
      "p",
      {},
      "A model is calibrated where of the pairs that it is 80% sure of 80% are right. ",
      error === null
        ? `Of this one: ${TOO_FEW}.`
        : `This one is off by ${percent(error)} points on average${error > 1 ? `, mostly ${over}` : ""}.`,
    ),
    el("div", { class: "beside" }, reliabilityPlot(bins), binTable(bins)),
  ];
}

function reliabilityPlot(bins) {
  const ticks = [0, 20, 40, 60, 80, 100];
  const axes = { width: 420, height: 380, xs: [0, 100], ys: [0, 100], xTicks: ticks, yTicks: ticks };
  const { parts, x, y, bottom } = frame({ ...axes, xTitle: "mean probability, %", yTitle: "right, %" });
  const most = Math.max(...bins.map((bin) => bin.n));
  for (const bin of bins) {
    const height = (60 * bin.n) / most;
    const bar = { x: x(bin.above) + 1, y: bottom - height, width: x(bin.up_to) - x(bin.above) - 2, height, class: "bar" };
    parts.push(svg("rect", bar));
  }
  parts.push(line(x(0), y(0), x(100), y(100), "against"));
  for (const bin of bins) {
    const look = hasFew(bin) ? "faint" : null;
    const at = x(bin.confidence);
    const point = [
      bin.accuracy_low === null ? null : line(at, y(bin.accuracy_low), at, y(bin.accuracy_high), "whisker"),
      svg("circle", { cx: at, cy: y(bin.accuracy), r: 4, class: "dot" }),
    ];
    parts.push(svg("g", { class: look }, point));
  }
  parts.push(
    svg("polyline", { class: "curve first", points: bins.map((bin) => `${x(bin.confidence)},${y(bin.accuracy)}`).join(" ") }),
  );
  return picture("Reliability: how often a probability is right; bars show how many pairs", 420, 380, parts);
}

function binTable(bins) {
  const columns = [
    { title: "probability", cell: (bin) => `${bin.above} to ${bin.up_to}%` },
    {
      title: "pairs",
      cell: (bin) => toSentences(bin.n, { bin: bin.bin }, `${counted(bin.n, "pair")} of ${bin.above} to ${bin.up_to}%`),
    },
    { title: "mean probability", cell: (bin) => percent(bin.confidence) },
    {
      title: `right, % (${data.scores.confidence}% interval)`,
      cell: (bin) => withInterval(bin.accuracy, bin.accuracy_low, bin.accuracy_high),
    },
  ];
  return table({ title: "Reliability by bin", columns, rows: bins, look: (bin) => (hasFew(bin) ? "few" : null) });
}
