from xml.etree import ElementTree

from hypothesis import given, settings
from hypothesis import strategies as st

from spotdiff.report.batch_row import OUTCOMES, BatchRow
from spotdiff.report.junit import junit, write_junit

ROWS = [
    BatchRow("roof/1", "same", seconds=0.25),
    BatchRow("roof/2", "changed", score=0.9, regions=2, seconds=1.5, text="A vase appeared."),
    BatchRow("3", "unsure", text="the pictures show different places"),
    BatchRow.trouble("roof/4", "the file is empty", seconds=0.001),
]
anything = st.text(alphabet=st.characters())
surrogates = st.text(alphabet=st.characters(min_codepoint=0xD7F0, max_codepoint=0xE010))


def test_same_passes_changed_and_unsure_fail_trouble_is_an_error():
    root = ElementTree.fromstring(junit(ROWS).encode())
    suite = root.find("testsuite")
    assert {k: suite.get(k) for k in ("tests", "failures", "errors", "skipped", "time")} == {
        "tests": "4",
        "failures": "2",
        "errors": "1",
        "skipped": "0",
        "time": "1.751",
    }
    assert [[found.tag for found in case] for case in suite] == [[], ["failure"], ["failure"], ["error"]]
    assert suite[1].get("classname") == "spotdiff.roof"
    assert suite[1][0].get("message") == "A vase appeared."
    assert suite[1][0].text == "changed: A vase appeared. (score 0.90, regions: 2)"
    assert suite[2][0].get("type") == "unsure"
    assert (suite[2].get("classname"), suite[2].get("name")) == ("spotdiff", "3")
    assert suite[3][0].get("message") == "the file is empty"


def test_what_is_only_possible_is_counted_apart():
    suite = ElementTree.fromstring(junit([BatchRow("1", "changed", regions=7, possible=5, text="So.")])).find(
        "testsuite"
    )
    assert suite[0][0].text == "changed: So. (score 0.00, regions: 2, possible: 5)"


def test_what_is_not_asked_to_fail_is_skipped_with_its_text():
    rows = [*ROWS, BatchRow("5", "new", text="It has no counterpart.")]
    for fail_on, tags in (
        (("changed",), [[], ["failure"], ["skipped"], ["error"], ["skipped"]]),
        ((), [[], ["skipped"], ["skipped"], ["error"], ["skipped"]]),
    ):
        suite = ElementTree.fromstring(junit(rows, fail_on=fail_on).encode()).find("testsuite")
        assert [[found.tag for found in case] for case in suite] == tags
        assert (suite.get("failures"), suite.get("errors")) == (str(len(fail_on)), "1")
        assert suite[4][0].get("message") == "It has no counterpart."


def test_nothing_compared_is_an_empty_suite():
    assert ElementTree.fromstring(junit([]).encode()).find("testsuite").get("tests") == "0"


@settings(max_examples=80, deadline=None)
@given(anything | surrogates, anything | surrogates, st.sampled_from(OUTCOMES))
def test_any_name_gives_valid_xml(name, text, verdict):
    xml = junit([BatchRow(name, verdict, text=text, error=text)], suite=name)
    case = ElementTree.fromstring(xml.encode()).find("testsuite")[0]
    assert case.get("name") is not None
    assert len(case) == (verdict != "same")


def test_it_is_written_to_a_file(tmp_path):
    write_junit(ROWS, tmp_path / "deep" / "junit.xml", suite="night")
    assert ElementTree.parse(tmp_path / "deep" / "junit.xml").getroot().get("name") == "night"
