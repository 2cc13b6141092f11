// Which pairs an address asks for, and what it asks for in words.
//
//   gold, predicted       a label               label       either of the two is this label
//   goldRelation, ...     the same of relations, without direction
//   outcome               a key of OUTCOMES
//   cut and slice         a slice of a cut      bin         a bin of confidence, from 0
//   change                a key of CHANGES, in a copy that is compared with an older version
//   place                 a file and line, as a row's place stands in the list
//   q                     words of the text, the id or the place

import { data, isFlip, labels, sentences } from "./data.js";

const OUTCOMES = {
  right: (gold, predicted) => gold === predicted,
  wrong: (gold, predicted) => gold >= 0 && gold !== predicted,
  flipped: (gold, predicted) => gold >= 0 && isFlip(gold, predicted),
  elsewhere: (gold, predicted) => gold >= 0 && relationOf(gold) !== relationOf(predicted),
  unlabelled: (gold) => gold < 0,
};
export const OUTCOME_TITLES = {
  right: "right",
  wrong: "wrong",
  flipped: "right relation, wrong direction",
  elsewhere: "another relation",
  unlabelled: "without label",
};

export const CHANGES = {
  fixed: "wrong before, right now",
  broken: "right before, wrong now",
  other: "wrong before, now wrong in another way",
};

// What became of a row since the older version, null where it has the label that it had or was not there.
function changeOf(gold, predicted, row) {
  const was = beforeOf(row);
  if (was === null || gold < 0 || was === labels.names[predicted]) return null;
  if (was === labels.names[gold]) return "broken";
  return gold === predicted ? "fixed" : "other";
}

// The label that the older version predicted, null where it did not have the row.
export function beforeOf(row) {
  const before = data.copy?.before;
  return before?.names[before.label[row]] ?? null;
}

const byName = new Map(labels.names.map((name, n) => [name, n]));
const relationByName = new Map(labels.relations.map((name, n) => [name, n]));
const relationOf = (label) => (label < 0 ? -1 : labels.relation[label]);

// Each key: the test of a row that a value makes, of the row's gold and predicted label and its number.
const TESTS = {
  gold:
    (value, label = named(byName, value)) =>
    (gold) =>
      gold === label,
  predicted:
    (value, label = named(byName, value)) =>
    (_, predicted) =>
      predicted === label,
  label:
    (value, label = named(byName, value)) =>
    (gold, predicted) =>
      gold === label || predicted === label,
  goldRelation:
    (value, relation = named(relationByName, value)) =>
    (gold) =>
      relationOf(gold) === relation,
  predictedRelation:
    (value, relation = named(relationByName, value)) =>
    (_, predicted) =>
      relationOf(predicted) === relation,
  relation:
    (value, relation = named(relationByName, value)) =>
    (gold, predicted) =>
      relationOf(gold) === relation || relationOf(predicted) === relation,
  outcome: (value) => (Object.hasOwn(OUTCOMES, value) ? OUTCOMES[value] : () => false),
  change: (value) => (gold, predicted, row) => changeOf(gold, predicted, row) === value,
  bin: (value) => (_, __, row) => sentences.bin[row] === Number(value),
  place: (value) => (_, __, row) => place(row) === value,
  q:
    (value, words = value.toLowerCase()) =>
    (_, __, row) =>
      haystack(row).includes(words),
};

const FILTER_TITLES = {
  gold: "gold",
  predicted: "predicted",
  label: "gold or predicted",
  goldRelation: "gold, either direction",
  predictedRelation: "predicted, either direction",
  relation: "gold or predicted, either direction",
  place: "place",
  q: "with the words",
};

function named(numbers, name) {
  return numbers.get(name) ?? NaN;
}

const haystacks = [];

// What a search looks at of a row, made when it is first asked for.
function haystack(row) {
  haystacks[row] ??= `${sentences.id[row]}\n${place(row)}\n${sentences.text[row]}`.toLowerCase();
  return haystacks[row];
}

// The file and line of a row.
export function place(row) {
  const file = sentences.files[sentences.file[row]];
  return file ? `${file}:${sentences.line[row]}` : sentences.line[row];
}

function sliceTest(values) {
  const cut = Object.keys(data.cuts).indexOf(values.cut);
  const slice = cut < 0 ? -1 : data.cuts[values.cut].indexOf(values.slice);
  return slice < 0 ? () => false : (_, __, row) => sentences.slices[cut][row] === slice;
}

// The numbers of the rows that all values allow, in the order of the file.
export function matching(values) {
  const tests = Object.entries(TESTS)
    .filter(([key]) => values[key])
    .map(([key, make]) => make(values[key]));
  if (values.cut) tests.push(sliceTest(values));
  const rows = [];
  for (let row = 0; row < sentences.id.length; row += 1) {
    const [gold, predicted] = [sentences.gold[row], sentences.predicted[row]];
    if (tests.every((passes) => passes(gold, predicted, row))) rows.push(row);
  }
  return rows;
}

// The values that filter, each with its words: [[keys, words]], the keys those to take out to be rid of it.
export function described(values) {
  const told = Object.entries(FILTER_TITLES)
    .filter(([key]) => values[key])
    .map(([key, title]) => [[key], `${title}: ${values[key]}`]);
  if (values.outcome) told.push([["outcome"], titleIn(OUTCOME_TITLES, values.outcome)]);
  if (values.change) told.push([["change"], titleIn(CHANGES, values.change)]);
  if (values.bin) told.push([["bin"], `confidence ${Number(values.bin) * 10} to ${Number(values.bin) * 10 + 10}%`]);
  if (values.cut) told.push([["cut", "slice"], `${values.cut}: ${values.slice}`]);
  return told;
}

// A key that there is not, which an address may name, stays as it is.
function titleIn(titles, key) {
  return Object.hasOwn(titles, key) ? titles[key] : key;
}
