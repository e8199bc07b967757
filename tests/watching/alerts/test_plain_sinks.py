"""Lines, programs, webhooks and Apprise, with real streams, processes and servers."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from http_stub import Answer
from spotdiff.errors import OptionError
from spotdiff.watching.alerts import DeliveryWorker, SinkDown
from spotdiff.watching.alerts.sinks.apprise import Apprise
from spotdiff.watching.alerts.sinks.lines import Lines
from spotdiff.watching.alerts.sinks.program import Program
from spotdiff.watching.alerts.sinks.webhook import Webhook


def test_lines_are_the_records_and_are_out_at_once(make_message, capsys, tmp_path):
    stream = io.StringIO()
    for sink in (Lines(stream=stream), Lines(), Lines(path=str(tmp_path / "log.jsonl"))):
        sink.send(make_message(1), "k")
        sink.send(make_message(2), "k3")
    expected = [make_message(1).record, make_message(2).record]
    for text in (stream.getvalue(), capsys.readouterr().out, (tmp_path / "log.jsonl").read_text()):
        assert [json.loads(line) for line in text.splitlines()] == expected


def test_a_closed_pipe_is_a_sink_that_is_down(make_message):
    reading, writing = os.pipe()
    stream = os.fdopen(writing, "w")
    os.close(reading)
    with pytest.raises(SinkDown, match="cannot write to the stream"):
        Lines(stream=stream).send(make_message(), "k")
    with pytest.raises(BrokenPipeError):
        stream.close()
    with pytest.raises(SinkDown):
        Lines(stream=stream).send(make_message(), "k")
    with pytest.raises(OptionError, match="no folder"):
        Lines(path="/nowhere/at/all.jsonl")


def python(code, **how):
    return Program(command=(sys.executable, "-S", "-c", code), **how)


def test_a_program_gets_the_event_on_stdin_and_in_its_environment(make_message, still, tmp_path):
    out = tmp_path / "out.json"
    code = f"""
import json, os, sys
said = json.load(sys.stdin)
json.dump([said, {{k: v for k, v in os.environ.items() if k.startswith("SPOTDIFF_")}}], open({str(out)!r}, "w"))
"""
    python(code).send(make_message(1, picture=still, text="a; rm -rf $HOME `x`\0"), "the/key")
    said, environment = json.loads(out.read_text())
    assert (said["id"], said["key"], said["change"]) == ("hall-1", "the/key", "opened")
    assert environment["SPOTDIFF_TEXT"] == "a; rm -rf $HOME `x`"
    assert environment["SPOTDIFF_PICTURE"] == str(still)
    assert environment["SPOTDIFF_KEY"] == "the/key"
    assert environment["SPOTDIFF_PART"] == "text"
    assert {"SPOTDIFF_EVENT", "SPOTDIFF_CHANGE", "SPOTDIFF_KIND", "SPOTDIFF_CAMERA", "SPOTDIFF_ZONE"} <= set(
        environment
    )


def test_a_program_that_fails_says_why(make_message):
    code = "import sys; sys.stdout.write('not this'); sys.stderr.write('no paper\\nmore'); sys.exit(3)"
    with pytest.raises(SinkDown, match=r"ended with status 3: no paper$"):
        python(code).send(make_message(), "k")


def test_a_program_that_takes_too_long_is_killed_with_its_children(make_message, tmp_path, wait_until):
    pids = tmp_path / "pids"
    code = f"""
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(60)"])
open({str(pids)!r}, "w").write(f"{{os.getpid()}} {{child.pid}}")
time.sleep(60)
"""
    with pytest.raises(SinkDown, match="killed: it took more than 1 s"):
        python(code, timeout=1.0).send(make_message(), "k")
    for pid in map(int, pids.read_text().split()):
        assert wait_until(lambda pid=pid: not alive(pid))


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_program_that_leaves_something_running_is_not_waited_for(make_message, tmp_path):
    code = f"""
