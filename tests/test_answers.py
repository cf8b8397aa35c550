"""Answers of event services that are cut, or in another layout than was asked for."""

import pytest
from loopback import as_csv, as_quakeml, as_text, made_events

from catalogs.providers.answers import OtherLayoutError, identifiers
from catalogs.providers.web import Answer, TransientError

EVENTS = made_events(5)
WHOLE = {
    "fdsn_text": as_text(EVENTS),
    "ehp_csv": as_csv(EVENTS),
    "quakeml": as_quakeml(EVENTS),
}


@pytest.mark.parametrize("layout", WHOLE)
def test_identifiers_come_in_the_order_of_the_answer(layout: str) -> None:
    found = identifiers(Answer(WHOLE[layout], is_delimited=True), layout)
    assert [name.removeprefix("smi:local/") for name in found] == EVENTS["event_id"].tolist()


@pytest.mark.parametrize("delimited", [True, False])
@pytest.mark.parametrize("layout", WHOLE)
def test_a_row_that_is_cut_is_noticed_also_where_the_server_said_how_long(
    layout: str, *, delimited: bool
) -> None:
    last = WHOLE[layout].rstrip().rfind(b"\n")
    cut = WHOLE[layout][: last + 30]
    with pytest.raises(TransientError, match="cut half-way"):
        identifiers(Answer(cut, is_delimited=delimited), layout)


@pytest.mark.parametrize(
    ("layout", "said"),
    [
        ("quakeml", b"No quakeml here, sorry"),
        ("quakeml", b"<html>Back soon</html>"),
        ("fdsn_text", b"Service under maintenance\n"),
        ("ehp_csv", b"time,latitude\n2020-01-01,3\n"),
        ("ehp_csv", b'a quote left "open ' + 200_000 * b"and much more "),
        ("ehp_csv", b'left open, "' + 200_000 * b"and much more "),
    ],
)
def test_a_page_in_words_is_another_layout(layout: str, said: bytes) -> None:
    with pytest.raises(OtherLayoutError, match=r"but begins with '.*'"):
        identifiers(Answer(said, is_delimited=True), layout)
