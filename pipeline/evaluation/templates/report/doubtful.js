// The labels that networks which never saw them doubt, as make doubtful found them, in a copy of the report.

import { count, counted, el } from "../../../pages/templates/dom.js";
import { data } from "./data.js";
import { table } from "./tables.js";

export function drawDoubtful() {
  const { n, n_changed: changed, rows } = data.copy.doubtful;
  const text = (title, cell) => ({ title, text: true, cell });
  const columns = [
    { title: "probability", by: (row) => row.probability, cell: (row) => row.probability.toFixed(2) },
    { ...text("id", (row) => row.id), by: (row) => row.id },
    { ...text("place", (row) => row.place), by: (row) => row.place },
    text("why", (row) => row.why),
    text("sentence", (row) => row.text),
  ];
  const since = changed ? ` ${counted(changed, "row has", "rows have")} changed since, and are not looked at.` : "";
  const listed = rows.length < n ? ` The first ${count(rows.length)} are listed.` : "";
  return [
    el(
      "p",
      {},
      `Networks that were trained without them contradict ${counted(n, "annotation")} of train and validation, the most doubtful
      first; the probability is that of what is annotated.${since}${listed} A doubt may be the networks' mistake: to look at them in
      an annotation tool, run `,
      el("code", {}, "relation-pipeline review TARGET --pick doubtful --to TOOL"),
      ".",
    ),
    rows.length ? table({ title: "Doubtful labels", columns, rows }) : "",
  ];
}
