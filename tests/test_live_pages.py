"""Pages of a live service in a real browser: what people see, and what hostile text cannot do."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest
from browsing import chromium
from issued_forecasts import FORESHOCK, MAINSHOCK, SEQUENCE, circle, events, issued, past

from recast.forecast.results import Fan
from recast.live.publication.chart import drawn_until
from recast.live.publication.options import Pages
from recast.live.publication.outside import file_name, link, plain
from recast.live.publication.site import Published, SiteState, write_site
from recast.live.publication.write import write_forecast
from recast.live.records import Circle, Issued, Quake, SequenceState

NOW = pd.Timestamp("2019-07-07T01:40:00Z")
SWARM = SequenceState(
    "sw1",
    "swarm",
    Quake("sw1", "2019-07-01T10:00:00Z", 3.9, -17.05, 179.95, 5.0),
    Circle(-17.05, 179.95, 30.0),
    "2019-06-30T10:00:00Z",
)
ATOM = "{http://www.w3.org/2005/Atom}"


def site(root: Path, forecasts: list[Issued], pages: Pages, place: str | None = None) -> Path:
    """Forecasts and their site, three hours after the source stopped answering."""
    published = []
    for forecast in forecasts:
        folder = root / "forecasts" / forecast.forecast_id
        folder.mkdir(parents=True)
        earlier = past() if forecast.sequence else []
        known = events(place=place) if place is None else events(20, place=place)
        write_forecast(folder, forecast, known, earlier, pages)
        published.append(Published(forecast, folder))
    state = SiteState(
        forecasts[0].region,
        NOW,
        NOW - pd.Timedelta(hours=3),
        tuple(published),
        frozenset({SEQUENCE.sequence_id}),
        "the service did not answer (503)",
    )
    write_site(root / "pages", state, pages)
    return root


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sequence, the region, and a swarm that is over and crosses 180 degrees."""
    forecasts = [issued(), issued(None), issued(SWARM, hours=48.0)]
    pages = Pages(publisher="Seismological Institute", contact="info@example.org")
    site(tmp_path_factory.mktemp("es"), forecasts, replace(pages, language="es"))
    return site(tmp_path_factory.mktemp("site"), forecasts, pages)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as running:
        yield running


PAGES = ("index.html", "region.html", "sequences/ci38443183.html", "sequences/sw1.html")


def test_only_after_a_mainshock_aftershocks_are_said_to_fade(shown: Path) -> None:
    fade, pages = "aftershocks become less frequent", shown / "pages"
    assert fade in (pages / "sequences" / "ci38443183.html").read_text()
    assert fade not in (pages / "sequences" / "sw1.html").read_text()
    assert fade not in (pages / "region.html").read_text()


@pytest.mark.parametrize(
    ("language", "width", "scheme"),
    [
        *(("site", width, scheme) for width in (360, 1400) for scheme in ("light", "dark")),
        ("es", 360, "light"),
    ],
)
def test_a_browser_shows_all_of_it(
    browser: Any, shown: Path, language: str, width: int, scheme: str
) -> None:
    view = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    said: list[str] = []
    asked: list[str] = []
    view.on("console", lambda message: said.append(message.text))
    view.on("pageerror", lambda error: said.append(str(error)))
    view.on("request", lambda request: asked.append(request.url))
    for name in PAGES:
        address = (shown.parent / f"{language}0" / "pages" / name).as_uri()
        view.goto(address)
        seen = json.loads(view.evaluate(MEASURE))
        assert said == []
        assert [url for url in asked if not url.startswith("data:")] == [address]
        asked.clear()
        assert seen["overflow"] <= 0, name
        assert seen["cut"] == [], name
        # By the formula of WCAG 2, which asks for 4.5
        assert seen["contrast"][0] > 4.5, (name, seen["contrast"])
        assert seen["levels"][0] == 1
        assert all(b - a <= 1 for a, b in zip(seen["levels"], seen["levels"][1:], strict=False))
        assert seen["unnamed"] == []
        for figure in seen["figures"]:
            assert figure["text"] >= 8.0, (name, figure)
            assert figure["outside"] == [], (name, figure)
            assert figure["shapes"] > 10
    view.close()


