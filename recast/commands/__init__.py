"""Subcommands of `recast`, one module each.

A module offers ``add_parser(subparsers)``, which sets ``run``: a function of the parsed arguments
that returns the exit code. Whatever is slow to import is imported inside ``run``.

etas             `recast etas fit | score`
etas_fit         `recast etas fit`: maximum likelihood, with errors, scores and tests
benchmark        `recast benchmark`: models compared on test events
pretrain         `recast pretrain`: one net for many regions
report           `recast report`: a benchmark as one HTML page
leaderboard      `recast leaderboard`: the models of many benchmarks in one ranking
forecast         `recast forecast`: the next day, week and month, and how good such forecasts were
simulate         `recast simulate`: synthetic catalogs from a fitted model
residuals        `recast residuals`: whether a fitted model describes the observed events
live             `recast live`: init, run, status, score and serve of a service
live_replay      `recast live replay`: a historical catalog as if it came in
catalogs         `recast catalogs`: its actions, some of them in modules of their own
catalogs_fetch   `recast catalogs fetch | cache`: known catalogs, and the raw files
catalogs_import  `recast catalogs import`: a file of events as a catalog
catalogs_append  `recast catalogs append`: newer events in a stored catalog
catalogs_select  `recast catalogs select`: a part of a catalog as a catalog of its own
catalogs_check   `recast catalogs check`: whether a catalog or a file is fit for use
catalogs_export  `recast catalogs export`: a catalog in the formats of other programs
csep             `recast-csep`: a model of a floatCSEP experiment
settings_help    help of `recast fit | validate | test | predict`, without importing torch
options          options that several commands share
config           options of a command from a YAML file
reading          files of events that commands read, and names under which they store catalogs
stored           what a catalog is good for that was just stored, and what it lacks
printing         printing that several commands share
ending           how a command ends that is interrupted
"""
