// How the losses fell and the score rose, and which epoch was kept.

import { el } from "../../../pages/templates/dom.js";
import { data } from "./data.js";
import { section } from "./overview.js";
import { curves } from "./plots.js";
import { scrolling } from "./tables.js";

const SCORE = "validation_score";
const LOOKS = ["first", "second", "third", "fourth"];
const LOSS_TITLES = { loss: "all", relation_loss: "relation", tags_loss: "tags", validation_loss: "all, on validation" };

export function drawTraining() {
  if (!data.networks.length) return [el("p", {}, "The model has no curves.")];
  const several = data.networks.length > 1;
  return data.networks.map((network, n) => section(several ? `Member ${n + 1}` : "One network", ...drawNetwork(network)));
}

function drawNetwork({ curves: values, best_epoch: best }) {
  const scores = values[SCORE]; // none where there was no validation
  const kept = `Epoch ${best} of ${values.loss.length} was kept`;
  const losses = Object.entries(values)
    .filter(([name]) => name !== SCORE)
    .map(([name, numbers], n) => ({ name: LOSS_TITLES[name] ?? name, values: numbers, look: LOOKS[n % LOOKS.length] }));
  return [
    el(
      "p",
      {},
      scores
        ? `${kept}: its score on validation was ${scores[best - 1]?.toFixed(2)}, the highest.
      ${best > 1 && best === scores.length ? "The score was still rising at the end: more epochs may help." : ""}`
        : `${kept}, the last, for no rows were held out for validation.`,
    ),
    el(
      "div",
      { class: "beside" },
      scores &&
        figure(
          "Score on validation",
          curves({
            title: "Score on validation by epoch",
            yTitle: "score",
            series: [{ values: scores, look: "first" }],
            marked: best,
          }),
        ),
      figure(
        "Losses",
        curves({ title: "Losses by epoch", yTitle: "loss", series: losses, marked: best }),
        legend(losses),
      ),
    ),
    numbers(values, best),
  ];
}

export function figure(title, ...children) {
  return el("figure", {}, el("figcaption", {}, title), ...children);
}

export function legend(series) {
  return el(
    "ul",
    { class: "legend" },
    series.map(({ name, look }) => el("li", { class: look }, name)),
  );
}

function numbers(values, best) {
  const names = Object.keys(values);
  const epochs = values.loss.map((_, n) => n);
  const rows = epochs.map((n) =>
    el(
      "tr",
      { class: n + 1 === best ? "best" : "" },
      el("th", { scope: "row" }, String(n + 1)),
      names.map((name) => el("td", {}, values[name][n]?.toFixed(4) ?? "–")),
    ),
  );
  const head = el(
    "tr",
    {},
    ["epoch", ...names.map((name) => name.replaceAll("_", " "))].map((title) => el("th", { scope: "col" }, title)),
  );
  return el(
    "details",
    {},
    el("summary", {}, "The numbers"),
    scrolling("Curves", el("table", {}, el("thead", {}, head), el("tbody", {}, rows))),
  );
}
