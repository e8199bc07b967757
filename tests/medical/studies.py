"""DICOM files made by pydicom for the tests."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from conftest import make_texture

SIDE = 128
BLOCK = (50, 40, 80, 64)  # left, top, right, bottom of what is new


def slice_values(seed: int, *, block: bool = False) -> np.ndarray:
    """(H, W) int16, in Hounsfield units, of a body that never was."""
    values = make_texture(SIDE, SIDE, seed=seed)[..., 0].astype(np.int16) * 4 - 500
    if block:
        left, top, right, bottom = BLOCK
        values[top:bottom, left:right] = 900
    return values


def dataset_of(values: np.ndarray, **elements) -> Dataset:
    """A CT slice of values in Hounsfield units, stored with an offset of 1024, in a window of -500 to 700."""
    found = Dataset()
    found.file_meta = FileMetaDataset()
    found.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    found.SOPClassUID, found.SOPInstanceUID = CTImageStorage, generate_uid()
    found.StudyInstanceUID, found.SeriesInstanceUID = generate_uid(), generate_uid()
    found.FrameOfReferenceUID = generate_uid()
    found.Modality, found.PatientName, found.PatientID = "CT", "Nobody", "1"
    found.PatientBirthDate = found.PatientSex = found.AccessionNumber = found.StudyID = found.ReferringPhysicianName = (
        ""
    )
    found.StudyDate, found.StudyTime, found.SeriesNumber, found.InstanceNumber = "20260102", "101112", 1, 1
    found.ImageType, found.PositionReferenceIndicator = ["ORIGINAL", "PRIMARY", "AXIAL"], ""
    found.Rows, found.Columns = values.shape[:2]
    found.SamplesPerPixel, found.PhotometricInterpretation = 1, "MONOCHROME2"
    found.BitsAllocated = found.BitsStored = 16
    found.HighBit, found.PixelRepresentation = 15, 1
    found.PixelSpacing, found.SliceThickness = [0.5, 0.8], 5
    found.ImageOrientationPatient, found.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [0, 0, 0]
    found.RescaleSlope, found.RescaleIntercept = 1, -1024
    found.WindowCenter, found.WindowWidth = 100.5, 1201
    found.PixelData = (values + 1024).astype("<i2").tobytes()
    for name, value in elements.items():
        setattr(found, name, value)
    return found


def save(path: Path, dataset: Dataset) -> str:
    """The data set as a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset.save_as(path, enforce_file_format=True)
    return str(path)


def save_series(
    folder: Path, places: Collection[float], *, changed: Collection[float] = (), common: Dataset | None = None
) -> str:
    """A series with a slice at each place in millimetres, in files whose names tell no order."""
    series, study, frame = generate_uid(), generate_uid() if common is None else common.StudyInstanceUID, generate_uid()
    for number, place in enumerate(places):
        one = dataset_of(slice_values(round(place * 10), block=place in changed))
        one.SeriesInstanceUID, one.StudyInstanceUID, one.FrameOfReferenceUID = series, study, frame
        one.ImagePositionPatient, one.InstanceNumber = [0, 0, place], len(places) - number
        save(folder / f"{(number * 7) % 31:02d}.dcm", one)
    return str(folder)
