// The page: its tabs, which of them the address shows, and its colours.

import { el } from "../../../pages/templates/dom.js";
import { data } from "./data.js";
import { address, read } from "./state.js";
import { drawOverview } from "./overview.js";
import { drawClasses } from "./classes.js";
import { drawConfusion } from "./confusion.js";
import { drawSlices } from "./slices.js";
import { drawTraining } from "./training.js";
import { drawSentences } from "./sentences.js";
import { drawCorpus } from "./corpus.js";
import { drawCompare } from "./compare.js";
import { drawDoubtful } from "./doubtful.js";
import { followTheme } from "./theme.js";

const TABS = {
  overview: ["Overview", drawOverview],
  classes: ["Classes", drawClasses],
  confusion: ["Confusion", drawConfusion],
  slices: ["Slices and calibration", drawSlices],
  training: ["Training", drawTraining],
  sentences: ["Sentences", drawSentences],
  data: ["Data", drawCorpus],
};
if (data.copy?.doubtful) TABS.doubtful = ["Doubtful labels", drawDoubtful];
if (data.copy?.against) TABS.compare = ["Compare", drawCompare];

const main = document.getElementById("main");
const links = Object.entries(TABS).map(([tab, [title]]) => el("a", { href: address(tab), "data-tab": tab }, title));
let shown = null;

// Show what the address says; with another tab the focus moves to its heading.
function show() {
  const state = read(Object.keys(TABS));
  if (!state) return;
  const [title, draw] = TABS[state.tab];
  const moved = shown !== null && shown !== state.tab;
  shown = state.tab;
  for (const link of links) {
    if (link.dataset.tab === state.tab) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${title} · ${data.title}`;
  const heading = el("h1", { tabindex: "-1" }, title);
  main.replaceChildren(heading, ...draw(state.values));
  main.dataset.shown = window.location.hash;
  if (moved) {
    heading.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }
}

document.getElementById("tabs").append(...links);
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
followTheme(document.getElementById("theme"));
window.addEventListener("hashchange", show);
show();
