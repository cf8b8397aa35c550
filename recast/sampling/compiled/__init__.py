"""Sampling of a trained net by compiled code, without the interpreter lock.

draw        inter-event times and whole trajectories
steps       one step of a net for several trajectories at a time
arithmetic  elementary functions, products and random numbers, vectorised
"""

from recast.sampling.compiled.draw import encode, trajectories

__all__ = ["encode", "trajectories"]