MEASURE = """() => {
  const parse = c => c.match(/[\\d.]+/g).map(Number);
  const bright = c => { const v = parse(c).slice(0, 3).map(x => x / 255)
      .map(x => x <= 0.03928 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
    return 0.2126 * v[0] + 0.7152 * v[1] + 0.0722 * v[2]; };
  const ratio = (a, b) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  const behind = e => { for (; e; e = e.parentElement) {
      const c = parse(getComputedStyle(e).backgroundColor);
      if (c.length < 4 || c[3] === 1) return bright(getComputedStyle(e).backgroundColor); }
    return 1; };
  const all = [...document.querySelectorAll("body *")];
  const visible = all.filter(e => e.getClientRects().length && !e.classList.contains("skip"));
  const own = e => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
  const worst = visible.filter(own).map(e => {
    const style = getComputedStyle(e);
    const ink = e.closest("svg") ? style.fill : style.color;
    return [ratio(behind(e), bright(ink)), e.textContent.slice(0, 40)];
  }).sort((a, b) => a[0] - b[0])[0];
  const boxes = visible.filter(e => !e.closest("svg") && getComputedStyle(e).display !== "inline");
  return JSON.stringify({
    overflow: document.documentElement.scrollWidth - window.innerWidth,
    cut: boxes.filter(e => e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 2)
      .filter(e => e.clientWidth).map(e => `${e.tagName} ${e.textContent.slice(0, 40)}`),
    contrast: worst,
    levels: [...document.querySelectorAll("h1, h2, h3")].map(h => +h.tagName[1]),
    unnamed: [...document.querySelectorAll("th:not([scope]), svg:not([aria-label])")]
      .map(e => e.outerHTML.slice(0, 80)),
    figures: [...document.querySelectorAll("figure svg")].map(svg => {
      const box = svg.getBoundingClientRect(), texts = [...svg.querySelectorAll("text")];
      const scale = Math.min(box.width / svg.viewBox.baseVal.width,
        box.height / svg.viewBox.baseVal.height);
      const inside = t => { const r = t.getBoundingClientRect();
        return r.left >= box.left - 1 && r.right <= box.right + 1 && r.top >= box.top - 1
          && r.bottom <= box.bottom + 1; };
      return { text: Math.min(...texts.map(t => parseFloat(getComputedStyle(t).fontSize) * scale)),
        outside: texts.filter(t => !inside(t)).map(t => t.textContent),
        shapes: svg.querySelectorAll("path, use").length };
    }),
  });
}"""


def text(browser: Any, path: Path) -> str:
    """What a page says, with plain blanks."""
    view = browser.new_page()
    view.goto(path.as_uri())
    said = view.inner_text("body")
    view.close()
    return re.sub(r"[\s\u202f]+", " ", said)


def test_the_page_says_what_people_ask(browser: Any, shown: Path) -> None:
    forecast = issued()
    said = text(browser, shown / "forecasts" / forecast.forecast_id / "page.html")
    week = forecast.windows[1].bins
    for sentence in (
        "Aftershock forecast: magnitude 7.1, 18 km W of Searles Valley, CA",
        "It happened on 6 July 2019, 03:19 UTC",
        "Before it, this sequence had a magnitude 6.4 earthquake, on 4 July 2019, 17:33 UTC.",
        "Next update 6 July 2019, 21:19 UTC",
        "In the next week, until 13 July 2019, 15:19 UTC, expect",
        f"{week[0].low95} to {week[0].high95} earthquakes of magnitude 3 or larger",
        f"{100 * week[2].probability:.0f} % for magnitude 5 or larger",
        "as large as the mainshock or larger",
        "only because they are longer",
        "227 of them were inside the 95 % range, which is 95 %",
        "The latest one in the area, of magnitude 2.6, was 5 minutes earlier.",
        "It cannot say when, where or how large a particular earthquake will be.",
    ):
        assert sentence in said, sentence
    assert not re.search("alarm|danger|warning|threat|disaster|catastroph|scenario", said.lower())


