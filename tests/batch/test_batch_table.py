import unicodedata

import pytest

from spotdiff.batching import pairs_of_table
from spotdiff.errors import DataError


def test_csv_paths_are_relative_to_its_folder(tmp_path):
    path = tmp_path / "pairs.csv"
    path.write_text(
        "\ufeffafter,name,before,note\nb.png,roof/1,/x/a.png,hello\n\ns3://box/b.png,2,sub/a.png,\n", "utf-8"
    )
    one, other = pairs_of_table(path)
    assert (one.name, one.before, one.after) == ("roof/1", "/x/a.png", str(tmp_path / "b.png"))
    assert (other.name, other.before, other.after) == ("2", str(tmp_path / "sub/a.png"), "s3://box/b.png")


def test_a_row_without_a_value_is_an_entry_with_an_error(tmp_path):
    path = tmp_path / "pairs.csv"
    path.write_text("name,before,after\n1,a.png\n2,,\n3,a,b\n")
    assert [entry.error for entry in pairs_of_table(path)] == [
        "its row has no after",
        "its row has no before and no after",
        "",
    ]


@pytest.mark.parametrize(("written", "lying"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_paths_are_found_however_their_letters_are_composed(tmp_path, written, lying):
    written, lying = (unicodedata.normalize(form, "Küche") for form in (written, lying))
    picture = tmp_path / lying / f"{lying}.png"
    picture.parent.mkdir()
    picture.write_bytes(b"x")
    path = tmp_path / "pairs.csv"
    rows = f"1,{written}/{written}.png,{picture}\n2,{written}/none.png,{written}.png\n"
    path.write_text(f"name,before,after\n{rows}", "utf-8")
    one, other = pairs_of_table(path)
    assert (one.before, one.after) == (str(picture), str(picture))
    assert (other.before, other.after) == (str(tmp_path / written / "none.png"), str(tmp_path / f"{written}.png"))


def test_of_two_paths_that_read_the_same_the_one_that_is_written_counts(tmp_path):
    names = [unicodedata.normalize(form, "Küche") for form in ("NFC", "NFD")]
    for name in names:
        (tmp_path / f"{name}.png").write_bytes(b"x")
    path = tmp_path / "pairs.csv"
    path.write_text("name,before,after\n1,{}.png,{}.png\n".format(*names), "utf-8")
    (entry,) = pairs_of_table(path)
    assert [entry.before, entry.after] == [str(tmp_path / f"{name}.png") for name in names]


def test_parquet(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    import pyarrow.parquet as parquet

    path = tmp_path / "pairs.whatever"
    columns = {"name": ["x", 7, None], "before": ["a", "b", "c"], "after": ["d", None, "f"], "weight": [1, 2, 3]}
    columns["name"] = ["x", "7", None]
    parquet.write_table(pyarrow.table(columns), path)
    found = pairs_of_table(path)
    assert [(entry.name, bool(entry.error)) for entry in found] == [("x", False), ("7", True), ("", False)]
    assert found[0].after == str(tmp_path / "d")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"name,before\n1,a\n", "no column after"),
        (b"", "no column name and no before and no after"),
        (b"name,before,after\n", "no pairs"),
        (b"name,before,after\n\xff\xfe,a,b\n", "not a CSV"),
        (b"PAR1 but no more", "not a Parquet"),
    ],
)
def test_what_is_no_table(tmp_path, content, said):
    if content.startswith(b"PAR1"):
        pytest.importorskip("pyarrow")
    path = tmp_path / "pairs.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=said):
        pairs_of_table(path)


def test_no_table(tmp_path):
    with pytest.raises(DataError, match="No such file"):
        pairs_of_table(tmp_path / "none.csv")
