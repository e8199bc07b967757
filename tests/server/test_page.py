"""The page in a real browser: its scripts run under its own policy, and nothing is asked of elsewhere."""

from __future__ import annotations

import re
import subprocess

from browser import BROWSER, needs_browser

pytestmark = needs_browser


def test_the_scripts_of_the_page_run(server, pictures, tmp_path):
    record = server.compare(("<b>hall.png", pictures[0]), pictures[1]).json
    quiet = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}", "--enable-logging=stderr"]
    asked = ["--virtual-time-budget=5000", "--dump-dom", f"http://127.0.0.1:{server.port}/"]
    shown = subprocess.run([str(BROWSER), *quiet, *asked], capture_output=True, text=True, timeout=120, check=True)
    button = re.search(r'<button class="button theme"[^>]*>', shown.stdout)[0]
    assert "hidden" not in button  # theme.js has run
    hint = re.search(r'<span class="muted hint">([^<]*)<', shown.stdout)[1]
    assert hint == "Choose a picture, or drop it here"
    assert re.search(r'class="button send"[^>]* disabled', shown.stdout)  # start.js has run: nothing is chosen
    assert f"/api/v1/comparisons/{record['id']}.html" in shown.stdout
    assert "&lt;b&gt;hall.png" in shown.stdout
    assert not re.search(r"Refused|Content Security Policy|violates", shown.stderr)
