"""Parsers: pure functions from a provider's bytes to the canonical table of events."""
