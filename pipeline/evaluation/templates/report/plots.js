// Plots in SVG. What they show stands beside them in words or in a table; so they are pictures with a title to a screen reader.

import { svg } from "../../../pages/templates/dom.js";

// A number of a domain as pixels of a range.
export function scale([from, to], [first, last]) {
  const ratio = to === from ? 0 : (last - first) / (to - from);
  return (value) => Math.round((first + (value - from) * ratio) * 10) / 10;
}

export function picture(title, width, height, ...children) {
  return svg(
    "svg",
    { class: "plot", role: "img", "aria-label": title, viewBox: `0 0 ${width} ${height}`, width, height },
    ...children,
  );
}

export function line(x1, y1, x2, y2, look = "axis") {
  return svg("line", { x1, y1, x2, y2, class: look });
}

export function words(x, y, text, anchor = "middle", look = "") {
  return svg("text", { x, y, "text-anchor": anchor, class: look }, text);
}

const DOTS = { width: 220, height: 22, edge: 14 };
const PERCENT = [0, 25, 50, 75, 100];

// A score as a dot with its interval as whiskers, and where given a line at what it is held against.
// Args: marks: the numbers of the grid, from the least to the largest that is drawn.
export function dotAndWhisker({ value, low, high, against = null, faint = false, marks = PERCENT }) {
  const middle = DOTS.height / 2;
  const x = dotScale(marks);
  const parts = marks.map((mark) => line(x(mark), 0, x(mark), DOTS.height, "grid"));
  if (against !== null) parts.push(line(x(against), 0, x(against), DOTS.height, "against"));
  if (low !== null && value !== null) {
    parts.push(line(x(low), middle, x(high), middle, "whisker"));
    for (const end of [low, high]) parts.push(line(x(end), middle - 4, x(end), middle + 4, "whisker"));
  }
  if (value !== null) parts.push(svg("circle", { cx: x(value), cy: middle, r: 4, class: "dot" }));
  return dotPicture(faint ? "dots faint" : "dots", DOTS.height, parts);
}

// The numbers above such plots.
export function dotAxis(marks = PERCENT) {
  const x = dotScale(marks);
  return dotPicture(
    "dots",
    16,
    marks.map((mark) => words(x(mark), 12, String(mark))),
  );
}

function dotScale(marks) {
  return scale([marks[0], marks.at(-1)], [DOTS.edge, DOTS.width - DOTS.edge]);
}

function dotPicture(look, height, parts) {
  const size = { viewBox: `0 0 ${DOTS.width} ${height}`, width: DOTS.width, height };
  return svg("svg", { class: look, "aria-hidden": "true", ...size }, parts);
}

// A frame with axes: { parts, x, y }, x and y the scales of it.
export function frame({ width, height, xs, ys, xTitle, yTitle, xTicks, yTicks }) {
  const [left, right, top, bottom] = [52, width - 12, 12, height - 40];
  const [x, y] = [scale(xs, [left, right]), scale(ys, [bottom, top])];
  const parts = yTicks.flatMap((tick) => [
    line(left, y(tick), right, y(tick), "grid"),
    words(left - 6, y(tick) + 4, shortened(tick), "end"),
  ]);
  parts.push(...xTicks.map((tick) => words(x(tick), bottom + 16, shortened(tick))));
  parts.push(line(left, bottom, right, bottom), line(left, top, left, bottom));
  parts.push(words((left + right) / 2, height - 6, xTitle));
  parts.push(svg("text", { transform: `translate(12 ${(top + bottom) / 2}) rotate(-90)`, "text-anchor": "middle" }, yTitle));
  return { parts, x, y, bottom };
}

function shortened(number) {
  return Number.isInteger(number) ? String(number) : String(Number(number.toPrecision(2)));
}

// Round numbers from 0 or `from` to at least `to`, about `n` of them.
export function ticks(from, to, n = 5) {
  const rough = Math.max(to - from, 1e-9) / n;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= rough);
  const first = Math.floor(from / step) * step;
  const steps = Math.ceil((to - first) / step - 1e-9);
  return Array.from({ length: steps + 1 }, (_, k) => Number((first + k * step).toPrecision(12)));
}

// Curves over epochs: series: [{ name, values, look }], the epoch marked from 1.
export function curves({ title, yTitle, series, marked }) {
  const known = series.flatMap((one) => one.values).filter((value) => value !== null);
  const length = Math.max(...series.map((one) => one.values.length));
  const yTicks = ticks(Math.min(0, ...known), Math.max(...known));
  const xTicks = ticks(1, length, 8).filter((tick) => Number.isInteger(tick) && tick >= 1 && tick <= length);
  const axes = { width: 560, height: 260, xs: [1, Math.max(2, length)], ys: [yTicks[0], yTicks.at(-1)], xTicks, yTicks };
  const { parts, x, y, bottom } = frame({ ...axes, xTitle: "epoch", yTitle });
  if (marked) parts.push(line(x(marked), 12, x(marked), bottom, "against"), words(x(marked), 10, `best: ${marked}`));
  for (const { values, look } of series) {
    const points = values.map((value, n) => (value === null ? null : `${x(n + 1)},${y(value)}`)).filter(Boolean);
    parts.push(svg("polyline", { points: points.join(" "), class: `curve ${look}` }));
    if (points.length === 1)
      parts.push(svg("circle", { cx: points[0].split(",")[0], cy: points[0].split(",")[1], r: 3, class: look }));
  }
  return picture(title, 560, 260, parts);
}

// How often whole numbers from 0 occur, a line a series, as shares of each one's sum: series: [{ values, look }].
export function frequencies({ title, xTitle, series }) {
  const shares = series.map(({ values }) => values.map((value) => (100 * value) / Math.max(1, sum(values))));
  const last = Math.max(1, ...shares.map((values) => values.findLastIndex((value) => value > 0)));
  const yTicks = ticks(0, Math.max(1, ...shares.flat()), 4);
  const xTicks = ticks(0, last, 6).filter((tick) => Number.isInteger(tick) && tick <= last);
  const axes = { width: 560, height: 220, xs: [0, last], ys: [0, yTicks.at(-1)], xTicks, yTicks };
  const { parts, x, y } = frame({ ...axes, xTitle, yTitle: "% of pairs" });
  shares.forEach((values, n) => {
    const points = values.slice(0, last + 1).map((value, at) => `${x(at)},${y(value)}`);
    parts.push(svg("polyline", { points: points.join(" "), class: `curve ${series[n].look}` }));
  });
  return picture(title, 560, 220, parts);
}

export function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}
