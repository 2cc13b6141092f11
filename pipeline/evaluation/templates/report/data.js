// The block of JSON and what follows from it. Labels are numbers here, as in the block: indices of labels.names.

export const data = JSON.parse(document.getElementById("data").textContent);
export const labels = data.labels;
export const sentences = data.sentences;
export const test = data.scores.splits.test;
export const isScored = data.confusion.n.length > 0; // a label is there to score by
export const TOO_FEW = "too few rows to say";
export const NO_RELATION = "no relation to find"; // in gold, where labelled rows have no F1
export const isDirected = labels.direction.some((direction) => direction !== "");
data.title = `${data.identity.encoder.name} · ${labels.relations.length} relations`;

// A score of a split by its path, such as "relation.accuracy": { value, low, high }, null where there is none.
export function score(split, path) {
  const [part, name] = path.split(".");
  const scores = data.scores.splits[split][part] ?? {};
  const value = scores[name] ?? null;
  return value === null ? null : { value, low: scores[`${name}_low`] ?? null, high: scores[`${name}_high`] ?? null };
}

// The rows of columns as objects.
export function rowsOf(columns) {
  const names = Object.keys(columns);
  return names.length ? columns[names[0]].map((_, n) => Object.fromEntries(names.map((name) => [name, columns[name][n]]))) : [];
}

// The pairs of labels that test rows have, the frequent first: [{ gold, predicted, n }]; without direction of relations' numbers.
export function confusions(directed = true) {
  const pairs = new Map();
  const number = (label) => (directed ? label : labels.relation[label]);
  rowsOf(data.confusion).forEach(({ gold, predicted, n }) => {
    const key = `${number(gold)} ${number(predicted)}`;
    pairs.get(key)?.add(n) ?? pairs.set(key, counter(number(gold), number(predicted), n));
  });
  return [...pairs.values()].sort((a, b) => b.n - a.n || a.gold - b.gold || a.predicted - b.predicted);
}

function counter(gold, predicted, n) {
  const pair = { gold, predicted, n };
  Object.defineProperty(pair, "add", { value: (more) => (pair.n += more) });
  return pair;
}

// Whether two labels are one relation in both directions.
export function isFlip(gold, predicted) {
  return gold !== predicted && labels.relation[gold] === labels.relation[predicted];
}

// The class rows of a scoring mode.
export function classRows(mode) {
  return rowsOf(data.classes).filter((row) => row.mode === mode);
}

// The scoring modes that there are, the headline's first.
export const modes = [...new Set([data.scores.mode, ...(data.classes.mode ?? [])])];

// A score as people read it.
export function percent(value) {
  return (value ?? null) === null ? "–" : value.toFixed(1);
}
