// The page: its tabs, which of them the address shows, and its colours.

import { el } from "../../../pages/templates/dom.js";
import { data } from "./data.js";
import { refocus, renew } from "./renew.js";
import { address, isTurned, read } from "./state.js";
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
let shown = null; // the state

// Show what the address says; with another tab the focus moves to its heading, else it stays where it is.
function show() {
  const state = read(Object.keys(TABS));
  if (!state) return;
  const [title, draw] = TABS[state.tab];
  const before = shown;
  shown = state;
  for (const link of links) {
    if (link.dataset.tab === state.tab) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${title} · ${data.title}`;
  const heading = el("h1", { tabindex: "-1", "data-kept": "heading" }, title);
  const parts = [heading, ...draw(state.values)];
  if (before?.tab === state.tab) {
    const had = main.contains(document.activeElement);
    renew(main, parts);
    refocus(main, had, isTurned(before.values, state.values));
  } else {
    main.replaceChildren(...parts);
    if (before) toTop(heading);
  }
  main.dataset.shown = window.location.hash;
}

function toTop(heading) {
  heading.focus({ preventScroll: true });
  window.scrollTo(0, 0);
}

document.getElementById("tabs").append(...links);
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
followTheme(document.getElementById("theme"));
window.addEventListener("hashchange", show);
show();
