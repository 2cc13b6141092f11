// What the model is, how good it is, and what to look at first.

import { counted, el } from "../../../pages/templates/dom.js";
import { classRows, confusions, data, isScored, labels, NO_RELATION, percent, score, test } from "./data.js";
import { dotAndWhisker, dotAxis } from "./plots.js";
import { address } from "./state.js";
import { intervalOf, table, titledRows, withInterval } from "./tables.js";

const FIRST = 3; // of each kind that is to be looked at first
const NO_SCORE = { value: null, low: null, high: null };
const MISSING = { relation: NO_RELATION, tags: "no entity to find", end_to_end: "no types to find" }; // where a part has no F1
const COUNTS = [
  ["relation.direction_flips", "Right relation, wrong direction (pairs)"],
  ["relation.calibration_error", "Expected calibration error"],
  ["end_to_end.gold", "Relations that are annotated"],
  ["end_to_end.found", "Relations found"],
  ["end_to_end.across_sentences", "Relations between two sentences, not counted"],
];

export function drawOverview() {
  return [
    ...message(),
    data.copy
      ? el("p", { class: "note" }, `Commit ${data.copy.commit}${data.copy.changed ? ", with changes that are not committed" : ""}.`)
      : null,
    isScored ? section("Look at first", lookAtFirst()) : null,
    hasScores() ? section("Scores", scoresTable()) : null,
    section("What it was made of", identity()),
  ].filter(Boolean);
}

export function section(title, ...children) {
  return el("section", {}, el("h2", {}, title), ...children);
}

// How many pairs a split has, and in how many sentences, for one may hold several.
export function pairsIn(split) {
  return `${counted(data.corpus.rows[split], "pair")} in ${counted(data.corpus.sentences[split], "sentence")}`;
}

function message() {
  const { encoder, tags } = data.identity;
  const n = labels.relations.length - (labels.negative === null ? 0 : 1);
  const none = labels.negative === null ? "" : `, or ${labels.names[labels.negative]} where none of them holds,`;
  const what = `A model on the encoder ${encoder.name} that names one of ${counted(n, "relation")}${none} between two marked
    entities${tags.length > 1 && test.tags.f1 !== null ? ` and tags words as ${tags.join(" ")}` : ""}, trained on
    ${pairsIn("train")}, tested on ${pairsIn("test")}.`;
  if (!isScored) {
    return [
      el("p", { class: "lead" }, what),
      el(
        "p",
        {},
        "The test pairs have no labels, and so no scores of the relation. ",
        el("a", { href: address("sentences") }, "What it says of each"),
      ),
    ];
  }
  const path = `relation.${data.scores.headline}`;
  const { value, low, high } = score("test", path) ?? NO_SCORE;
  const told = value === null ? NO_RELATION : percent(value);
  const chance = data.scores.chance[data.scores.headline];
  return [
    el("p", { class: "lead" }, what),
    el("p", { class: "headline" }, el("strong", {}, told), ` ${data.scores.titles[path]}, in percent`),
    el(
      "p",
      {},
      sureness(value, low, high),
      (chance ?? null) === null ? "" : `Labels drawn as often as training has them would reach ${percent(chance)}. `,
      rightSentence(),
    ),
  ];
}

function sureness(value, low, high) {
  if (value === null) return `All test pairs are ${labels.names[labels.negative]}. `;
  if (low === null) return "How sure that is: too few rows to say. ";
  return `With ${data.scores.confidence}% confidence it is between ${percent(low)} and ${percent(high)}. `;
}

function rightSentence() {
  const accuracy = score("test", "relation.accuracy");
  const wrong = data.confusion.n.reduce(
    (total, n, pair) => total + (data.confusion.gold[pair] === data.confusion.predicted[pair] ? 0 : n),
    0,
  );
  return [
    accuracy ? `Of the pairs ${percent(accuracy.value)}% are right, ` : "Of the pairs ",
    el("a", { href: address("sentences", { outcome: "wrong", sort: "surest" }) }, `${counted(wrong, "is", "are")} wrong`),
    ".",
  ];
}

function lookAtFirst() {
  const items = [...largestConfusions(), flips(), ...weakest(), ...warnings()].filter(Boolean);
  return items.length ? el("ul", { class: "first" }, items) : el("p", {}, "No mistake, and no warning of the annotations.");
}

