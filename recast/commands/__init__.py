"""Subcommands of `recast`, one module each.

A module offers ``add_parser(subparsers)``, which sets ``run``: a function of the parsed arguments
that returns the exit code. Whatever is slow to import is imported inside ``run``.
"""
