"""Tables of events as a live service knows them."""

import pandas as pd

Row = tuple[str, str, float, float, float]


def table(*rows: Row) -> pd.DataFrame:
    """Events of (identifier, time, magnitude, latitude, longitude)."""
    columns = ["event_id", "time", "magnitude", "latitude", "longitude"]
    frame = pd.DataFrame(list(rows), columns=columns)
    frame["time"] = pd.to_datetime(frame["time"], utc=True, format="ISO8601").astype(
        "datetime64[ns, UTC]"
    )
    frame = frame.assign(depth_km=8.0, place="", url="")
    return frame.sort_values(["time", "event_id"]).reset_index(drop=True)


def utc(text: str) -> pd.Timestamp:
    """A time."""
    return pd.Timestamp(text, tz="UTC")
