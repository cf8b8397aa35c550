"""Which numbers are taken for values; others are noise or stand for "unknown"."""

from __future__ import annotations

RANGES = {
    "latitude": (-90.0, 90.0),
    "longitude": (-180.0, 360.0),
    "depth_km": (-10.0, 1000.0),  # from above the highest mountains to the lower mantle
    "magnitude": (-5.0, 10.0),  # beyond any earthquake
}
"""Lowest and highest value of each column of the canonical table."""
