"""Languages of the pages: complete, replaceable sentence by sentence, and right about numbers."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from issued_forecasts import MAINSHOCK, SEQUENCE, Past, events, fan, issued

from catalogs import InputError
from recast.live.publication import site as site_module
from recast.live.publication import write as write_module
from recast.live.publication.language import Language, languages, placeholders, read_language
from recast.live.publication.options import Pages
from recast.live.publication.site import Published, SiteState, write_site
from recast.live.publication.tables import probabilities_table
from recast.live.publication.write import write_forecast
from recast.live.records import FROM_PAST_SEQUENCES, Issued, bin_of

ENGLISH = read_language(Pages())
SPANISH = read_language(Pages(language="es"))

OWN_SENTENCE = ("model.sentence_sequence", "model.sentence_region", "model.sentence_early")
"""Of which another language does not take the English one."""


@pytest.mark.parametrize("name", languages())
def test_a_language_has_every_text_with_the_same_names_in_braces(name: str) -> None:
    other = read_language(Pages(language=name)).texts
    assert set(other) == set(ENGLISH.texts)
    for key, text in other.items():
        if key not in OWN_SENTENCE:
            assert placeholders(text) == placeholders(ENGLISH.texts[key]), key
    assert other["language"] == name


class Recorded(dict[str, str]):
    """Texts that know which of them were read."""

    read: set[str]

    def __getitem__(self, key: str) -> str:
        self.read.add(key)
        return super().__getitem__(key)


def every_kind() -> Iterator[tuple[Issued, list[Past]]]:
    """Forecasts that between them need every sentence."""
    one = [Past("1 Day", 3.0, True)]
    yield issued(capped=1, remarks=("remark",)), one
    yield issued(None, capped=2, next=None), one * 2
    swarm = replace(SEQUENCE, kind="swarm", sequence_id="s", overtaken=())
    yield issued(swarm, forecast_id="s"), []
    past = replace(issued().model, name=FROM_PAST_SEQUENCES)
    yield replace(issued(forecast_id="early"), model=past), []
    few = issued(forecast_id="few")
    day = few.windows[0]
    for name, shares in (("few", (8, 8)), ("up", (30, 8)), ("more", (300, 60))):
        drawn = [np.repeat([2, 0], [share, 1000 - share]) for share in shares]
        bins = tuple(bin_of(3.0 + i, counts) for i, counts in enumerate(drawn))
        yield replace(few, forecast_id=name, windows=(replace(day, bins=bins),), fan=fan(1.0)), []


def test_every_text_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = Recorded(ENGLISH.texts)
    texts.read = set()
    for module in (write_module, site_module):
        monkeypatch.setattr(module, "read_language", lambda _: Language(texts))
    pages, published = Pages(publisher="P", contact="C"), []
    for forecast, earlier in every_kind():
        folder = tmp_path / forecast.forecast_id
        folder.mkdir()
        few = forecast.forecast_id == "few"
        known = events(2 if few else 600)
        if few:
            known = known[known["event_id"] == MAINSHOCK.event_id]
        elif forecast.sequence is None:
            known = known.assign(time=known["time"] - pd.Timedelta(days=40))
        write_forecast(folder, forecast, known, earlier, pages)
        published.append(Published(forecast, folder))
    lately = tmp_path / "lately"
    lately.mkdir()
    write_forecast(lately, issued(None), events(), [], pages)
    now = pd.Timestamp("2019-07-09", tz="UTC")
    kinds = ((now, "", ""), (now, "", "stopped"), (now, "late", ""), (None, "none", ""))
    for data, trouble, silent in kinds:
        for shown in (published, []):
            state = SiteState(
                "R",
                now,
                data,
                tuple(shown),
                frozenset({SEQUENCE.sequence_id}),
                trouble,
                {SEQUENCE.sequence_id: replace(SEQUENCE.mainshock, magnitude=6.6)},
                SEQUENCE.mainshock,
                silent,
            )
            write_site(tmp_path / "pages", state, pages)
            (tmp_path / "pages" / "scores.html").touch()
    formats = ("numbers.", "dates.", "spans.", "within.")
    unused = {key for key in set(texts) - texts.read if not key.startswith(formats)}
    assert unused == set()


@pytest.mark.parametrize(
    ("probability", "samples", "said"),
    [
        (1.0, 2000, ">\u202f99\u202f%"),
        (0.991, 2000, ">\u202f99\u202f%"),
        (0.99, 2000, "99\u202f%"),
        (0.985, 2000, "99\u202f%"),
        (0.634, 2000, "63\u202f%"),
        (0.0101, 2000, "1\u202f%"),
        (0.01, 2000, "1 in 100"),
        (0.0034, 2000, "1 in 290"),
        (0.0005, 2000, "1 in 2,000"),
        (0.0, 2000, "<\u202f1 in 2,000"),
        (0.0, 500, "<\u202f1 in 500"),
    ],
)
def test_probabilities_in_words(probability: float, samples: int, said: str) -> None:
    assert ENGLISH.chance(probability, samples) == said


def test_numbers_and_times() -> None:
    assert SPANISH.number(1234567.5, 1) == "1.234.567,5"
    assert ENGLISH.number(-1234.5, 1) == "\N{MINUS SIGN}1,234.5"
    assert (ENGLISH.magnitude(3.0), SPANISH.magnitude(7.14)) == ("3", "7,1")
    assert ENGLISH.place(-17.05, 180.05) == "17.05°\u00a0S, 179.95°\u00a0W"
    assert SPANISH.moment("2019-12-31T23:59:59Z") == (
        "31\u00a0de diciembre de 2019, 23:59\u00a0UTC"
    )
    there = read_language(Pages(timezone="America/Los_Angeles"))
    assert there.moment("2019-07-06T03:19:53Z") == "5\u00a0July 2019, 20:19\u00a0PDT"
    assert 'datetime="2019-07-06T03:19:53Z"' in there.time("2019-07-06T03:19:53Z")


@pytest.mark.parametrize(
    ("days", "said", "within"),
    [
        (1 / 1440, "1 minute", "In the next minute"),
        (0.035, "50 minutes", "In the next 50 minutes"),
        (0.25, "6 hours", "In the next 6 hours"),
        (1.0, "1 day", "In the next day"),
        (2.4, "2 days", "In the next 2 days"),
        (2.5, "60 hours", "In the next 60 hours"),
        (7.0, "1 week", "In the next week"),
        (14.0, "14 days", "In the next 14 days"),
        (30.0, "1 month", "In the next 30 days"),
        (365.0, "1 year", "In the next year"),
    ],
)
def test_lengths_of_time(days: float, said: str, within: str) -> None:
    assert ENGLISH.span(days) == said
    assert ENGLISH.within(days) == within


@pytest.mark.parametrize(
    ("magnitude", "headings"),
    [
        (7.1, ["3", "4", "5", "6", "7", "7.1"]),
        (6.96, ["3", "4", "5", "6", "7"]),
        (4.5, ["3", "4", "4.5", "5", "6", "7"]),
    ],
)
def test_the_mainshock_has_one_row_in_order(magnitude: float, headings: list[str]) -> None:
    sequence = replace(SEQUENCE, mainshock=replace(MAINSHOCK, magnitude=magnitude))
    table = probabilities_table(issued(sequence), ENGLISH)
    assert [row.heading.removesuffix(" or larger") for row in table.rows] == headings
    noted = [row.heading for row in table.rows if row.note == "as the mainshock"]
    assert noted == [f"{ENGLISH.magnitude(magnitude)} or larger"]


def written(folder: Path, pages: Pages) -> str:
    """The page of a forecast."""
    folder.mkdir(exist_ok=True)
    write_forecast(folder, issued(), events(20), [], pages)
    return (folder / "page.html").read_text(encoding="utf-8")


def test_a_page_in_spanish_says_when_little_is_known_of_a_sequence(tmp_path: Path) -> None:
    """It said that the model follows the sequence."""
    early = replace(issued(), model=replace(issued().model, name=FROM_PAST_SEQUENCES))
    for forecast, follows in ((issued(), True), (early, False)):
        write_forecast(tmp_path, forecast, events(20), [], Pages(language="es"))
        page = (tmp_path / "page.html").read_text(encoding="utf-8")
        assert ("sigue cómo ha ido esta secuencia" in page) == follows
        assert ("Todavía se sabe poco de las réplicas" in page) != follows


def test_an_agency_replaces_a_sentence_and_a_template(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text('page: {nature: "Nobody can predict earthquakes & <we> do not."}\n')
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "macros.html.j2").write_text(
        "{% macro table(content, caption, corner) %}<p>our table of {{ content.rows | length }}</p>"
        "{% endmacro %}{% macro picture(entry) %}{% endmacro %}"
    )
    page = written(
        tmp_path / "f",
        Pages(texts=str(own), templates=str(tmp_path / "templates"), notice="<test>"),
    )
    assert "Nobody can predict earthquakes &amp; &lt;we&gt; do not." in page
    assert page.count("<p>our table of 6</p>") == 2
    assert "<figure" not in page
    assert "&lt;test&gt;" in page
    assert "What to expect" in page  # all else as it was


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("page: {nothing: x}", "page.nothing is no text of the pages"),
        ("page: {by: 'By {somebody}'}", "names in braces other than {publisher}"),
        ("page: {skip: '{publisher}'}", "names in braces other than none"),
        ("page: {by: '{publisher.__class__}'}", "write braces around names only"),
        ("page: {by: '{publisher!r}'}", "write braces around names only"),
        ("page: {by: 'a { b'}", "write braces around names only"),
        ("- a", "holds no options"),
    ],
)
def test_texts_that_cannot_be_used_are_one_line(tmp_path: Path, text: str, message: str) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(text)
    with pytest.raises(InputError, match=r"own.yaml") as caught:
        read_language(Pages(texts=str(own)))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\n{{ nothing.here }}", "line 2 cannot be filled in (UndefinedError: 'nothing' is"),
        ("{% if %}", "line 1 cannot be filled in (TemplateSyntaxError: "),
        ("{{ 1 / 0 }}", "line 1 cannot be filled in (ZeroDivisionError: "),
        ("{% include 'none' %}", "line 1 cannot be filled in (TemplateNotFound: none): correct it"),
    ],
)
def test_templates_that_cannot_be_used_are_one_line(
    tmp_path: Path, text: str, message: str
) -> None:
    own = tmp_path / "forecast.html.j2"
    own.write_text(text)
    with pytest.raises(InputError) as refused:
        written(tmp_path / "f", Pages(templates=str(tmp_path)))
    assert str(refused.value).startswith(f"{own} {message}")


def test_options_that_cannot_be_used_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="timezone 'Mars/Olympus' is unknown"):
        Pages(timezone="Mars/Olympus")
    with pytest.raises(InputError, match="base_url 'ftp://x' does not begin with https://"):
        Pages(base_url="ftp://x")
    with pytest.raises(InputError, match="language 'xx': there are en, es"):
        read_language(Pages(language="xx"))
    with pytest.raises(InputError, match="is no folder: make it first"):
        written(tmp_path, Pages(templates=str(tmp_path / "none")))
    assert Pages.from_json({"language": "es"}, "live.yaml") == Pages(language="es")