function item(values, words, ...rest) {
  return el("li", {}, el("a", { href: address("sentences", values) }, words), ...rest);
}

function largestConfusions() {
  const wrong = confusions().filter(
    ({ gold, predicted }) => gold !== predicted && labels.relation[gold] !== labels.relation[predicted],
  );
  return wrong.slice(0, FIRST).map(({ gold, predicted, n }) => {
    const [is, said] = [labels.names[gold], labels.names[predicted]];
    return item({ gold: is, predicted: said }, counted(n, "pair"), ` with ${is} called ${said}`);
  });
}

function flips() {
  const n = test.relation.direction_flips;
  return n ? item({ outcome: "flipped" }, counted(n, "pair"), " with the right relation in the wrong direction") : null;
}

function weakest() {
  const rows = classRows(data.scores.mode).filter(
    (row) => row.support > 0 && row.class !== labels.names[labels.negative] && row.f1 !== null && row.f1 < 100,
  );
  const key = data.scores.mode === "directed" ? "gold" : "goldRelation";
  return rows
    .sort((a, b) => a.f1 - b.f1)
    .slice(0, FIRST)
    .map((row) =>
      item(
        { [key]: row.class },
        row.class,
        `: F1 ${percent(row.f1)} (${intervalOf(row.f1_low, row.f1_high)}), a class with
      ${counted(row.support, "test pair")}`,
      ),
    );
}

function warnings() {
  return data.findings
    .slice(0, FIRST)
    .map((finding) => el("li", {}, el("a", { href: address("data") }, finding.severity), `: ${finding.found}`));
}

function hasScores() {
  return Object.keys(data.scores.titles).some((path) => isKnown({ path }));
}

function scoresTable() {
  const rows = [...Object.entries(data.scores.titles), ...COUNTS].map(([path, title]) => ({ path, title }));
  const of = (split) => {
    const { rows: n } = data.scores.splits[split];
    const draw = (row) => (row.path in data.scores.titles ? dotAndWhisker(score(split, row.path) ?? NO_SCORE) : "");
    return [
      { title: `${split} (${counted(n, "pair")})`, cell: (row) => scoreCell(split, row.path) },
      { title: "", head: [el("span", { class: "unseen" }, `${split}, drawn`), dotAxis()], cell: draw },
    ];
  };
  const columns = [{ title: "score, in percent", text: true, cell: (row) => row.title }, ...of("test")];
  if (data.corpus.rows.validation) columns.push(...of("validation"));
  const note = `Intervals at ${data.scores.confidence}%: bootstrap of ${data.identity.resamples} resamples,
    Wilson's of accuracy and classes.
    ${data.corpus.rows.validation ? "The best epoch was chosen on validation, so believe test." : "The last epoch was kept."}`;
  return [table({ title: "Scores", columns, rows: rows.filter(isKnown) }), el("p", { class: "note" }, note)];
}

function isKnown({ path }) {
  return score("test", path) !== null || score("validation", path) !== null;
}

// A split without labels has no score of relations, given or found; F1 needs something to find in gold; counts have no interval.
function scoreCell(split, path) {
  const found = score(split, path) ?? NO_SCORE;
  const [part] = path.split(".");
  const isUnlabelled =
    part === "relation" ? score(split, "relation.direction_flips") === null : score(split, `${part}.gold`)?.value === 0;
  if (found.value === null && isUnlabelled) return "–";
  if (found.value !== null && !(path in data.scores.titles)) return String(found.value);
  if (found.value === null && path.endsWith("f1") && part in MISSING) return el("span", { class: "range" }, MISSING[part]);
  return withInterval(found.value, found.low, found.high);
}

function identity() {
  const { parameters, encoder } = data.identity;
  const rows = [
    ["encoder's weights, sha256", encoder.weights_sha256],
    ["numbers a word", String(encoder.width)],
    ...["train", "validation", "test"].map((split) => [`pairs of ${split}`, String(data.corpus.rows[split])]),
    ...Object.entries(parameters),
  ];
  return el("details", {}, el("summary", {}, "Parameters and counts"), titledRows("Parameters", rows));
}
