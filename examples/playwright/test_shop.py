"""Pages of a shop held against their baselines.

pip install spotdiff pytest-playwright && playwright install chromium
pytest examples/playwright --update-pictures   # once; look at __screenshots__ and commit it
pytest examples/playwright
"""

from __future__ import annotations

from pathlib import Path

import pytest

SHOP = (Path(__file__).parent / "shop.html").as_uri()


def test_front_page(page, assert_same):
    page.goto(SHOP)
    assert_same(page.screenshot(full_page=True, animations="disabled"), "front")


def test_one_article(page, assert_same):
    page.goto(SHOP)
    assert_same(page.locator("article").first.screenshot(), "pears")


@pytest.mark.parametrize("width", [400, 1280])
def test_every_width(page, assert_same, width):
    page.set_viewport_size({"width": width, "height": 600})
    page.goto(SHOP)
    assert_same(page.screenshot(full_page=True))  # the name is that of the test
