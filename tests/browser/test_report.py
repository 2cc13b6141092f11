"""The report in a browser: quiet, offline, each number with its sentences, for everybody."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.conftest import PAGES, SCREENSHOTS, Opened

NAMES = ("usual", "unlabelled", "hostile", "many", "few")
TABS = ("overview", "classes", "confusion", "slices", "training", "sentences", "data")
Row = dict[str, Any]
FOUND = """async (addresses) => {  // how many sentences each address finds
  const found = {};
  for (const address of addresses) {
    await new Promise((done) => {
      window.addEventListener("hashchange", done, { once: true });
      window.location.hash = address;
    });
    const panel = document.querySelector("details.ids");
    panel.open = true;
    panel.dispatchEvent(new Event("toggle"));
    const text = panel.querySelector("textarea").value;
    found[address] = text === "" ? 0 : text.split("\\n").length;
  }
  return found;
}"""


def relation(label: str) -> str:
    return label.removesuffix("(e1,e2)").removesuffix("(e2,e1)")


def flipped(row: Row) -> bool:
    return row["gold"] != row["predicted"] and relation(row["gold"]) == relation(row["predicted"])


FILTERS: list[tuple[Row, Callable[[Row], bool]]] = [
    ({"gold": "Cause-Effect(e1,e2)"}, lambda row: row["gold"] == "Cause-Effect(e1,e2)"),
    ({"predicted": "Other"}, lambda row: row["predicted"] == "Other"),
    ({"label": "Other"}, lambda row: "Other" in (row["gold"], row["predicted"])),
    ({"goldRelation": "Entity-Origin"}, lambda row: relation(row["gold"]) == "Entity-Origin"),
    ({"predictedRelation": "Entity-Origin"}, lambda row: relation(row["predicted"]) == "Entity-Origin"),
    ({"relation": "Entity-Origin"}, lambda row: "Entity-Origin" in (relation(row["gold"]), relation(row["predicted"]))),
    ({"outcome": "wrong"}, lambda row: row["gold"] != row["predicted"]),
    ({"outcome": "right", "gold": "Other"}, lambda row: row["gold"] == row["predicted"] == "Other"),
    ({"outcome": "flipped"}, flipped),
    ({"outcome": "elsewhere"}, lambda row: relation(row["gold"]) != relation(row["predicted"])),
    ({"bin": "9"}, lambda row: max(row["probabilities"].values()) > 0.9),
    ({"q": "17"}, lambda row: row["id"] == "17" or "17" in row["id"] or f"{4 * int(row['id']) - 3}".find("17") >= 0),
]


@pytest.mark.parametrize("opened", NAMES, indirect=True)
@pytest.mark.parametrize("tab", TABS)
def test_every_tab_opens_and_axe_finds_nothing(opened: Opened, tab: str) -> None:
    opened.go(f"#{tab}")
    assert opened.page.locator("main h1").count() == 1
    found = Axe().run(opened.page).response["violations"]
    assert [(one["id"], [node["html"][:200] for node in one["nodes"][:3]]) for one in found] == []


@pytest.mark.parametrize("opened", ["usual", "many"], indirect=True)
@pytest.mark.parametrize("tab", TABS)
def test_dark_has_enough_contrast_too(opened: Opened, tab: str) -> None:
    opened.page.get_by_label("Colours").select_option("dark")
    opened.go(f"#{tab}")
    assert opened.page.locator("html").get_attribute("data-theme") == "dark"
    found = Axe().run(opened.page, options={"runOnly": ["color-contrast"]}).response["violations"]
    assert [node["html"][:200] for one in found for node in one["nodes"]] == []


@pytest.mark.parametrize(("values", "belongs"), FILTERS, ids=lambda value: urlencode(value) if isinstance(value, dict) else "")
def test_a_filter_gives_the_sentences_that_predictions_jsonl_gives(
    opened: Opened, values: Row, belongs: Callable[[Row], bool]
) -> None:
    opened.go(f"#sentences?{urlencode(values)}")
    wanted = [row["id"] for row in opened.predictions if belongs(row)]
    assert wanted
    assert opened.ids() == wanted


@pytest.mark.parametrize("opened", ["copy"], indirect=True)
def test_a_copy_tells_its_commit_and_leads_to_the_sentences_that_changed(opened: Opened) -> None:
    assert "Commit 0000000" in opened.page.locator("main").inner_text()
    opened.go("#compare")
    found = Axe().run(opened.page).response["violations"]
    assert [(one["id"], [node["html"][:200] for node in one["nodes"][:3]]) for one in found] == []
    opened.page.screenshot(path=SCREENSHOTS / "copy-compare.png", full_page=True)
    told = "all => all.map(a => [a.getAttribute('href'), a.textContent])"
    links = opened.page.locator("main a[href^='#sentences']").evaluate_all(told)
    wanted = {href: int(text) for href, text in links}
    assert len(wanted) == 3
    assert opened.page.evaluate(FOUND, list(wanted)) == wanted


@pytest.mark.parametrize("opened", ["copy"], indirect=True)
def test_a_copy_lists_the_doubtful_labels_and_sorts_them(opened: Opened) -> None:
    opened.go("#doubtful")
    found = Axe().run(opened.page).response["violations"]
    assert [(one["id"], [node["html"][:200] for node in one["nodes"][:3]]) for one in found] == []
    opened.page.screenshot(path=SCREENSHOTS / "copy-doubtful.png", full_page=True)
    told = opened.page.locator("main").inner_text()
    assert "contradict 120 annotations" in told
    assert "2 rows have changed since" in told
    assert "the <b>cat</b> saw a mat" in told
    first = opened.page.locator("tbody tr td").first
    assert first.inner_text() == "0.00"
    opened.page.get_by_role("button", name="probability").click()
    assert first.inner_text() == "0.39"


def test_a_slice_gives_its_sentences(opened: Opened) -> None:
    for cut, slices in opened.slices.items():
        for name, ids in slices.items():
            opened.go(f"#sentences?{urlencode({'cut': cut, 'slice': name})}")
            assert opened.ids() == ids


def test_a_place_of_a_finding_leads_to_its_sentence_alone(opened: Opened) -> None:
    opened.go("#data")
    opened.page.get_by_role("link", name="data/raw/test.txt:5", exact=True).first.click()
    opened.wait()
    assert opened.ids() == ["2"]


@pytest.mark.parametrize("opened", ["usual", "many"], indirect=True)
@pytest.mark.parametrize("tab", ["classes", "classes?mode=undirected", "classes?mode=directed", "confusion", "slices", "data"])
def test_a_number_leads_to_as_many_sentences(opened: Opened, tab: str) -> None:
    opened.go(f"#{tab}")
    opened.page.wait_for_selector("main table")
    told = "all => all.map(a => [a.getAttribute('href'), a.textContent])"
    links = opened.page.locator("main a[href^='#sentences']").evaluate_all(told)
    wanted = {href: int(text) for href, text in links if text.isdecimal()}
    assert wanted
    assert opened.page.evaluate(FOUND, list(wanted)) == wanted


def test_a_cell_of_the_confusion_is_reached_by_the_arrow_keys_and_the_back_button_leads_back(opened: Opened) -> None:
    opened.go("#confusion")
    opened.page.locator(".matrix a").first.focus()
    opened.page.keyboard.press("ArrowDown")
    focused = opened.page.evaluate("document.activeElement.getAttribute('aria-label')")
    opened.page.keyboard.press("Enter")
    opened.page.wait_for_selector(".cards")
    n, gold, predicted = focused.replace(", gold ", "|").replace(", predicted ", "|").split("|")
    wanted = [row["id"] for row in opened.predictions if (row["gold"], row["predicted"]) == (gold, predicted)]
    assert len(wanted) == int(n)
    assert opened.ids() == wanted
    opened.page.go_back()
    opened.page.wait_for_selector(".matrix")


def test_more_classes_than_a_map_can_show_are_a_list_of_pairs(browser: Any, opened: Opened) -> None:
    opened.page.goto((PAGES / "many" / "report.html").as_uri())
    opened.complaints.clear()
    opened.go("#confusion")
    assert opened.page.locator(".matrix").count() == 0
    assert opened.page.locator("table tbody tr").count() > 20


def test_a_search_is_typed_and_its_pages_are_turned(opened: Opened) -> None:
    opened.go("#sentences")
    opened.page.get_by_label("Search").fill("RIVER")
    opened.page.keyboard.press("Enter")
    opened.page.wait_for_selector(".chips")
    first = opened.page.locator(".card").first.get_attribute("data-id")
    assert all("river" in text for text in opened.page.locator(".sentence-text").all_inner_texts())
    opened.page.get_by_role("link", name="next").click()
    opened.page.wait_for_function("window.location.hash.includes('page=2')")
    assert opened.page.locator(".card").first.get_attribute("data-id") != first


@pytest.mark.parametrize(
    ("tab", "title", "steps"),
    [
        ("sentences?page=2", "Outcome", ["outcome=right", "outcome=wrong"]),
        ("sentences", "Order", ["sort=surest", "sort=unsurest"]),
        ("classes", "Scoring", ["mode=directed", "mode=undirected"]),
        ("confusion", "Direction", ["directions=ignored"]),
    ],
)
def test_a_select_is_stepped_by_arrow_keys(opened: Opened, tab: str, title: str, steps: list[str]) -> None:
    opened.go(f"#{tab}")
    opened.page.get_by_label(title).focus()
    for step in steps:
        opened.page.keyboard.press("ArrowDown")
        opened.page.wait_for_function("step => window.location.hash.endsWith(step)", arg=step)
        opened.wait()
    assert opened.page.evaluate("document.activeElement.closest('label').textContent").startswith(title)


def test_a_control_keeps_what_the_others_ask_for(opened: Opened) -> None:
    opened.go("#sentences?gold=Other")
    opened.page.get_by_label("Outcome").select_option("wrong")
    opened.wait()
    opened.page.get_by_label("Search").fill("river")
    opened.page.keyboard.press("Enter")
    opened.wait()
    assert opened.page.evaluate("window.location.hash") == "#sentences?gold=Other&outcome=wrong&q=river"
    assert opened.page.evaluate("document.activeElement.name") == "q"
    opened.go("#sentences")
    assert [opened.page.get_by_label(title).input_value() for title in ("Search", "Outcome")] == ["", ""]


def test_what_was_found_is_told_in_one_live_region(opened: Opened) -> None:
    opened.go("#sentences")
    status = opened.page.locator(".found").element_handle()
    opened.go("#sentences?q=river")
    assert status.evaluate("node => node.isConnected")
    assert status.inner_text().endswith(" of 400")


def follow(opened: Opened, address: str, link: str, there: str) -> None:
    """Follow a link of a place by the keyboard, to where it leads."""
    opened.go(address)
    opened.page.get_by_role("link", name=link).press("Enter")
    opened.page.wait_for_function(f"window.location.hash === '{there}'")
    opened.wait()


def test_the_focus_goes_to_what_was_found_where_a_filter_is_taken_out(opened: Opened) -> None:
    follow(opened, "#sentences?gold=Other&outcome=wrong", "without gold: Other", "#sentences?outcome=wrong")
    assert opened.page.evaluate("document.activeElement.className") == "found"


def test_the_next_page_begins_at_its_first_sentence(opened: Opened) -> None:
    follow(opened, "#sentences", "next", "#sentences?page=2")
    assert opened.page.evaluate("document.activeElement.className") == "cards"
    assert opened.page.evaluate("Math.abs(document.querySelector('.card').getBoundingClientRect().top)") < 100


@pytest.mark.parametrize("opened", ["many"], indirect=True)
def test_the_focus_stays_at_a_table_that_has_no_more_rows_to_show(opened: Opened) -> None:
    opened.go("#classes")
    for _ in range(2):
        opened.page.get_by_role("button", name="show more").press("Enter")
    assert opened.page.evaluate("document.activeElement.getAttribute('aria-label')") == "Classes"


def test_the_surest_stand_first_where_asked_for(opened: Opened) -> None:
    opened.go("#sentences?outcome=wrong&sort=surest")
    sure = {row["id"]: max(row["probabilities"].values()) for row in opened.predictions if row["gold"] != row["predicted"]}
    shares = [round(sure[row_id], 3) for row_id in opened.ids()]
    assert shares == sorted(shares, reverse=True)


def test_picked_sentences_are_copied_as_ids_of_parse_exclude(opened: Opened) -> None:
    opened.go("#sentences")
    for row_id in ("2", "5"):
        opened.page.locator(f".card[data-id='{row_id}'] input").check()
    assert opened.ids() == ["2", "5"]
    opened.page.get_by_label("Form").select_option("exclude")
    assert opened.page.get_by_label("Ids", exact=True).input_value() == 'exclude: ["2", "5"]'


def test_a_mistake_is_drawn_with_both_relations_as_arcs_and_a_right_one_with_one(opened: Opened) -> None:
    for outcome, arcs in (("wrong", ["arc gold", "arc wrong"]), ("right", ["arc right"])):
        opened.go(f"#sentences?outcome={outcome}&gold=Message-Topic(e2,e1)")
        opened.page.wait_for_selector(".card svg")
        drawn = opened.page.locator(".card").first.locator("g.arc").evaluate_all("all => all.map(one => one.getAttribute('class'))")
        assert [one.replace(" none", "") for one in drawn] == arcs


@pytest.mark.parametrize("opened", ["hostile"], indirect=True)
def test_what_texts_and_labels_bring_stays_text(opened: Opened) -> None:
    opened.go("#sentences")
    texts = opened.page.locator(".sentence-text").evaluate_all("all => all.map(one => one.textContent)")
    assert "</script><script>alert(2)</script>" in texts[0]
    marks = opened.page.locator(".card").nth(1).locator("mark").evaluate_all("all => all.map(one => one.textContent)")
    assert marks == ["\N{FAMILY}\N{GRINNING FACE}", "e\N{COMBINING ACUTE ACCENT}t"]
    for label in ("__proto__", "<b>bold</b>", "constructor", "a&b=c?d#e"):
        opened.go(f"#sentences?{urlencode({'label': label})}")
        assert opened.ids() == [row["id"] for row in opened.predictions if label in (row["gold"], row["predicted"])]


@pytest.mark.parametrize("opened", ["hostile"], indirect=True)
def test_an_arc_over_two_lines_of_right_to_left_text_leaves_to_the_left_and_comes_from_the_right(opened: Opened) -> None:
    opened.go("#sentences")
    card = opened.page.locator(".card[data-id='2']")
    card.locator("svg").wait_for()
    paths = card.locator("g.arc").first.locator("path:not(.arrow-head)")
    drawn = paths.evaluate_all("all => all.map(one => one.getAttribute('d'))")
    width = card.locator("p").evaluate("line => line.getBoundingClientRect().width")
    assert [float(path.split("H")[1]) for path in drawn] == [0, width]


@pytest.mark.parametrize("opened", ["many"], indirect=True)
def test_a_long_name_of_a_class_can_be_read_whole(opened: Opened) -> None:
    opened.go("#classes")
    opened.page.get_by_role("button", name="class").click()
    cell = opened.page.locator("td.name").filter(has_text="a-name-without-a-space")
    assert cell.evaluate("cell => cell.firstChild.getBoundingClientRect().right <= cell.getBoundingClientRect().right")


@pytest.mark.parametrize("opened", ["perfect"], indirect=True)
def test_of_a_model_without_a_mistake_there_is_nothing_to_look_at_first(opened: Opened) -> None:
    assert "No mistake, and no warning of the annotations." in opened.page.locator("main").inner_text()


@pytest.mark.parametrize("opened", ["perfect"], indirect=True)
def test_of_one_epoch_no_score_is_said_to_rise(opened: Opened) -> None:
    opened.go("#training")
    told = opened.page.locator("main").inner_text()
    assert "Epoch 1 of 1 was kept" in told
    assert "rising" not in told


def test_keys_that_there_are_not_ask_for_nothing_whatever_they_are_called(opened: Opened) -> None:
    opened.go("#sentences?sort=constructor&outcome=constructor")
    assert opened.page.locator(".found").inner_text() == "0 pairs of 400"
    assert opened.page.locator(".chips li").first.inner_text() == "constructor ×"
    assert opened.page.get_by_label("Order").input_value() == "file"


@pytest.mark.parametrize("opened", ["unrelated"], indirect=True)
def test_where_gold_has_no_relation_the_page_says_so_and_not_that_rows_are_few(opened: Opened) -> None:
    main = opened.page.locator("main")
    assert main.locator(".headline").inner_text().startswith("no relation to find ")
    assert "All test pairs are Other." in main.inner_text()
    assert "too few rows" not in main.inner_text()
    opened.go("#slices")
    assert "no relation to find" in main.locator(".cuts").first.inner_text()


@pytest.mark.parametrize("opened", ["few"], indirect=True)
def test_of_too_few_rows_the_page_says_so(opened: Opened) -> None:
    main = opened.page.locator("main")
    assert "How sure that is: too few rows to say." in main.inner_text()
    row = opened.page.get_by_role("row").filter(has_text="Accuracy")
    assert row.locator("td").all_inner_texts()[1::2] == ["100.0 (too few rows to say)", "too few rows to say"]
    opened.go("#classes")
    told = main.get_by_role("row").filter(has=opened.page.get_by_role("link", name="R", exact=True)).inner_text()
    assert told.count("too few rows to say") == 3
    opened.go("#slices")
    assert all("too few rows to say" in told for told in main.locator(".cuts tr.few").all_inner_texts())
    assert main.locator(".cuts tr.few").count() > 0


@pytest.mark.parametrize("tab", TABS)
def test_a_narrow_screen_scrolls_tables_and_not_the_page(opened: Opened, tab: str) -> None:
    opened.page.set_viewport_size({"width": 360, "height": 740})
    opened.go(f"#{tab}")
    opened.page.wait_for_timeout(100)
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= 360
    opened.page.screenshot(path=SCREENSHOTS / f"narrow-{tab}.png")


def test_a_table_is_sorted_by_a_click_on_its_title(opened: Opened) -> None:
    opened.go("#classes")
    opened.page.get_by_role("button", name="F1").click()
    shown = [float(text.split()[0]) for text in opened.page.locator("tbody td:nth-child(3)").all_inner_texts()]
    assert shown == sorted(shown, reverse=True)
    assert opened.page.locator("th[aria-sort=descending]").inner_text().startswith("F1")


def test_pairs_are_counted_as_pairs_and_sentences_once(opened: Opened) -> None:
    texts = set(opened.page.evaluate("JSON.parse(document.getElementById('data').textContent).sentences.text"))
    told = opened.page.locator(".lead").inner_text()
    assert f"tested on 400 pairs in {len(texts)} sentences." in told
    opened.go("#sentences")
    assert opened.page.locator(".found").inner_text() == "400 pairs"


@pytest.mark.parametrize("tab", ["classes", "confusion", "slices"])
def test_no_number_of_pairs_is_called_one_of_sentences(opened: Opened, tab: str) -> None:
    opened.go(f"#{tab}")
    labels = opened.page.locator("main a[aria-label]").evaluate_all("all => all.map(one => one.getAttribute('aria-label'))")
    assert not [one for one in [*labels, opened.page.locator("main").inner_text()] if "sentences" in one]


def test_the_switch_of_colours_is_remembered(opened: Opened) -> None:
    opened.page.get_by_label("Colours").select_option("dark")
    opened.page.reload()
    assert opened.page.locator("html").get_attribute("data-theme") == "dark"


@pytest.mark.parametrize("opened", NAMES, indirect=True)
@pytest.mark.parametrize("tab", TABS)
def test_a_screenshot_of_every_tab_is_there_to_be_looked_at(opened: Opened, tab: str) -> None:
    opened.go(f"#{tab}")
    opened.page.wait_for_timeout(100)
    opened.page.screenshot(path=SCREENSHOTS / f"{opened.folder.name}-{tab}.png", full_page=True)
