"""Sampling of continuations of a history from a net.

sampler   trajectories, by compiled code or by torch
arrays    a net as plain arrays, for compiled code
compiled  loops that numba compiles
"""
