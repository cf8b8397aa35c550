"""Asking the source, and entering what its answer says."""

from __future__ import annotations

import json
from dataclasses import asdict

import pandas as pd

from catalogs.errors import FetchError, InputError
from recast.live.durations import seconds
from recast.live.reconcile import EDGE, Lacking, Memory, reconcile
from recast.live.service import Service, Span
from recast.live.sources import Answer, ClockError
from recast.live.store import Poll, Store
from recast.live.times import read, written

EVER = pd.Timestamp("1700-01-01", tz="UTC")

DAY = pd.Timedelta(hours=23, minutes=50)
"""Between polls that look back far: a day, for runs that begin some seconds early."""

LONGEST = pd.Timedelta(days=1)
"""A source that asks for more patience is asked again after a day."""


def poll(
    service: Service, store: Store, now: pd.Timestamp, *, believe: bool = False
) -> Poll | None:
    """Ask the source and enter what it says.

    None if it was asked just now, or asked to be left alone until later (HTTP 429, 503).

    Raises
    ------
    ClockError
        If the source says another time than this machine; nothing is entered then.
    OSError
        If an answer of a service cannot be written: that is no fault of the source.
    """
    options = service.configuration.source
    last = store.last_poll()
    if last is not None and not believe:
        since = (now - read(last.asked)).total_seconds()
        if since == 0.0 or since < seconds(options.spacing):
            return None
        later = store.state("ask_again")
        if later is not None and now < read(later):
            return None
    start, far = _period(service, store, now, believe=believe)
    source = service.source
    try:
        answer = source.ask(start, now)
    except ClockError:
        raise
    except (FetchError, InputError, OSError) as error:
        is_ours = isinstance(error, OSError) and error.filename is not None
        if is_ours and options.kind == "fdsn":
            raise
        text, later = " ".join(str(error).split()), None
        if isinstance(error, FetchError) and error.wait is not None:
            later = written(now + min(pd.Timedelta(seconds=error.wait), LONGEST))
            text = f"{text}; it is asked again from {later} on"
        failed = Poll(written(now), written(start), written(now), "failed", text)
        with store.transaction():
            store.add_poll(failed)
            store.set_state("ask_again", later)
        return failed
    return _enter(service, store, answer, now, far=far, believe=believe)


def _period(
    service: Service, store: Store, now: pd.Timestamp, *, believe: bool
) -> tuple[pd.Timestamp, bool]:
    """From when on to ask for events, and whether that is far back.

    At first as far as needed to go on from the history, and after a silence from before it. To
    ``believe`` what an answer lacks, is to believe it of old events, too.
    """
    options = service.configuration.source
    long = now - pd.Timedelta(days=max(options.daily_days, options.days))
    if store.state("history_until") is None:
        before, _ = service.history()
        if before.empty and options.kind != "fdsn":
            return EVER, True
        return (long if before.empty else min(long, before["time"].iloc[-1])), True
    good = store.last_poll(good=True)
    heard = now if good is None else read(good.asked) - EDGE
    last = store.state("last_far_poll")
    if last is None or believe or now - read(last) >= DAY:
        return min(long, heard), True
    return min(now - pd.Timedelta(days=options.days), heard), False


def memory(store: Store) -> Memory:
    """What earlier answers left open."""
    doubtful, lacking = store.state("doubtful"), store.state("lacking")
    return Memory(
        store.absences(),
        tuple(json.loads(doubtful)) if doubtful else None,
        Lacking(**json.loads(lacking)) if lacking else None,
    )


def reservations(store: Store) -> tuple[str, ...]:
    """What the last answers leave open, for those who read a forecast that is made from them."""
    lacking, unread = memory(store).lacking, store.state("unread")
    found = []
    if lacking is not None:
        found.append(
            f"since {lacking.since} answers of the source lack {len(lacking.events)} of "
            f"{lacking.expected} known events: small ones since then may be missing, too, and "
            "numbers far too low"
        )
    if unread:
        found.append(f"events may be missing from the last answer of the source: {unread}")
    return tuple(found)


def _holes(service: Service, store: Store, start: pd.Timestamp) -> list[Span]:
    """What no answer covers, with one that begins at ``start``."""
    if service.is_replay:
        return []
    good = store.last_poll(good=True)
    heard = service.history_end if good is None else read(good.asked)
    spans = [*service.unknown(store), *([] if heard is None else [(heard, start)])]
    return [(begin, min(end, start)) for begin, end in spans if begin < start]


def _enter(
    service: Service,
    store: Store,
    answer: Answer,
    now: pd.Timestamp,
    *,
    far: bool,
    believe: bool,
) -> Poll:
    reports = [report for report in answer.reports if report.time <= now.value]
    scope = answer.scope
    names = {report.reported_id for report in reports} | answer.listed
    histories = store.histories(scope.start, scope.end, names)
    found = reconcile(
        reports,
        histories,
        store.links(histories),
        scope,
        memory(store),
        now,
        listed=answer.listed,
        whole=answer.whole,
        believe=believe,
    )
    done = Poll(
        written(now),
        written(scope.start),
        written(scope.end),
        found.outcome,
        "; ".join(filter(None, (found.message, answer.note))),
        len(reports),
        len(found.versions),
    )
    holes = [(written(a), written(b)) for a, b in _holes(service, store, scope.start)]
    absences = found.memory.absences
    if far and done.is_good:  # what lies before is not asked for again
        absences = {event: count for event, count in absences.items() if event in histories}
    with store.transaction():
        number = store.add_poll(done)
        store.add_versions(number, written(now), found.versions)
        store.link(number, found.links)
        store.set_absences(absences)
        doubtful, lacking = found.memory.doubtful, found.memory.lacking
        store.set_state("doubtful", json.dumps(doubtful, allow_nan=False) if doubtful else None)
        store.set_state(
            "lacking", json.dumps(asdict(lacking), allow_nan=False) if lacking else None
        )
        store.set_state("unread", None if answer.whole else answer.note)
        if done.is_good:
            store.set_state("holes", json.dumps(holes, allow_nan=False))
            if far:
                store.set_state("last_far_poll", written(now))
            if store.state("history_until") is None and scope.start > EVER:
                store.set_state("history_until", written(scope.start))
    return done
