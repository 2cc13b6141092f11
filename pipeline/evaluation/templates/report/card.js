// One sentence: its text with entities and arcs, what is true and what was predicted in words, and how probable.

import { el } from "../../../pages/templates/dom.js";
import { drawSentence } from "../../../pages/templates/sentence.js";
import { data, labels, sentences } from "./data.js";
import { beforeOf, place } from "./filters.js";
import { address } from "./state.js";
import { picker } from "./ids.js";

const E1 = 0;
const E2 = 1; // among the spans of a drawing

export function drawCard(row) {
  const [gold, predicted] = [sentences.gold[row], sentences.predicted[row]];
  const outcome = gold < 0 ? "unlabelled" : gold === predicted ? "right" : "wrong";
  return el(
    "article",
    { class: `card ${outcome}`, "data-id": sentences.id[row] },
    el("header", {}, picker(row), el("span", { class: "place" }, place(row)), verdict(gold, predicted, outcome), earlier(row)),
    drawSentence({ text: sentences.text[row], spans: spansOf(row), arcs: arcsOf(gold, predicted) }),
    likely(row),
  );
}

// In words, for those who do not see the arcs.
function verdict(gold, predicted, outcome) {
  const link = (key, label) => el("a", { href: address("sentences", { [key]: labels.names[label] }) }, labels.names[label]);
  if (outcome === "right") return el("span", { class: "verdict" }, "right: ", link("gold", gold));
  const said = [el("span", {}, "predicted ", link("predicted", predicted))];
  if (outcome === "wrong") said.unshift(el("span", {}, "gold ", link("gold", gold), ", "));
  return el("span", { class: "verdict" }, said);
}

// What the older version said, where it said another thing.
function earlier(row) {
  const was = beforeOf(row);
  return was === null || was === labels.names[sentences.predicted[row]] ? null : el("span", {}, `before: ${was}`);
}

function spansOf(row) {
  const [e1, e2] = [sentences.e1[row], sentences.e2[row]];
  const spans = [
    { start: e1[0], end: e1[1], marks: "e1", label: "e1" },
    { start: e2[0], end: e2[1], marks: "e2", label: "e2" },
  ];
  if (!sentences.predicted_spans) return spans;
  const [truth, found] = [triples(sentences.gold_spans[row]), triples(sentences.predicted_spans[row])];
  const missed = truth.filter((one) => !found.some((other) => same(one, other)));
  return [
    ...spans,
    ...found.map(([start, end, kind]) => ({ start, end, marks: "tagged", label: data.spans[kind] })),
    ...missed.map(([start, end]) => ({ start, end, marks: "missed", label: "" })),
  ];
}

function triples(flat) {
  return Array.from({ length: flat.length / 3 }, (_, n) => flat.slice(3 * n, 3 * n + 3));
}

function same(one, other) {
  return one.every((number, n) => number === other[n]);
}

// Of a mistake what is true stands above the line and what was predicted below.
function arcsOf(gold, predicted) {
  if (gold === predicted) return [arc(gold, "right", false)];
  const said = arc(predicted, gold < 0 ? "predicted" : "wrong", true);
  return gold < 0 ? [said] : [arc(gold, "gold", false), said];
}

function arc(label, look, below) {
  const direction = labels.direction[label];
  const [from, to] = direction === "e2,e1" ? [E2, E1] : [E1, E2];
  const none = label === labels.negative ? " none" : "";
  return { from, to, label: labels.relations[labels.relation[label]], look: look + none, below, directed: direction !== "" };
}

// The most probable relations with their probabilities.
function likely(row) {
  const items = sentences.likely[row].map((label, n) => {
    const share = sentences.permille[row][n] / 10;
    const look = label === sentences.gold[row] ? "gold" : label === sentences.predicted[row] ? "wrong" : "";
    return el(
      "li",
      { class: look },
      el("span", { class: "bar", style: { "--share": `${share}%` } }),
      `${labels.names[label]} ${share.toFixed(1)}%`,
    );
  });
  return el("ul", { class: "likely", "aria-label": "Probabilities" }, items);
}
