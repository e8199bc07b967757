"""The files that show an event: what is in them, whether they are whole, and what happens to the broken ones."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from datetime import timedelta, timezone
from io import BytesIO, StringIO

import av
import cv2
import numpy as np
import pytest
from PIL import Image
from sqlalchemy import select

from spotdiff.errors import DataError
from spotdiff.watching.event import EVENT_KINDS, EventPictures
from spotdiff.watching.events import clean_up, open_store, to_coco, to_csv, verify
from spotdiff.watching.events.encoding import encode_clip, thumbnail, with_boxes
from spotdiff.watching.events.schema import journal
from watching.events.store_toys import evidence_files, make_event, make_frames, make_pictures


def seconds_of(path) -> list[float]:
    with av.open(str(path)) as film:
        return [round(frame.time, 4) for frame in film.decode(video=0)]


def rgb_of(path) -> np.ndarray:
    return np.array(Image.open(path))


def told(store) -> list[str]:
    with store.reading() as connection:
        return [f"{row.what}: {row.said}" for row in connection.execute(select(journal).order_by(journal.c.id))]


def test_every_role_has_its_file(store):
    pictures = make_pictures(640, 480)
    event = store.add(make_event(), pictures)
    found = store.evidence(event.id)
    place = store.folder / "2026/03/01/hall-1"
    names = {role: file.path.relative_to(place).as_posix() for role, file in found.items()}
    assert names == {
        "before": "before.jpg",
        "after": "after.jpg",
        "boxes": "boxes.jpg",
        "mask": "mask.png",
        "thumbnail": "thumbnail.jpg",
        "clip": "clip.mp4",
    }
    assert all(file.path.stat().st_size == file.bytes for file in found.values())
    assert found["thumbnail"].bytes <= 50_000
    assert np.array_equal(np.asarray(Image.open(found["mask"].path)) > 0, pictures.mask)
    for role in ("before", "after"):
        blurred = [cv2.blur(one, (15, 15)).astype(int) for one in (rgb_of(found[role].path), getattr(pictures, role))]
        assert np.abs(blurred[0] - blurred[1]).max() < 12 < np.abs(blurred[0] - blurred[1][::-1]).max()
    assert verify(store) == []
    assert not list((store.folder / ".staging").rglob("*.jpg"))


def test_boxes_are_drawn_into_a_copy():
    grey = np.full((300, 400, 3), 90, np.uint8)
    drawn = with_boxes(make_event(box=(100, 100, 200, 200), box_before=(10, 10, 40, 40)), grey)
    assert (grey == 90).all()
    assert tuple(drawn[99, 150]) == (255, 40, 40)
    assert tuple(drawn[9, 20]) == (255, 190, 0)
    assert (drawn[100:200, 100:200] == 90).all()


def test_a_thumbnail_is_small_whatever_it_shows():
    noise = np.random.default_rng(0).integers(0, 256, (900, 900, 3), np.uint8)
    assert len(thumbnail(noise)) <= 50_000
    assert Image.open(BytesIO(thumbnail(noise))).size == (320, 320)


def test_a_place_is_that_of_the_utc_day_whatever_the_zone(store):
    seen = make_event(700).first_seen.astimezone(timezone(timedelta(hours=9)))
    event = store.add(make_event(first_seen=seen), make_pictures())
    assert store.attach_clip(event.id, make_frames(3))
    assert {path.rpartition("/")[0] for path in evidence_files(store.folder)} == {"2026/03/01/hall-1"}


def test_a_film_keeps_the_times_of_its_pictures(tmp_path):
    frames = make_frames(5, 65, 49)
    uneven = [(seconds + 0.05 * number**2, data) for number, (seconds, data) in enumerate(frames)]
    (tmp_path / "clip.mp4").write_bytes(encode_clip(uneven))
    assert seconds_of(tmp_path / "clip.mp4") == pytest.approx([0.0, 0.25, 0.6, 1.05, 1.6], abs=1e-3)
    with av.open(str(tmp_path / "clip.mp4")) as film:
        stream = film.streams.video[0]
        assert (stream.width, stream.height, stream.codec_context.name, stream.pix_fmt) == (64, 48, "h264", "yuv420p")
    boxes = (tmp_path / "clip.mp4").read_bytes()
    assert boxes.index(b"moov") < boxes.index(b"moof") < boxes.index(b"mdat")


def test_a_film_shows_its_pictures(tmp_path):
    frames = make_frames(3, 320, 240)
    (tmp_path / "clip.mp4").write_bytes(encode_clip(frames))
    with av.open(str(tmp_path / "clip.mp4")) as film:
        shown = [frame.to_ndarray(format="rgb24").astype(int) for frame in film.decode(video=0)]
    given = [cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB).astype(int) for _, data in frames]
    assert all(np.abs(one - other).mean() < 6 for one, other in zip(shown, given, strict=True))


def test_a_film_that_is_cut_off_can_be_read_up_to_there(tmp_path):
    data = encode_clip(make_frames(200, 160, 120))
    (tmp_path / "cut.mp4").write_bytes(data[: data.index(b"mdat", len(data) * 3 // 4) + 200])
    with av.open(str(tmp_path / "cut.mp4")) as film:
        seen = 0
        try:
            for _ in film.decode(video=0):
                seen += 1
        except av.error.InvalidDataError:
            pass
    assert seen >= 100


def test_pictures_that_cannot_be_read_or_come_too_late_are_left_out(tmp_path):
    good = make_frames(3)
    small = make_frames(1, 32, 24)[0][1]
    frames = [(99.0, b""), good[0], (good[0][0], good[1][1]), (100.1, b"no picture"), good[1], (100.5, small)]
    (tmp_path / "clip.mp4").write_bytes(encode_clip(frames))
    assert seconds_of(tmp_path / "clip.mp4") == pytest.approx([0.0, 0.2, 0.5], abs=1e-3)
    with pytest.raises(ValueError, match="none of its frames"):
        encode_clip([(0.0, b"no picture")])


def test_evidence_that_cannot_be_made_is_told_and_the_event_is_kept(store):
    broken = replace(make_pictures(), after=np.zeros((0, 0, 3), np.uint8), frames=((0.0, b"no"),))
    event = store.add(make_event(), broken)
    assert set(store.evidence(event.id)) == {"before", "mask"}
    assert [line.split(":")[0] for line in told(store)] == ["evidence lost"] * 4
    assert not store.attach_clip(event.id, ((0.0, b"no"),))
    assert store.event(event.id) == event


def test_an_event_of_the_whole_camera_has_no_boxes_and_no_mask(store):
    event = store.add(make_event(kind="black", box=None), replace(make_pictures(), before=None, mask=None, frames=()))
    assert set(store.evidence(event.id)) == {"after", "thumbnail"}
    assert store.evidence(store.add(make_event()).id) == {}


def test_a_clip_comes_later_and_may_be_replaced(store):
    event = store.add(make_event(), replace(make_pictures(), frames=()))
    assert store.attach_clip(event.id, make_frames(3))
    first = store.evidence(event.id)["clip"]
    assert store.attach_clip(event.id, make_frames(6))
    second = store.evidence(event.id)["clip"]
    assert len(seconds_of(second.path)) == 6
    assert not first.path.exists()
    assert verify(store) == []
    assert clean_up(store).files == 0
    bare = store.add(make_event())
    assert store.attach_clip(bare.id, make_frames(2))
    assert set(store.evidence(bare.id)) == {"clip"}
    with pytest.raises(DataError, match="did you mean"):
        store.attach_clip("hall-77", make_frames(2))


def test_verify_finds_what_is_missing_cut_or_altered(store):
    ids = [store.add(make_event(), make_pictures()).id for _ in range(4)]
    files = [store.evidence(id_)["after"].path for id_ in ids]
    files[0].unlink()
    files[1].write_bytes(files[1].read_bytes()[:-1])
    altered = bytearray(files[2].read_bytes())
    altered[100] ^= 1
    files[2].write_bytes(altered)
    lines = [str(problem) for problem in verify(store)]
    assert lines == [
        "hall-1: 2026/03/01/hall-1/after.jpg: missing",
        f"hall-2: 2026/03/01/hall-2/after.jpg: has {files[1].stat().st_size} bytes, not {files[1].stat().st_size + 1}",
        "hall-3: 2026/03/01/hall-3/after.jpg: is not what was written: its SHA-256 differs",
    ]


def test_a_clean_up_clears_what_was_cut_off_and_tells_what_it_does_not_know(store):
    kept = store.add(make_event(), make_pictures())
    gone = store.evidence(kept.id)["clip"].path
    gone.unlink()
    stranger = store.folder / "2026/02/28/hall-9"
    stranger.mkdir(parents=True)
    (stranger / "after.jpg").write_bytes(b"x")
    (gone.parent / "clip-2.mp4").write_bytes(b"x")
    (gone.parent / "notes.txt").write_text("mine", encoding="ascii")
    foreign = store.folder / ".staging/mine"
    foreign.mkdir()
    (foreign / "after.jpg").write_bytes(b"x")
    foreign.with_suffix(".lock").touch()
    dead = store.folder / ".staging/0123456789ab"
    (dead / "a").mkdir(parents=True)
    (dead / "a/after.jpg").write_bytes(b"x")
    (dead / "b.json").write_text('["2026/03/02/hall-10/after.jpg"]', encoding="ascii")
    (dead / "c.json").write_text('["2026/03/', encoding="ascii")
    dead.with_suffix(".lock").touch()
    cut_off = store.folder / "2026/03/02/hall-10/after.jpg"
    cut_off.parent.mkdir(parents=True)
    cut_off.write_bytes(b"cut off")
    before = evidence_files(store.folder)
    cleaned = clean_up(store)
    unknown = ("2026/02/28/hall-9/after.jpg", "2026/03/01/hall-1/clip-2.mp4")
    assert (cleaned.parts, cleaned.files) == (1, 1)
    assert (cleaned.missing, cleaned.unknown) == (("2026/03/01/hall-1/clip.mp4",), unknown)
    assert evidence_files(store.folder) == before - {"2026/03/02/hall-10/after.jpg"}
    assert [path.read_bytes() for path in store.folder.glob(".bin/*/2026/03/02/hall-10/*")] == [b"cut off"]
    assert foreign.is_dir()
    assert not dead.exists()
    assert told(store) == [
        "evidence missing: 2026/03/01/hall-1/clip.mp4",
        f"evidence unknown: {', '.join(unknown)}: no event has them. They stay; move away what nobody needs",
    ]


def test_a_clean_up_leaves_alone_what_another_process_is_writing(store, tmp_path):
    with open_store(str(tmp_path / "events.db"), reserve_mb=0) as other:
        staged = other.files.stage({"after": b"x"})
        assert clean_up(store).parts == 0
        assert staged.folder.is_dir()
    assert not staged.folder.exists()


def test_events_as_a_table(store):
    store.add(make_event(text='a "bag", red', box_before=(1, 2, 3, 4)))
    store.change("hall-1", state="closed", closed=make_event(5).first_seen)
    (row,) = csv.DictReader(StringIO(to_csv(store.events())))
    assert row["id"] == "hall-1"
    assert (row["box"], row["box_before"], row["text"]) == ("8 6 24 20", "1 2 3 4", 'a "bag", red')
    assert (row["first_seen"], row["closed"]) == ("2026-03-01T12:00:00+00:00", "2026-03-01T12:05:00+00:00")
    assert to_csv([]).count("\n") == 1


def test_events_as_coco(store):
    store.add(make_event(), make_pictures())
    store.add(make_event(kind="black", box=None), make_pictures())
    store.add(make_event())
    answer = json.loads(json.dumps(to_coco(store, store.events())))
    assert [(image["id"], image["event"]) for image in answer["images"]] == [(1, "hall-1"), (2, "hall-2")]
    first = answer["images"][0]
    assert (first["file_name"], first["width"], first["height"]) == ("2026/03/01/hall-1/after.jpg", 64, 48)
    (mark,) = answer["annotations"]
    assert (mark["image_id"], mark["bbox"], mark["area"], mark["iscrowd"]) == (1, [8, 6, 16, 14], 224, 0)
    names = {category["id"]: category["name"] for category in answer["categories"]}
    assert names[mark["category_id"]] == "left"
    assert tuple(names.values()) == EVENT_KINDS
    store.evidence("hall-1")["after"].path.write_bytes(b"no picture")
    with pytest.raises(DataError, match="not a picture"):
        to_coco(store, store.events())


def test_a_witness_of_nothing_leaves_no_folder(store):
    event = store.add(make_event(), EventPictures(None, None, None))
    assert store.evidence(event.id) == {}
    assert evidence_files(store.folder) == set()