import subprocess, sys
child = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(60)"])
open({str(tmp_path / "pid")!r}, "w").write(str(child.pid))
"""
    python(code, timeout=20.0).send(make_message(), "k")
    pid = int((tmp_path / "pid").read_text())
    assert alive(pid)
    os.kill(pid, 9)


def test_closing_kills_what_still_runs(queue, make_message, tmp_path, wait_until):
    sink = python(f"import time; open({str(tmp_path / 'on')!r}, 'w'); time.sleep(60)")
    with DeliveryWorker(queue, [sink]) as worker:
        queue.put(make_message(), ["program"])
        assert wait_until(lambda: sink._running and (tmp_path / "on").exists())
        (process,) = sink._running
        worker.close(grace=0.5)
    assert wait_until(lambda: process.returncode == -9)
    assert not queue.idle(["program"])


def test_a_program_that_is_not_there_is_told(make_message, tmp_path):
    for command in (("no-such-program",), ("echo hello",), ()):
        with pytest.raises(OptionError, match="list of the program and its arguments"):
            Program(command=command)
    gone = tmp_path / "gone"
    gone.write_text("#!/bin/sh\n")
    gone.chmod(0o755)
    sink = Program(command=(str(gone),))
    gone.unlink()
    with pytest.raises(SinkDown, match="cannot start"):
        sink.send(make_message(), "k")


def test_a_webhook_posts_json_with_its_key(server, make_message, still):
    Webhook(url=f"http://bob:p%40ss@{server.where}/hook?x=1", picture=True).send(make_message(picture=still), "a/ü/b")
    (asked,) = server.asked
    assert asked.path == "/hook?x=1"
    assert asked.headers["Idempotency-Key"] == "a/\\u00fc/b"
    assert asked.headers["Authorization"] == "Basic Ym9iOnBAc3M="
    said = json.loads(asked.body)
    assert (said["id"], said["key"], said["change"]) == ("hall-1", "a/ü/b", "opened")
    assert said["picture_base64"].startswith("/9j/4")


def test_a_webhook_sends_its_token(server, make_message):
    sink = Webhook(url=f"http://{server.where}/", token="hunter2")
    sink.send(make_message(), "k")
    assert server.asked[0].headers["Authorization"] == "Bearer hunter2"
    assert "hunter2" not in repr(sink)


@pytest.mark.parametrize(
    ("code", "final"), [(400, True), (404, True), (408, False), (410, True), (429, False), (500, False), (503, False)]
)
def test_answers_of_a_server_decide(server, make_message, code, final):
    server.answers.append(Answer(code))
    with pytest.raises(SinkDown, match=f"answers {code}") as caught:
        Webhook(url=f"http://bob:hunter2@{server.where}/secret").send(make_message(), "k")
    assert caught.value.final == final
    assert "hunter2" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_server_may_ask_for_a_pause(server, make_message):
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=500), usegmt=True)
    server.answers += [Answer(code, {"Retry-After": told}) for code, told in ((429, "90"), (503, soon), (503, "never"))]
    asked = []
    for _ in range(3):
        with pytest.raises(SinkDown) as caught:
            Webhook(url=f"http://{server.where}/").send(make_message(), "k")
        asked.append(caught.value.retry_after)
    assert asked[0] == 90
    assert 400 < asked[1] <= 500
    assert asked[2] is None


def test_a_redirection_is_not_followed(server, make_message):
    server.answers.append(Answer(302, {"Location": f"http://{server.where}/elsewhere"}))
    with pytest.raises(SinkDown, match="has moved") as caught:
        Webhook(url=f"http://{server.where}/").send(make_message(), "k")
    assert not caught.value.final
    assert len(server.asked) == 1


def test_a_server_that_is_not_there_is_down(server, make_message):
    where = server.where
    server.server_close()
    with pytest.raises(SinkDown, match="cannot be reached") as caught:
        Webhook(url=f"http://bob:hunter2@{where}/").send(make_message(), "k")
    assert not caught.value.final
    assert "hunter2" not in str(caught.value)


def test_a_refused_message_is_dead_and_the_next_goes(server, queue, make_message):
    server.answers.append(Answer(422))
    with DeliveryWorker(queue, [Webhook(url=f"http://{server.where}/")], poll=0.01) as worker:
        queue.put(make_message(1), ["webhook"])
        queue.put(make_message(2), ["webhook"])
        assert worker.flush(10)
    assert [delivery.message.event for delivery in queue.dead()] == ["hall-1"]
    assert [json.loads(asked.body)["id"] for asked in server.asked] == ["hall-1", "hall-2"]


@pytest.mark.parametrize("url", ["", "ftp://h/", "https://", "hook", "http://h:port/", "file:///etc/passwd"])
def test_a_webhook_needs_a_url(url):
    with pytest.raises(OptionError, match="such as https"):
        Webhook(url=url)


def test_apprise_tells_text_and_picture(server, make_message, still):
    sink = Apprise(url=f"json://bob:hunter2@{server.where}/hook")
    sink.send(make_message(picture=still), "k")
    (asked,) = server.asked
    said = json.loads(asked.body)
    assert (said["title"], said["message"]) == ("hall: something was left (door)", "Something was left: 1")
    assert said["type"] == "warning"
    assert said["attachments"][0]["filename"] == "still.jpg"
    assert "hunter2" not in repr(sink)


def test_apprise_that_fails_is_down_without_a_word_of_the_url(server, make_message, capfd):
    server.answers.append(Answer(500))
    with pytest.raises(SinkDown, match=r"^json:// did not take it: .*500") as caught:
        Apprise(url=f"json://bob:hunter2@{server.where}/hook").send(make_message(), "k")
    assert "hunter2" not in str(caught.value)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("url", ["", "hunter2", "nothing://hunter2", "json://"])
def test_apprise_urls_that_cannot_be_are_told_without_showing_them(url, capfd):
    with pytest.raises(OptionError, match="Apprise cannot use the url") as caught:
        Apprise(url=url)
    assert "hunter2" not in str(caught.value)
    assert capfd.readouterr().err == ""


def test_nothing_heavy_is_loaded_before_it_is_needed():
    code = "import sys, spotdiff.watching.alerts; sys.exit(bool({'apprise', 'paho'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
