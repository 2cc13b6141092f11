"""The page of predictions in a browser: its sentences are drawn with arcs, and nothing in them is obeyed."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.conftest import PAGES, SCREENSHOTS, Opened


@pytest.mark.parametrize("opened", ["predicted/page.html"], indirect=True)
def test_marked_and_found_relations_are_arcs_between_their_entities(opened: Opened) -> None:
    articles = opened.page.locator("article")
    assert articles.count() == 3
    assert articles.nth(0).locator("mark").evaluate_all("all => all.map(one => one.textContent)") == ["Ann", "Bob"]
    opened.page.wait_for_selector("article svg")
    assert articles.nth(0).locator("g.arc text").text_content() == "Uses"
    assert articles.nth(1).locator("g.arc").count() >= 3
    assert articles.nth(2).locator("svg").count() == 0
    assert opened.page.locator("b").count() == 0


@pytest.mark.parametrize("opened", ["predicted/page.html"], indirect=True)
def test_axe_finds_nothing_in_the_page_of_predictions(opened: Opened) -> None:
    found = Axe().run(opened.page).response["violations"]
    assert [(one["id"], [node["html"][:200] for node in one["nodes"][:3]]) for one in found] == []
    opened.page.screenshot(path=SCREENSHOTS / "predicted.png", full_page=True)


def test_without_javascript_the_page_has_texts_and_relations_in_words(browser: object) -> None:
    context = browser.new_context(java_script_enabled=False)  # type: ignore[attr-defined]
    page = context.new_page()
    page.goto((PAGES / "predicted/page.html").as_uri())
    told = page.inner_text("main")
    assert "Ann uses <b> Bob" in told
    assert "Ann, Bob: Uses(e2,e1) 75%, Other 25%" in told
    context.close()
