"""DICOM: what its values, window, spacing and padding are read as."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from pydicom.data import get_testdata_file
from pydicom.uid import DeflatedExplicitVRLittleEndian, RLELossless

import spotdiff
from conftest import check_answer
from spotdiff.errors import LoadError
from spotdiff.image.load import load_pair, load_picture

from .studies import BLOCK, SIDE, dataset_of, save, slice_values


def windowed(values, low, high):
    return np.clip(np.rint((values - low) / (high - low) * 255), 0, 255).astype(np.uint8)


def test_values_and_window_are_those_of_the_file(tmp_path):
    values = slice_values(3)
    picture = load_picture(save(tmp_path / "a.dcm", dataset_of(values)))
    assert (picture.pixels == windowed(values, -500, 700)[..., None]).all()
    assert picture.notes == ("-500 to 700, as the file says, shown as 0 to 255",)
    assert picture.scan.spacing == (0.8, 0.5)  # across, down
    assert picture.rounded
    assert f"{picture.taken:%Y-%m-%d %H:%M:%S}" == "2026-01-02 10:11:12"
    exact = dataset_of(values, WindowCenter=100, WindowWidth=1200, VOILUTFunction="LINEAR_EXACT")
    assert (load_picture(save(tmp_path / "b.dcm", exact)).pixels == picture.pixels).all()
    sloped = dataset_of(values, RescaleSlope=0.5, RescaleIntercept=-12, WindowCenter=550.5, WindowWidth=601)
    shown = load_picture(save(tmp_path / "c.dcm", sloped)).pixels
    assert (shown == windowed((values + 1024) * 0.5 - 12, 250, 850)[..., None]).all()


def test_one_window_serves_both_studies(tmp_path):
    values = slice_values(3)
    before = save(tmp_path / "a.dcm", dataset_of(values))
    after = save(tmp_path / "b.dcm", dataset_of(values, WindowCenter=0.5, WindowWidth=401))  # -200 to 200
    pair, exchanged = load_pair(before, after), load_pair(after, before)
    assert (pair.before.pixels == pair.after.pixels).all()
    assert (pair.before.pixels == exchanged.before.pixels).all()
    assert (pair.before.pixels == windowed(values, -500, 700)[..., None]).all()
    bare = dataset_of(values)
    del bare.WindowCenter, bare.WindowWidth
    pair = load_pair(before, save(tmp_path / "c.dcm", bare))
    assert (pair.before.pixels == pair.after.pixels).all()
    alone = load_picture(tmp_path / "c.dcm")
    assert "as the file says" not in alone.notes[0]
    assert alone.pixels.std() > 20


def test_inverted_grey_is_turned(tmp_path):
    values = slice_values(3)
    plain = save(tmp_path / "a.dcm", dataset_of(values))
    turned = dataset_of(
        200 - values, PhotometricInterpretation="MONOCHROME1"
    )  # its window -500 to 700 is turned as well
    pair = load_pair(plain, save(tmp_path / "b.dcm", turned))
    assert np.abs(pair.before.pixels.astype(int) - pair.after.pixels).max() <= 1
    assert spotdiff.compare(plain, tmp_path / "b.dcm", preset="medical").verdict == "same"


def test_padding_does_not_count(tmp_path):
    values = slice_values(3)
    values[:, :40] = -3024
    before = dataset_of(values, PixelPaddingValue=-2000)
    values = slice_values(3)
    values[:, :40] = 900
    after = save(tmp_path / "b.dcm", dataset_of(values, PixelPaddingValue=1900, PixelPaddingRangeLimit=1930))
    picture = load_picture(save(tmp_path / "a.dcm", before))
    assert picture.has_data.sum() == SIDE * (SIDE - 40)
    answer = spotdiff.compare(tmp_path / "a.dcm", after, preset="medical")
    assert answer.verdict == "same"
    assert answer.text.startswith("No change found.")


def test_boxes_are_told_in_millimetres(tmp_path):
    before = save(tmp_path / "a.dcm", dataset_of(slice_values(3)))
    after = save(tmp_path / "b.dcm", dataset_of(slice_values(3, block=True), PixelSpacing=[0.25, 0.25]))
    answer = spotdiff.compare(before, after, preset="medical")
    record = check_answer(answer)
    (region,) = record["regions"]
    assert np.abs(np.array(region["box_before"]) - BLOCK).max() <= 6
    assert region["box_before_mm"] == pytest.approx(np.array(region["box_before"]) * (0.8, 0.5, 0.8, 0.5))
    assert region["box_after_mm"] == pytest.approx(np.array(region["box_after"]) * 0.25)
    assert (record["before"]["spacing_mm"], record["after"]["spacing_mm"]) == ([0.8, 0.5], [0.25, 0.25])
    plain = check_answer(spotdiff.compare(answer.pair.before.pixels, answer.pair.after.pixels, method="pixel"))
    assert {"box_before_mm", "area_m2"}.isdisjoint(plain["regions"][0])


def test_frames_are_pages(tmp_path):
    frames = np.stack([slice_values(n) for n in range(3)])
    changed = np.stack([slice_values(n, block=n == 2) for n in range(3)])
    files = []
    for name, values in (("a", frames), ("b", changed)):
        several = dataset_of(values[0], NumberOfFrames=3, PixelData=(values + 1024).astype("<i2").tobytes())
        files.append(save(tmp_path / f"{name}.dcm", several))
    answer = spotdiff.compare(*files, preset="medical", page="all")
    assert [page.verdict for page in answer.pages] == ["same", "same", "changed"]
    assert load_picture(files[0], options=spotdiff.Options(page=2)).scan.frame == 2
    with pytest.raises(LoadError, match="it has 3 pages"):
        load_picture(files[0], options=spotdiff.Options(page=4))


def test_compressed_and_deflated_files_are_read(tmp_path):
    packed = dataset_of(slice_values(3))
    plain = load_picture(save(tmp_path / "a.dcm", packed)).pixels
    packed.compress(RLELossless)
    assert (load_picture(save(tmp_path / "b.dcm", packed)).pixels == plain).all()
    deflated = dataset_of(slice_values(3))
    deflated.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    assert (load_picture(save(tmp_path / "c.dcm", deflated)).pixels == plain).all()


def test_what_inflates_without_end_is_refused(tmp_path, monkeypatch):
    deflated = dataset_of(slice_values(3))
    deflated.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    path = save(tmp_path / "a.dcm", deflated)
    monkeypatch.setattr("spotdiff.image.dicom._MOST_INFLATED", 1 << 14)
    with pytest.raises(LoadError, match="it inflates to more than"):
        load_picture(path)


SAMPLES = {
    "CT_small.dcm": (128, 128),  # begins as a TIFF does
    "MR_small_RLE.dcm": (64, 64),
    "MR_small_bigendian.dcm": (64, 64),
    "MR_small_jp2klossless.dcm": (64, 64),
    "MR_small_jpeg_ls_lossless.dcm": (64, 64),
    "SC_rgb_jpeg_dcmtk.dcm": (100, 100),
    "SC_rgb_rle_16bit.dcm": (100, 100),
    "SC_ybr_full_422_uncompressed.dcm": (100, 100),
    "examples_palette.dcm": (800, 350),
    "liver_1frame.dcm": (512, 512),  # of one bit a pixel
}


@pytest.mark.parametrize("name", SAMPLES)
def test_samples_of_pydicom_are_read(name):
    path = get_testdata_file(name, download=False)
    if path is None:
        pytest.skip("this pydicom comes without it")
    picture = load_picture(path)
    assert picture.size == SAMPLES[name]
    assert picture.pixels.std() > 5
    if name.startswith("MR"):
        plain = load_picture(get_testdata_file("MR_small.dcm", download=False))
        assert (picture.pixels == plain.pixels).all()


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("SC_rgb_jpeg_gdcm.dcm", "DICOM compressed as JPEG Lossless.* is not read: save it uncompressed"),
        ("JPEG-lossy.dcm", "this kind of JPEG Extended .* is not read: save it uncompressed"),
        ("MR_truncated.dcm", "truncated or damaged"),
        ("JPEG2000-embedded-sequence-delimiter.dcm", "its compressed pixels have another size than it says"),
        ("reportsi.dcm", r"a DICOM file without a picture \(SR\)"),
    ],
)
def test_what_is_not_read_is_told_in_a_line(name, told):
    path = get_testdata_file(name, download=False)
    if path is None:
        pytest.skip("this pydicom comes without it")
    with pytest.raises(LoadError, match=told) as caught:
        load_picture(path)
    assert "\n" not in str(caught.value)


def test_without_pydicom_it_says_what_to_install(tmp_path, monkeypatch):
    path = save(tmp_path / "a.dcm", dataset_of(slice_values(3)))
    monkeypatch.setitem(sys.modules, "pydicom", None)
    with pytest.raises(LoadError, match=r"this needs pydicom, for DICOM: pip install 'spotdiff\[medical\]'"):
        load_picture(path)


def test_limits_hold_before_pixels_are_decoded(tmp_path):
    path = save(tmp_path / "a.dcm", dataset_of(slice_values(3)))
    with pytest.raises(LoadError, match="--max-pixels raises the limit"):
        load_picture(path, options=spotdiff.Options(max_pixels=0.01))
