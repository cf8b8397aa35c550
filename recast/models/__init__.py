"""Kinds of models by name, and fitted models from their files.

kind          ModelKind: all that the package asks of a kind of model; FittedModel
registry      every kind by its name; other packages add theirs by an entry point
classical     Poisson, ETAS, and the truth of a synthetic catalog
neural_kinds  the nets: as published, as released, from the shipped net, native, few-shot, zero-shot
start         which of the nets of the package a region starts from
neural        Recast: a trained net as a point process
places        laws of places of fitted models: their regions, and their files
saved         load_model: models from files
from_file     models in files as kinds of models, to compare them as they are
fitting       fit_model: one model on one catalog
known         the events known at a time, and the b-value of the large ones
so_far        ETAS on all that is known at a time: what forecasts use that name no model
etas_report   fit_catalog: ETAS on a catalog, with errors, scores and tests
space_report  space-time ETAS on a catalog
seen          what a model has seen, so that it is not tested on it
pretraining   pretrain: one net on many catalogs
model_card    what such a net has seen, as a page
pretraining_results  the same as a record
environment   what a result was made with
"""
