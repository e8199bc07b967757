import re
from dataclasses import replace

import pytest

from spotdiff.report.batch_row import BatchRow
from spotdiff.report.index import index_page, write_index
from spotdiff.report.markup import page_file
from spotdiff.report.record import to_record

HOSTILE = "a/</script><script>alert(1)</script>\"'&<b>\x00\ud800 $title"
ROWS = [
    BatchRow("yard/1", "changed", score=0.91, regions=3, seconds=0.4, text="A vase appeared.", href="yard/1.html"),
    BatchRow("yard/2", "same", score=0.02, seconds=0.2, thumb_before="thumbs/a #1?.jpg", thumb_after=b"\xff\xd8\xff"),
    BatchRow.trouble("yard/3", "the file is empty"),
    BatchRow("yard/4", "unsure", text="other place"),
]


def rows_of(reader) -> list[dict]:
    return [a for a in reader.all("tr") if "data-name" in a]


def test_every_pair_is_a_row(read):
    reader = read(index_page(ROWS, title="Night round"))
    assert reader.open == []
    assert [a["data-name"] for a in rows_of(reader)] == ["yard/1", "yard/2", "yard/3", "yard/4"]
    assert [a["data-verdict"] for a in rows_of(reader)] == ["changed", "same", "trouble", "unsure"]
    words = reader.words
    assert {"Night round", "A vase appeared.", "the file is empty", "0.91", "3"} <= set(words)


def test_verdicts_are_counted_at_the_top():
    text = index_page([*ROWS, ROWS[0]])
    counts = re.findall(r'data-verdict="(\w+)" aria-pressed="\w+"><b>(\d+)</b>', text)
    some = {"changed": "2", "unsure": "1", "trouble": "1", "same": "1"}
    assert dict(counts) == {"all": "5", **some, "new": "0", "missing": "0"}


def test_addresses_stay_beside_the_page(read):
    hostile = [BatchRow("x", "same", href="javascript:alert(1)", thumb_before="//host/x.jpg", thumb_after="a\\b.jpg")]
    reader = read(index_page([*ROWS, *hostile]))
    links = [a["href"] for a in reader.all("a")]
    assert links == ["./yard/1.html", "./javascript%3Aalert%281%29"]
    sources = [a["src"] for a in reader.all("img")]
    assert sources == ["./thumbs/a%20%231%3F.jpg", "data:image/jpeg;base64,/9j/", ".///host/x.jpg", "./a/b.jpg"]
    assert all(a["loading"] == "lazy" for a in reader.all("img"))


def test_hostile_words_stay_words(tmp_path, read):
    row = BatchRow(HOSTILE, "changed", text=HOSTILE, error=HOSTILE, href=HOSTILE, thumb_before=HOSTILE)
    path = tmp_path / "deep" / "index.html"
    write_index([row], path, title=HOSTILE)
    reader = read(path.read_text(encoding="utf-8"))
    assert [tag for tag, _ in reader.elements].count("script") == 1
    assert not any("alert" in script for script in reader.scripts)
    assert rows_of(reader)[0]["data-name"] == HOSTILE.replace("\ud800", "?")


def test_a_thousand_rows_with_thumbnails_beside_the_page_stay_small():
    many = [
        BatchRow(f"{n}", "same", thumb_before=f"thumbs/{n}.jpg", thumb_after=f"thumbs/{n}.jpg") for n in range(1000)
    ]
    assert len(index_page(many)) < 1_200_000


def test_likely_and_possible_regions_are_counted_apart(read):
    reader = read(index_page([BatchRow("yard", "changed", regions=7, possible=5)]))
    assert rows_of(reader)[0]["data-regions"] == "2"
    assert "5 possible" in reader.words
    assert "possible" not in " ".join(read(index_page([BatchRow("yard", "changed", regions=7)])).words)


def test_an_empty_batch_is_a_page(read):
    reader = read(index_page([]))
    assert rows_of(reader) == []
    assert "No pair fits." in reader.words


def test_the_script_finds_what_it_asks_for(read):
    reader = read(index_page(ROWS))
    ids = {a["id"] for _, a in reader.elements if "id" in a}
    assert set(re.findall(r'find\("([\w-]+)"\)', page_file("index.js"))) <= ids


def test_a_row_comes_from_a_record(changed, refused):
    row = BatchRow.of(to_record(changed), href="x.html")
    assert (row.name, row.verdict, row.regions, row.possible, row.href) == ("yard", "changed", 3, 0, "x.html")
    assert (row.score, row.seconds) == pytest.approx((0.97, 0.38))
    possible = replace(changed, regions=tuple(replace(r, likely=r.score > 0.7) for r in changed.regions))
    row = BatchRow.of(to_record(possible))
    assert (row.regions, row.likely, row.possible) == (3, 2, 1)
    assert BatchRow.of(to_record(refused)).text == "the pictures show different places"
