"""Where events happen: laws of epicentres given the past, and the space-time ETAS model.

``region`` knows the area and what of a kernel lies inside it, ``parents`` sums over pairs of an
event and an earlier one, exactly (``pairs``) or by groups of earlier events (``tree``).
"""
