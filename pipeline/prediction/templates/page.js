// Each sentence drawn from the JSON that stands behind its text.

import { drawSentence } from "../../pages/templates/sentence.js";

const dark = window.matchMedia("(prefers-color-scheme: dark)");
const follow = () => (document.documentElement.dataset.theme = dark.matches ? "dark" : "light");
dark.addEventListener("change", follow);
follow();
for (const block of document.querySelectorAll("article > script")) {
  block.parentElement.querySelector(".sentence-text").replaceWith(drawSentence(JSON.parse(block.textContent)));
}
