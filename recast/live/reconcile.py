"""What an answer of a source says that is new, and whether to believe it.

An answer is believed if it is not older than what is known: it holds something never seen before,
or the newest of what is known. Yesterday's file holds neither. What an answer lacks is believed
more slowly than what it has (``Rules``), for a source that has lost events looks like one
that has withdrawn them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from catalogs.areas import Box
from catalogs.sequence import reaches
from recast.live.durations import shown
from recast.live.identity import Report, agency, duplicates, matched
from recast.live.store import Version
from recast.live.times import read, written

EDGE = pd.Timedelta(hours=1)
"""An event so near the beginning of a period may have left it as its time was revised."""

TAIL = 3
"""An answer without so many of the newest events is old, whatever it holds."""


@dataclass(frozen=True)
class Rules:
    """When events that an answer lacks are withdrawn.

    A few are one or two, or a twentieth of those expected: after ``few_answers`` answers in a row.
    Many are withdrawn after ``many_answers`` and ``many_hours``. An answer that may be old, or
    may lack just the newest event, is believed after ``doubtful_answers`` alike and
    ``doubtful_hours``; one that is surely old, or empty, as slowly as many absences.
    """

    few_answers: int = 2
    many_answers: int = 3
    many_hours: float = 24.0
    doubtful_answers: int = 3
    doubtful_hours: float = 0.5

    def are_few(self, missing: int, expected: int) -> bool:
        """Whether so many of the expected events may vanish at a time."""
        return missing <= self.few(expected) and missing < expected

    @staticmethod
    def few(expected: int) -> int:
        """One or two, or a twentieth."""
        return max(2, expected // 20)


@dataclass(frozen=True)
class Scope:
    """What an answer covers: a period, a box and a least magnitude."""

    start: pd.Timestamp
    end: pd.Timestamp
    box: Box | None = None
    min_magnitude: float | None = None
    edge: pd.Timedelta = EDGE
    """Of events so near the beginning none is missed."""

    def expects(self, report: Report) -> bool:
        """Whether an answer should hold an event that is known like this."""
        at = pd.Timestamp(report.time, tz="UTC")
        if not self.start + self.edge <= at <= self.end:
            return False
        least = self.min_magnitude
        if least is not None and not reaches(np.array([report.magnitude]), least).all():
            return False
        return self.box is None or bool(self.box.contains(report.latitude, report.longitude).all())


@dataclass(frozen=True)
class Lacking:
    """Known events that answers lacked in number, until they come back or a person believes it.

    So it is also when they have been withdrawn: where a source has lost its small events, it does
    not have the small ones since then either.
    """

    since: str
    events: tuple[str, ...]
    expected: int
    """Known events of the period, with these."""


@dataclass(frozen=True)
class Memory:
    """What earlier answers left open."""

    absences: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    """Event -> since when it is missing, and from how many answers in a row that cover it."""

    doubtful: tuple[str, int] | None = None
    """Since when answers are doubted, and how many in a row were."""

    lacking: Lacking | None = None


@dataclass(frozen=True)
class Reconciled:
    """What follows from an answer."""

    outcome: str
    message: str
    versions: tuple[Version, ...]
    links: Mapping[str, str]
    memory: Memory


@dataclass(frozen=True)
class _Read:
    """An answer, event by event."""

    now: dict[str, Report]
    """Of events that are known, as they are reported now."""

    new: list[list[Report]]
    """Earthquakes never heard of before, each as one agency or several report it."""

    links: dict[str, str]
    merged: dict[str, str]
    """Event -> the event that it turns out to be a duplicate of."""


def reconcile(
    reports: Sequence[Report],
    histories: Mapping[str, Sequence[Version]],
    links: Mapping[str, str],
    scope: Scope,
    memory: Memory,
    asked: pd.Timestamp,
    *,
    listed: frozenset[str] = frozenset(),
    whole: bool = True,
    believe: bool = False,
    rules: Rules | None = None,
) -> Reconciled:
    """Compare an answer with what is known.

    Parameters
    ----------
    reports : sequence of Report
        The answer; of rows with one identifier the last counts.
    histories : mapping
        Event -> its versions, for events with a time in the period or an identifier in the answer.
    links : mapping
        Reported identifier -> event, of the same events.
    scope : Scope
        What the answer covers.
    memory : Memory
        What earlier answers left open.
    asked : Timestamp
        When.
    listed : frozenset of str
        Identifiers in the answer whose rows could not be used: these events are not missing.
    whole : bool
        False where part of the answer could not be read: then nothing is missing.
    believe : bool
        Take the answer as it is, also what it lacks.
    rules : Rules, optional
        When absences are believed.
    """
    rules = rules or Rules()
    known = {event: versions[-1] for event, versions in histories.items()}
    answer = _read(reports, histories, links, known)
    present = {links[name] for name in listed if name in links} | set(answer.now)
    missing = sorted(
        event
        for event, version in known.items()
        if whole
        and event not in present
        and event not in answer.merged
        and not version.withdrawn
        and scope.expects(version.report)
    )
    # Of what this answer does not cover, the next that does decides
    decided = {*present, *answer.merged, *(e for e in known if known[e].withdrawn)}
    absences = {e: count for e, count in memory.absences.items() if e not in decided}
    absences |= _counted(missing, memory.absences, asked)
    expected = sum(
        not version.withdrawn and scope.expects(version.report) for version in known.values()
    )
    lacking = None
    if not believe:
        reported = {*answer.now, *answer.merged}
        lacking = _lacking(missing, expected, absences, reported, memory.lacking, rules)
    doubt = None if believe else _doubt(answer, histories, missing, expected, empty=not reports)
    if doubt is not None:
        reason, slow = doubt
        since, n = memory.doubtful or (written(asked), 0)
        hours = rules.many_hours if slow else rules.doubtful_hours
        answers = rules.many_answers if slow else rules.doubtful_answers
        if n + 1 < answers or asked - read(since) < pd.Timedelta(hours=hours):
            left = Memory(absences, (since, n + 1), memory.lacking)
            return Reconciled("doubtful", reason, (), {}, left)
        believe = True  # it has said the same for long enough
    gone, kept = _withdrawn(missing, absences, expected, asked, rules, believe=believe)
    versions = _versions(answer, known, gone)
    message = _kept(kept, expected, absences, asked) if kept else ""
    outcome = "good" if rules.are_few(len(kept), expected) or not kept else "partly"
    return Reconciled(
        outcome if whole else "partly",
        message,
        tuple(versions),
        answer.links,
        Memory(
            {event: count for event, count in absences.items() if event not in gone},
            lacking=lacking,
        ),
    )


def _read(
    reports: Sequence[Report],
    histories: Mapping[str, Sequence[Version]],
    links: Mapping[str, str],
    known: Mapping[str, Version],
) -> _Read:
    """Tell which report is of which event."""
    rows = list({report.reported_id: report for report in reports}.values())
    clusters = _clusters(rows, links)
    now: dict[str, Report] = {}
    linked: dict[str, str] = {}
    merged: dict[str, str] = {}
    unknown: list[list[Report]] = []
    for cluster in clusters:
        events = {links[r.reported_id] for r in cluster if r.reported_id in links}
        if not events:
            unknown.append(cluster)
            continue
        event = min(events, key=lambda e: (known[e].withdrawn, histories[e][0].poll, e))
        merged.update(dict.fromkeys(events - {event}, event))
        now[event] = _chosen(cluster, known[event].report.reported_id)
        linked.update({r.reported_id: event for r in cluster if links.get(r.reported_id) != event})
    # Reports under a new identifier, in the place of events that have none in the answer any more
    gone = sorted(event for event in known if event not in now and event not in merged)
    firsts = [_chosen(cluster) for cluster in unknown]
    renamed = dict(matched(firsts, [known[event].report for event in gone]))
    new = []
    for i, cluster in enumerate(unknown):
        if i not in renamed:
            new.append(cluster)
            continue
        event = gone[renamed[i]]
        now[event] = firsts[i]
        linked.update({report.reported_id: event for report in cluster})
    return _Read(now, new, linked, merged)


def _clusters(rows: Sequence[Report], links: Mapping[str, str]) -> list[list[Report]]:
    """The reports of each earthquake, by the events they are known to be of, and by likeness."""
    leader = list(range(len(rows)))

    def find(i: int) -> int:
        while leader[i] != i:
            i = leader[i]
        return i

    first: dict[str, int] = {}
    for i, report in enumerate(rows):
        event = links.get(report.reported_id)
        if event is not None:
            leader[i] = first.setdefault(event, i)
    for i, j in duplicates(rows):
        low, high = sorted((find(i), find(j)))
        both = [k for k in range(len(rows)) if find(k) in {low, high}]
        agencies = [agency(rows[k].reported_id) for k in both]
        if low != high and len(set(agencies)) == len(agencies):  # of each agency one
            leader[high] = low
    found: dict[int, list[Report]] = {}
    for i, report in enumerate(rows):
        found.setdefault(find(i), []).append(report)
    return list(found.values())


def _chosen(cluster: Sequence[Report], before: str = "") -> Report:
    """The report by which an earthquake is known: as before, or the first by its identifier."""
    return min(cluster, key=lambda report: (report.reported_id != before, report.reported_id))


def _counted(
    missing: Sequence[str], before: Mapping[str, tuple[str, int]], asked: pd.Timestamp
) -> dict[str, tuple[str, int]]:
    counted = {}
    for event in missing:
        since, n = before.get(event, (written(asked), 0))
        counted[event] = (since, n + 1)
    return counted


def _doubt(
    answer: _Read,
    histories: Mapping[str, Sequence[Version]],
    missing: Sequence[str],
    expected: int,
    *,
    empty: bool,
) -> tuple[str, bool] | None:
    """Why an answer is not believed, and whether it is surely wrong; None if it is believed."""
    if empty:
        return (f"the answer is empty, and {expected} events are known", True) if expected else None
    known = {event: versions[-1] for event, versions in histories.items()}
    last = max(report.time for report in [*answer.now.values(), *(c[0] for c in answer.new)])
    tail = sum(known[event].report.time > last for event in missing)
    if tail >= TAIL:
        return f"the answer ends before the last {tail} known events, as an older one would", True
    newest, behind = -1, set()
    for event, versions in histories.items():
        poll, reported = versions[-1].poll, answer.now.get(event)
        seen = [v.report for v in versions if not v.withdrawn]
        if reported is not None and reported not in seen:
            return None  # never seen before
        is_same = reported == versions[-1].report and not versions[-1].withdrawn
        if is_same or (reported is None and versions[-1].withdrawn):
            newest = max(newest, poll)
        elif reported is not None or event in missing:
            behind.add(poll)
    late = {poll for poll in behind if poll > newest}
    if answer.new or not late:
        return None
    if len(late) > 1:
        return "the answer is older than what is known", True
    return "the answer is older than what is known, or lacks just the newest of it", False


def _withdrawn(
    missing: Sequence[str],
    absences: Mapping[str, tuple[str, int]],
    expected: int,
    asked: pd.Timestamp,
    rules: Rules,
    *,
    believe: bool,
) -> tuple[list[str], list[str]]:
    """The missing events that are withdrawn now, and those that stay."""
    if believe:
        return list(missing), []
    few = rules.are_few(len(missing), expected)
    gone, kept = list[str](), list[str]()
    for event in missing:
        since, n = absences[event]
        is_old = asked - read(since) >= pd.Timedelta(hours=rules.many_hours)
        enough = n >= rules.few_answers if few else (n >= rules.many_answers and is_old)
        (gone if enough else kept).append(event)
    return gone, kept


def _lacking(
    missing: Sequence[str],
    expected: int,
    absences: Mapping[str, tuple[str, int]],
    reported: set[str],
    before: Lacking | None,
    rules: Rules,
) -> Lacking | None:
    """What answers lack in number, with what earlier ones lacked and this one does not have."""
    are_many = len(missing) > rules.few(expected)
    events = {*(before.events if before is not None else ()), *(missing if are_many else ())}
    events -= reported
    if before is not None:
        since = before.since
        expected = expected if are_many and expected > len(events) else before.expected
    else:
        since = min((absences[event][0] for event in missing), default="")
    if len(events) <= rules.few(expected):
        return None
    return Lacking(since, tuple(sorted(events)), expected)


def _versions(answer: _Read, known: Mapping[str, Version], gone: Sequence[str]) -> list[Version]:
    """What is entered: each event that differs from what is known of it."""
    versions = [
        Version(event, 0, False, report)
        for event, report in answer.now.items()
        if known[event].withdrawn or known[event].report != report
    ]
    for cluster in answer.new:
        report = _chosen(cluster)
        versions.append(Version(report.reported_id, 0, False, report))
        answer.links.update({r.reported_id: report.reported_id for r in cluster})
    ended = {*gone, *(event for event in answer.merged if not known[event].withdrawn)}
    versions += [known[event]._replace(withdrawn=True) for event in sorted(ended)]
    return versions


def _kept(
    kept: Sequence[str],
    expected: int,
    absences: Mapping[str, tuple[str, int]],
    asked: pd.Timestamp,
) -> str:
    since = min(read(absences[event][0]) for event in kept)
    age = "" if since == asked else f", for {shown((asked - since).total_seconds())}"
    return f"{len(kept)} of {expected} known events missing from the answer{age}; they are kept"
