from __future__ import annotations

import pytest

from spotdiff.errors import LoadError
from spotdiff.video import source_kind, source_name, without_password
from spotdiff.video.names import webcam_device, without_secrets


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("0", "webcam"),
        ("12", "webcam"),
        ("webcam:0", "webcam"),
        ("webcam:/dev/v4l/by-id/usb-cam", "webcam"),
        ("/dev/video0", "webcam"),
        ("rtsp://cam/live", "stream"),
        ("RTSP://cam/live", "stream"),
        ("https://cam/live.m3u8", "stream"),
        ("udp://239.0.0.1:1234", "stream"),
        ("srt://cam:99?mode=caller", "stream"),
        ("tcp://cam:99", "stream"),
        ("rtmp://cam/live", "stream"),
    ],
)
def test_kinds_that_need_no_file(text, kind):
    assert source_kind(text) == kind


def test_kinds_of_files(tmp_path):
    (tmp_path / "hall.mp4").write_bytes(b"x")
    assert source_kind(str(tmp_path)) == "folder"
    assert source_kind(str(tmp_path / "hall.mp4")) == "film"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("no/such.mp4", "no/such.mp4: no such file or folder"),
        ("", "empty"),
        ("gopher://user:hush@old/film", "gopher"),
        ("bad\nname.mp4", "no such file"),
        ("null\0.mp4", "null"),
    ],
)
def test_what_is_no_source_is_told_in_one_line(text, says):
    with pytest.raises(LoadError) as told:
        source_kind(text)
    assert says in str(told.value)
    assert "\n" not in str(told.value)
    assert "hush" not in str(told.value)


def test_a_single_picture_is_sent_to_its_folder(tmp_path):
    (tmp_path / "a.JPG").write_bytes(b"x")
    with pytest.raises(LoadError, match="folder"):
        source_kind(str(tmp_path / "a.JPG"))


def test_webcams_are_numbers_or_paths():
    assert [webcam_device(text) for text in ("3", "webcam:3", "webcam:/dev/x", "/dev/video1")] == [
        3,
        3,
        "/dev/x",
        "/dev/video1",
    ]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("rtsp://admin:hush@cam.local:554/live", "cam.local"),
        ("http://[fe80::1]:80/", "fe80::1"),
        ("udp://@:1234", "stream"),
        ("films/hall.north.mp4", "hall.north"),
        ("webcam:2", "webcam-2"),
        ("/dev/video7", "video7"),
    ],
)
def test_names_are_short(text, name):
    assert source_name(text) == name


def test_the_name_of_a_folder(tmp_path, monkeypatch):
    (tmp_path / "yard.2024").mkdir()
    assert source_name(f"{tmp_path}/yard.2024/") == "yard.2024"
    monkeypatch.chdir(tmp_path / "yard.2024")
    assert source_name(".") == "yard.2024"


@pytest.mark.parametrize(
    "url",
    [
        "rtsp://admin:hush@cam/live",
        "rtsp://admin:hu@hush@cam/live",
        "rtsp://admin:hu/hush@cam/live",
        "rtsp://admin:12/hush@cam/live",
        "rtsp://admin:hu?hush@cam/live",
        "rtsp://admin:hu#hush@cam/live",
        "rtsp://:hush@cam/live",
        "http://cam/live?user=a&password=hush",
        "http://cam/live?user=a&PWD=hush&channel=1",
        "http://cam/live?loginpass=hush#top",
        "http://cam/live?access_token=hush",
        "http://a:hush@cam/live?key=hush",
    ],
)
def test_no_password_is_ever_shown(url):
    shown = without_password(url)
    assert "hush" not in shown
    assert "***" in shown
    assert "cam" in shown
    assert "hush" not in source_name(url)


def test_what_holds_no_password_is_shown_as_it_is():
    for text in ("rtsp://cam:554/live?channel=1", "rtsp://admin@cam/live", "films/pass=word.mp4", "http://cam/@home"):
        assert without_password(text) == text


def test_messages_of_libraries_lose_the_password_and_their_lines():
    url = "rtsp://admin:hu%20sh@cam/live?token=abc"
    told = without_secrets(f"cannot open\n {url}: login admin:hu sh (hu%20sh) refused, abc", url)
    assert told == "cannot open rtsp://admin:***@cam/live?token=***: login admin:*** (***) refused, ***"
    assert without_secrets("a  plain\nfile", "film.mp4") == "a plain file"
