import os
import time
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from PIL import Image

from spotdiff.errors import DataError
from spotdiff.image.capture_time import date_in_exif, date_in_name, date_picture
from spotdiff.timelapse.series import moments, series

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Pacific/Kiritimati")
SUMMER, WINTER = timezone(timedelta(hours=2)), timezone(timedelta(hours=1))


def picture(path, *, exif=None, offset=None, changed=None, mtime=None):
    told = Image.Exif()
    if exif:
        told.get_ifd(0x8769)[0x9003] = exif
    if offset:
        told.get_ifd(0x8769)[0x9011] = offset
    if changed:
        told[0x0132] = changed
    Image.fromarray(np.zeros((4, 6, 3), np.uint8)).save(path, exif=told)
    if mtime is not None:
        os.utime(path, (mtime, mtime))
    return path


@pytest.fixture(params=ZONES)
def zone(request, monkeypatch):
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


NAMES = {
    "2024-01-31.jpg": (2024, 1, 31),
    "yard 2024_01_31 wall.png": (2024, 1, 31),
    "IMG_20240131_235959.jpg": (2024, 1, 31, 23, 59, 59),
    "PXL_20240131_235959123.jpg": (2024, 1, 31, 23, 59, 59),
    "2024-01-31T06-07-08Z.jpg": (2024, 1, 31, 6, 7, 8),
    "20240131060708.jpg": (2024, 1, 31, 6, 7, 8),
    "cam_2024-01-31_06.07.jpg": (2024, 1, 31, 6, 7),
    "20240131_9999.jpg": (2024, 1, 31),  # a number, no time of day
    "99999999_20240131.jpg": (2024, 1, 31),
    "20241331_20240131.jpg": (2024, 1, 31),  # the first can be no date
    "DSC_0123.jpg": None,
    "120240131.jpg": None,
    "2024-01_31.jpg": None,
    "20230229.jpg": None,
}


@pytest.mark.parametrize(("name", "when"), NAMES.items(), ids=NAMES)
def test_dates_in_names(name, when):
    found = date_in_name(name)
    assert (found and found.replace(microsecond=0, tzinfo=None)) == (when and datetime(*when))


def test_the_camera_is_asked_before_the_name_and_the_name_before_the_file(tmp_path):
    with_all = picture(tmp_path / "2020-02-02.jpg", exif="2024:01:31 10:11:12", mtime=0)
    assert (date_picture(with_all).taken, date_picture(with_all).source) == (datetime(2024, 1, 31, 10, 11, 12), "exif")
    named = picture(tmp_path / "2020-02-03.jpg", exif="0000:00:00 00:00:00", mtime=0)
    assert (date_picture(named).taken, date_picture(named).source) == (datetime(2020, 2, 3), "name")
    bare = picture(tmp_path / "bare.jpg", mtime=86400)
    assert (date_picture(bare).taken, date_picture(bare).source) == (datetime(1970, 1, 2, tzinfo=UTC), "mtime")


def test_what_exif_says(tmp_path):
    both = picture(tmp_path / "a.jpg", exif="2024:01:31 10:11:12", changed="2025:01:01 00:00:00")
    assert date_in_exif(both) == datetime(2024, 1, 31, 10, 11, 12)
    assert date_in_exif(picture(tmp_path / "b.jpg", changed="2025:01:01 00:00:00")) == datetime(2025, 1, 1)
    zoned = picture(tmp_path / "c.jpg", exif="2024:01:31 10:11:12", offset="-03:30")
    assert date_in_exif(zoned).utcoffset() == timedelta(hours=-3, minutes=-30)
    odd = picture(tmp_path / "d.jpg", exif="2024:01:31 10:11:12", offset="+99:99")
    assert date_in_exif(odd) == datetime(2024, 1, 31, 10, 11, 12)
    broken = tmp_path / "e.jpg"
    broken.write_bytes(b"\xff\xd8 no picture")
    assert date_in_exif(broken) is None


