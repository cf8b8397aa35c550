"""Nets from checkpoints: of one catalog, of many, or the one that comes with the package.

loading           nets, read from checkpoints
released          models that the authors of RECAST released
hyper_parameters  settings in checkpoints, checked before anything makes use of them
checkpoints       the files: written whole or not at all, and read without running code
"""

from recast.pretrained.loading import (
    FILES,
    SHIPPED,
    SHIPPED_WORLDS,
    b_prior,
    checkpoint_path,
    etas_prior,
    is_regional,
    is_released_etas,
    is_released_net,
    load_weights,
    read_net,
    read_released_etas,
    seen,
    shape_of,
)

__all__ = [
    "FILES",
    "SHIPPED",
    "SHIPPED_WORLDS",
    "b_prior",
    "checkpoint_path",
    "etas_prior",
    "is_regional",
    "is_released_etas",
    "is_released_net",
    "load_weights",
    "read_net",
    "read_released_etas",
    "seen",
    "shape_of",
]
