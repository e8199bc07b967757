"""Logging in with a real browser, which says its Origin by rules of its own."""

from __future__ import annotations

import pytest

from browser import BROWSER, needs_browser
from server.account_verbs import PASSWORD, give_password

pytestmark = needs_browser


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_a_person_logs_in(own_server, colours):
    playwright = pytest.importorskip("playwright.sync_api")
    from axe_core_python.sync_playwright import Axe

    server = own_server()
    give_password(server.data, "ann")
    home = f"http://127.0.0.1:{server.port}"
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        page = browser.new_context(color_scheme=colours, viewport={"width": 390, "height": 844}).new_page()
        faults = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(f"{home}/?x=1")
        for password in ("not this one", PASSWORD):
            page.keyboard.type("ann")  # the first field has the focus
            page.keyboard.press("Tab")
            page.keyboard.type(password)
            page.keyboard.press("Enter")
            if password != PASSWORD:
                page.wait_for_selector("[role=alert]")
                assert not Axe().run(page)["violations"]
        page.wait_for_url(f"{home}/?x=1")
        page.goto("about:blank")  # a link elsewhere, for which a strict cookie is not sent along
        page.set_content(f'<a href="{home}/?y=2">look</a>')
        page.click("a")
        page.wait_for_url(f"{home}/?y=2")
        assert faults == []
        browser.close()
