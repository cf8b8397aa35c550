"""Continuations of a history drawn from a net."""