@pytest.mark.parametrize(
    ("days", "points", "until"), [(365.0, 3, 7.0), (365.0, 1, 30.0), (30.0, 1, 7.0), (1.0, 1, 1.0)]
)
def test_the_chart_shows_the_next_days_if_it_can(days: float, points: int, until: float) -> None:
    """Points of the fan are evenly spaced, or denser at the beginning; and it never goes on."""
    grid = days * np.linspace(0.0, 1.0, 101) ** points
    assert drawn_until(Fan(grid.tolist(), {})) == until


def test_numbers_and_probabilities_are_in_tables_of_their_own(browser: Any, shown: Path) -> None:
    view = browser.new_page()
    view.goto((shown / "pages" / "sequences" / "ci38443183.html").as_uri())
    tables = [
        [re.sub(r"\s", " ", cell) for cell in table.locator("td").all_inner_texts()]
        for table in view.locator("#tables ~ div table").all()
    ]
    view.close()
    numbers, probabilities = tables
    assert len(numbers) == len(probabilities) == 4 * 6
    assert all(re.fullmatch(r"\d+ \d+(\u2013\d+)?", cell) for cell in numbers)
    assert all(re.fullmatch(r"(> )?\d+ %|(< )?1 in [\d,]+", cell) for cell in probabilities), (
        probabilities
    )
    assert "> 99 %" in probabilities
    assert any(cell.startswith("1 in ") for cell in probabilities)


def test_the_site_says_how_old_it_is_and_its_links_lead_somewhere(
    browser: Any, shown: Path
) -> None:
    for name in PAGES:
        path = shown / "pages" / name
        html = path.read_text(encoding="utf-8")
        for href in re.findall(r'href="([^"#]+)"', html):
            if href.startswith(("data:", "https:")) or href.endswith("/issued.json"):
                continue
            assert (path.parent / href).resolve().is_file(), (name, href)
    trouble = "Last data 3 hours ago: the service did not answer (503)"
    assert trouble in text(browser, shown / "pages" / "index.html")
    under_way = text(browser, shown / "pages" / "sequences" / "ci38443183.html")
    assert trouble in under_way
    assert "The update that was due at 6 July 2019, 21:19 UTC has not been made yet." in under_way
    over = text(browser, shown / "pages" / "sequences" / "sw1.html")
    assert "This sequence is no longer updated." in over
    assert "17.05° S, 179.95° E" in over  # the source has no name for the place


