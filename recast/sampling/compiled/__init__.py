"""Sampling of a trained net by compiled code, without the interpreter lock."""

from recast.sampling.compiled.draw import encode, trajectories

__all__ = ["encode", "trajectories"]
