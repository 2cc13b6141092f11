// A text drawn with its entities marked and its relations as arcs above and below the lines.

import { el, svg } from "./dom.js";

const LEVEL = 20; // pixels from an arc to the next one outside it
const ROOM = 14; // between the words and the first arc
const SHIFT = 5; // between the ends of two arcs at one entity

// Args: text; spans: [{ start, end, marks, label }] half-open in characters, marks the classes of its looks, label words behind it;
// arcs: [{ from, to, label, look, below, directed }], from and to indices of spans, look a class.
export function drawSentence({ text, spans, arcs }) {
  const characters = Array.from(text);
  const pieces = cutAtEdges(characters, spans);
  const line = el(
    "p",
    { class: "sentence-text", dir: "auto" },
    pieces.map((piece) => piece.nodes),
  );
  const box = el("div", { class: "sentence" }, line);
  const levels = stacked(arcs, spans);
  const highest = (below) => Math.max(-1, ...levels.filter((_, n) => arcs[n].below === below)) + 1;
  const [above, under] = [highest(false), highest(true)].map((n) => (n ? ROOM + n * LEVEL : 0));
  line.style.setProperty("line-height", `${24 + above + under}px`);
  line.style.setProperty("padding-top", `${Math.max(0, (above - under) / 2)}px`);
  line.style.setProperty("padding-bottom", `${Math.max(0, (under - above) / 2)}px`);
  if (arcs.length) redrawnWithSize(box, () => drawArcs(box, pieces, spans, arcs, levels));
  return box;
}

// The text cut at all edges of spans: [{ start, end, nodes, element }].
function cutAtEdges(characters, spans) {
  const edges = new Set([0, characters.length, ...spans.flatMap((span) => [span.start, span.end])]);
  const sorted = [...edges].filter((edge) => edge >= 0 && edge <= characters.length).sort((a, b) => a - b);
  return sorted.slice(1).map((end, n) => {
    const start = sorted[n];
    const part = characters.slice(start, end).join("");
    const covering = spans.filter((span) => span.start <= start && end <= span.end);
    if (!covering.length) return { start, end, nodes: [part], element: null };
    const element = el("mark", { class: covering.map((span) => span.marks).join(" ") }, part);
    const labels = covering.filter((span) => span.end === end && span.label);
    const words = labels.map((span) => el("span", { class: "span-label" }, span.label));
    return { start, end, nodes: [element, ...words], element };
  });
}

// The level of each arc, so that those that share a stretch of the text on one side are apart, the shorter inside.
function stacked(arcs, spans) {
  const stretch = (arc) => [arc.from, arc.to].map((n) => spans[n].start).sort((a, b) => a - b);
  const order = arcs.map((_, n) => n).sort((a, b) => width(stretch(arcs[a])) - width(stretch(arcs[b])) || a - b);
  const levels = arcs.map(() => -1);
  for (const n of order) {
    const [start, end] = stretch(arcs[n]);
    const taken = order
      .filter((other) => levels[other] >= 0 && arcs[other].below === arcs[n].below)
      .filter((other) => stretch(arcs[other])[0] <= end && start <= stretch(arcs[other])[1])
      .map((other) => levels[other]);
    levels[n] = 0;
    while (taken.includes(levels[n])) levels[n] += 1;
  }
  return levels;
}

function width([start, end]) {
  return end - start;
}

const redraw = new WeakMap();
const sizes = new ResizeObserver((entries) => entries.forEach((entry) => redraw.get(entry.target)?.()));

// Draw now that it has a size, and again with each other one.
function redrawnWithSize(box, draw) {
  redraw.set(box, draw);
  sizes.observe(box);
}

function drawArcs(box, pieces, spans, arcs, levels) {
  const frame = box.getBoundingClientRect();
  if (!frame.width) return;
  const place = (span) => {
    const piece = pieces.find((one) => one.element && one.start >= span.start && one.end <= span.end);
    const rect = piece.element.getClientRects()[0];
    return { x: rect.left + rect.width / 2 - frame.left, top: rect.top - frame.top, bottom: rect.bottom - frame.top };
  };
  const places = new Map(arcs.flatMap((arc) => [arc.from, arc.to]).map((n) => [n, place(spans[n])]));
  const line = box.firstChild;
  const edges = { right: line.getBoundingClientRect().right - frame.left, leftwards: getComputedStyle(line).direction === "rtl" };
  const drawn = arcs.map((arc, n) => drawArc(arc, places.get(arc.from), places.get(arc.to), levels[n], edges));
  box.querySelector("svg")?.remove();
  box.append(svg("svg", { class: "arcs", "aria-hidden": "true", width: frame.width, height: frame.height }, drawn));
}

// An arc in one piece where both ends are in one line, else a piece at the end of the upper line and one at the start of the lower.
// Args: right: where lines end to the right, which begin at 0; leftwards: whether they are read so.
function drawArc(arc, from, to, level, { right, leftwards }) {
  const side = arc.below ? 1 : -1;
  const foot = (place) => (arc.below ? place.bottom : place.top);
  const bar = (place) => foot(place) + side * (ROOM + level * LEVEL);
  const isOneLine = Math.abs(from.top - to.top) < 8;
  const rightwards = isOneLine ? from.x <= to.x : from.top < to.top !== leftwards;
  const towards = rightwards ? 1 : -1;
  const [x1, x2] = [from.x + towards * level * SHIFT, to.x - towards * level * SHIFT];
  const stem = (x, place) => `M${x},${foot(place) + side * 3} V${bar(place)}`;
  const parts = [];
  if (isOneLine) {
    parts.push(svg("path", { d: `${stem(x1, from)} H${x2} V${foot(to) + side * 3}` }), name(arc, (x1 + x2) / 2, bar(from)));
  } else {
    const [edge1, edge2] = rightwards ? [right, 0] : [0, right];
    parts.push(svg("path", { d: `${stem(x1, from)} H${edge1}` }), svg("path", { d: `${stem(x2, to)} H${edge2}` }));
    parts.push(name(arc, (x1 + edge1) / 2, bar(from)));
  }
  if (arc.directed) parts.push(arrowHead(x2, foot(to) + side * 2, side));
  return svg("g", { class: `arc ${arc.look}` }, parts);
}

function arrowHead(x, y, side) {
  return svg("path", { class: "arrow-head", d: `M${x},${y} l-4,${side * 8} h8 z` });
}

function name(arc, x, y) {
  return svg("text", { x, y: y + 4, "text-anchor": "middle" }, arc.label);
}