def test_nothing_is_said_where_all_is_well(shown: Path, tmp_path: Path) -> None:
    folder = shown / "forecasts" / issued().forecast_id
    at = pd.Timestamp(issued().at) + pd.Timedelta(minutes=2)
    state = SiteState(
        "California", at, at, (Published(issued(), folder),), frozenset({SEQUENCE.sequence_id})
    )
    for name in ("a", "b"):
        write_site(tmp_path / name, state, Pages())
    assert 'role="status"' not in (tmp_path / "a" / "sequences" / "ci38443183.html").read_text()
    files = [path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*.*")]
    assert len(files) == 3
    for file in files:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_a_source_that_has_nothing_new_is_told(shown: Path, tmp_path: Path) -> None:
    """Data of a minute ago would say that all is well."""
    forecast = issued()
    folder = shown / "forecasts" / forecast.forecast_id
    remark = "no earthquake is known since 2019-07-06T03:19:53Z, where about 50 were to be expected"
    state = SiteState("California", NOW, NOW, (Published(forecast, folder),), silent=remark)
    write_site(tmp_path, state, Pages())
    content = (tmp_path / "index.html").read_text()
    assert f"The source of earthquakes answers, but {remark}" in content
    assert "The latest data were" not in content
    write_site(tmp_path, replace(state, trouble="no answer"), Pages())
    assert remark not in (tmp_path / "index.html").read_text()


def test_a_forecast_for_a_magnitude_that_no_longer_holds_says_so(
    shown: Path, tmp_path: Path
) -> None:
    folder = shown / "forecasts" / issued().forecast_id
    at = pd.Timestamp(issued().at) + pd.Timedelta(minutes=2)
    name = SEQUENCE.sequence_id
    state = SiteState("California", at, at, (Published(issued(), folder),), frozenset({name}))
    for magnitude, is_said in ((7.0, False), (6.5, True)):
        now = {name: replace(MAINSHOCK, magnitude=magnitude)}
        write_site(tmp_path, replace(state, mainshocks=now), Pages())
        for page in ("index.html", "sequences/ci38443183.html"):
            said = (tmp_path / page).read_text()
            assert ("which no longer holds" in said) == is_said
            assert ("now has magnitude\u00a06.5" in said) == is_said


def test_a_site_without_forecasts_or_data(browser: Any, tmp_path: Path) -> None:
    state = SiteState("Italy", NOW, None, (), frozenset(), "no route to host")
    write_site(tmp_path, state, Pages())
    (tmp_path / "scores.html").write_text("")
    write_site(tmp_path, state, Pages())
    said = text(browser, tmp_path / "index.html")
    assert "No data have arrived yet: no route to host" in said
    assert "No forecast has been issued yet." in said
    assert "How good the forecasts were" in said
    feed = ET.parse(tmp_path / "feed.xml").getroot()
    assert feed.find(f"{ATOM}entry") is None


def test_the_feed_is_atom(shown: Path, tmp_path: Path) -> None:
    feed = ET.parse(shown / "pages" / "feed.xml").getroot()
    for parent in [feed, *feed.findall(f"{ATOM}entry")]:
        for tag in ("id", "title", "updated", "link"):
            assert parent.find(f"{ATOM}{tag}") is not None
    entries = feed.findall(f"{ATOM}entry")
    ids = [entry.findtext(f"{ATOM}id") for entry in [feed, *entries]]
    assert len(set(ids)) == 4
    assert all(name and name.startswith("urn:uuid:") for name in ids)
    stamps = [entry.findtext(f"{ATOM}updated") or "" for entry in entries]
    assert stamps == sorted(stamps, reverse=True)
    assert feed.findtext(f"{ATOM}updated") == stamps[0]
    base = "https://example.org/quakes/pages/"
    moved = Pages(base_url=base)
    folder = shown / "forecasts" / issued().forecast_id
    state = SiteState("Southern California", NOW, NOW, (Published(issued(), folder),))
    write_site(tmp_path, state, moved)
    other = ET.parse(tmp_path / "feed.xml").getroot()
    assert other.findtext(f"{ATOM}id") == ids[0]
    (entry,) = other.findall(f"{ATOM}entry")
    assert entry.findtext(f"{ATOM}id") in ids
    address = entry.find(f"{ATOM}link")
    assert address is not None
    assert address.get("href") == (
        f"https://example.org/quakes/forecasts/{issued().forecast_id}/page.html"
    )


HOSTILE = {
    "script": "<script>window.hit = 1</script>",
    "attribute": "\"'><img src=x onerror='window.hit=1'>",
    "template": "{{ 7 * 7 }} {magnitude} {0} %s ${x} $\\frac{1}{2}$ \\",
    "markers": '<!-- status --> href="./ &amp; ]]> <![CDATA[ </title></style>',
    "right to left": "\u202eevil\u202c \u200f\u05e9\u05dc\u05d5\u05dd\u2066",
    "lines": "one\r\ntwo\tthree\u2028four",
    "control": "a\x00b\x1b[31mc\x7f\ufffe",
    "half": "a\ud800b",
    "long": "Lorem" * 2000,
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_text_stays_text(browser: Any, tmp_path: Path, kind: str) -> None:
    bad = HOSTILE[kind]
    shock = replace(MAINSHOCK, place=bad, event_id=bad, url=f"javascript:{bad}")
    sequence = replace(
        SEQUENCE, sequence_id=bad, mainshock=shock, overtaken=(replace(FORESHOCK, place=bad),)
    )
    forecast = issued(
        sequence, forecast_id="f1", region=bad, remarks=(bad,), area=circle(SEQUENCE.region)
    )
    region = issued(None, forecast_id="f2", region=bad)
    site(tmp_path, [forecast, region], Pages(), bad)
    words = plain(bad)
    pages = tmp_path / "pages"
    made = {path.name for path in (pages / "sequences").iterdir()}
    assert made == {f"{file_name(bad)}.html"}
    view = browser.new_page()
    said: list[str] = []
    view.on("console", lambda message: said.append(message.text))
    view.on("pageerror", lambda error: said.append(str(error)))
    for path in (*pages.rglob("*.html"), tmp_path / "forecasts" / "f2" / "page.html"):
        # Without the policy that would stop scripts anyway
        html = path.read_text(encoding="utf-8").replace("Content-Security-Policy", "X-Nothing")
        path.write_text(html, encoding="utf-8")
        view.goto(path.as_uri())
        seen = json.loads(view.evaluate(WHAT_RUNS))
        assert seen["hit"] is None
        assert seen["active"] == 0
        assert set(seen["isolated"]) <= {words}
        assert seen["isolated"]
        assert words in seen["heading"]
        if path.name != "index.html":
            assert words in seen["label"]
        assert re.sub(r"\s+", " ", seen["title"]).count(" ".join(words.split()))
        assert seen["overflow"] <= 0
        assert all(
            re.match(r"\.|https?:|[a-z_A-Z0-9/-]+\.(html|xml)|#|data:,$", h) for h in seen["links"]
        )
    view.close()
    assert said == []
    for name in ("events.geojson", "sequence.geojson", "forecast.json"):
        json.loads((tmp_path / "forecasts" / "f1" / name).read_bytes())
    quakes = json.loads((tmp_path / "forecasts" / "f1" / "sequence.geojson").read_bytes())
    largest = quakes["features"][1]["properties"]
    assert (largest["place"], largest["event_id"], largest["url"]) == (words, words, "")
    feed = ET.parse(pages / "feed.xml").getroot()
    titles = [entry.findtext(f"{ATOM}title") or "" for entry in feed.findall(f"{ATOM}entry")]
    assert len(titles) == 2
    assert all(words in title for title in titles)


WHAT_RUNS = """() => JSON.stringify({
  hit: window.hit === undefined ? null : window.hit,
  active: document.querySelectorAll("script, iframe, object, embed, img, base, form").length
    + [...document.querySelectorAll("*")].filter(
        e => [...e.attributes].some(a => a.name.startsWith("on"))).length,
  isolated: [...document.querySelectorAll("bdi")].map(e => e.textContent),
  heading: document.querySelector("h1").textContent,
  title: document.title,
  label: document.querySelector("#figure-map svg")?.getAttribute("aria-label"),
  overflow: document.documentElement.scrollWidth - window.innerWidth,
  links: [...document.querySelectorAll("[href]")].map(
    e => e.getAttribute("href") || e.getAttribute("xlink:href")),
})"""


def test_only_addresses_of_the_web_are_linked() -> None:
    for good in ("https://example.org/a?b=1", "http://example.org"):
        assert link(good) == good
    for bad in ("javascript:alert(1)", "data:text/html,x", "//example.org", "https://", "x", ""):
        assert link(bad) == ""
    assert (
        link("https://a\nb.org") == link("https://[") == link("https://a.org/" + 3000 * "x") == ""
    )


def test_files_of_hostile_identifiers_stay_in_their_folder() -> None:
    names = {file_name(name) for name in (*HOSTILE.values(), "../../x", "..", "", "a" * 300, "é")}
    assert len(names) == len(HOSTILE) + 5
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+", name) and len(name) < 80 for name in names)