def test_the_machines_zone_and_its_summer_time_do_not_matter(tmp_path, zone):
    # Berlin's clocks went back at 1:00 UTC on 27 October 2024, and forward at 1:00 UTC on 31 March
    turn = datetime(2024, 10, 27, 1, tzinfo=UTC).timestamp()
    for name, seconds in (("b.png", -1200), ("a.png", 1200), ("c.png", 3700)):
        picture(tmp_path / name, mtime=turn + seconds)
    found = series(tmp_path)
    assert [one.path.name for one in found] == ["b.png", "a.png", "c.png"]
    assert found[0].taken.isoformat() == "2024-10-27T00:40:00+00:00"
    assert np.diff(moments(found)).tolist() == [2400, 2500]
    for hour in (1, 2, 3):  # 2:30 was never shown by a clock in Berlin
        picture(tmp_path / f"x{4 - hour}.jpg", exif=f"2024:03:31 0{hour}:30:00")
    clocks = series(tmp_path)[:3]
    assert [one.path.name for one in clocks] == ["x3.jpg", "x2.jpg", "x1.jpg"]
    assert np.diff(moments(clocks)).tolist() == [3600, 3600]


def test_a_clock_put_back_brings_nothing_out_of_order_where_offsets_are_known(tmp_path):
    picture(tmp_path / "z.jpg", exif="2024:10:27 02:50:00", offset="+02:00")
    picture(tmp_path / "a.jpg", exif="2024:10:27 02:10:00", offset="+01:00")
    found = series(tmp_path)
    assert [one.path.name for one in found] == ["z.jpg", "a.jpg"]
    assert np.diff(moments(found)).tolist() == [1200]
    assert datetime(1970, 1, 1) + timedelta(seconds=moments(found)[0]) == datetime(2024, 10, 27, 2, 50)
    picture(tmp_path / "n.jpg", exif="2024:10:27 02:30:00")  # of unknown zone: the clocks as they stand
    assert [one.path.name for one in series(tmp_path)] == ["a.jpg", "n.jpg", "z.jpg"]


def test_orders(tmp_path):
    for name, taken, mtime in (("9.jpg", "2024:01:03 00:00:00", 300), ("10.jpg", "2024:01:01 00:00:00", 200)):
        picture(tmp_path / name, exif=taken, mtime=mtime)
    picture(tmp_path / "100.jpg", exif="2024:01:02 00:00:00", mtime=100)

    def names(order):
        return [one.path.stem for one in series(tmp_path, order=order)]

    assert names("taken") == ["10", "100", "9"]
    assert names("name") == ["9", "10", "100"]
    assert names("mtime") == ["100", "10", "9"]
    assert {one.source for one in series(tmp_path, order="mtime")} == {"mtime"}


def test_pictures_of_one_day_go_by_name(tmp_path):
    for name in ("2024-01-31_10.jpg", "2024-01-31_9.jpg", "2024-02-01.jpg"):
        picture(tmp_path / name)
    assert [one.path.stem for one in series(tmp_path)] == ["2024-01-31_9", "2024-01-31_10", "2024-02-01"]


def test_only_pictures_count(tmp_path):
    for name in ("2024-01-01.jpg", "2024-01-02.JPG", "._2024-01-03.jpg", "deeper/2024-01-04.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        picture(tmp_path / name)
    (tmp_path / "notes.txt").write_text("no picture")
    (tmp_path / "folder.jpg").mkdir()
    assert [one.path.name for one in series(tmp_path)] == ["2024-01-01.jpg", "2024-01-02.JPG"]


def test_what_is_no_series(tmp_path):
    with pytest.raises(DataError, match="no such file or folder"):
        series(tmp_path / "none")
    with pytest.raises(DataError, match="holds no picture; progress takes two"):
        series(tmp_path)
    picture(tmp_path / "one.jpg", mtime=5)
    with pytest.raises(DataError, match=r"holds only one\.jpg"):
        series(tmp_path)
    picture(tmp_path / "two.jpg", mtime=5)
    for order in ("taken", "mtime"):
        with pytest.raises(DataError, match="no dates: every picture says 1970-01-01 00:00:05") as caught:
            series(tmp_path, order=order)
        assert "\n" not in str(caught.value)
    assert [one.path.name for one in series(tmp_path, order="name")] == ["one.jpg", "two.jpg"]
