"""Settings of the documentation: `make docs` builds it, with warnings as errors."""

import os
import sys
from importlib.metadata import version as installed_version
from pathlib import Path

import numba

# Compiled functions hide their signatures; nothing is computed with them in this process
numba.config.DISABLE_JIT = True
sys.path.insert(0, str(Path(__file__).parent / "_ext"))
# Pages run `recast` of this environment, and see no catalogs but those that come with it
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
os.environ["PYTHONSTARTUP"] = str(Path(__file__).parent / "_ext" / "shell_magic.py")
os.environ["RECAST_CACHE"] = "cache"
os.environ.setdefault("OMP_NUM_THREADS", "1")  # pages run side by side
os.environ.pop("RECAST_DATA", None)

project = "recast-forecast"
author = "The recast-forecast developers"
project_copyright = author
version = release = installed_version("recast-forecast")

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "cells",
    "docstrings",
    "from_code",
    "kernels",
    "mathml",
]
exclude_patterns = ["_build", "_ext"]
nitpicky = True
default_role = "code"

html_math_renderer = "mathml"
html_theme = "furo"
html_title = "recast-forecast"
html_static_path = ["_static"]
html_css_files = ["site.css"]

# Pages are executed afresh, so that every number and picture comes from the code; one that fails,
# or hangs, fails the build.
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 600  # seconds a cell, on a busy machine too
nb_execution_in_temp = True
nb_output_stderr = "remove"
myst_enable_extensions = ["dollarmath", "amsmath", "deflist"]
myst_url_schemes = {
    "http": None,
    "https": None,
    "mailto": None,
    "doi": "https://doi.org/{{path}}",
    "arxiv": "https://arxiv.org/abs/{{path}}",
}
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_class_signature = "mixed"
autodoc_type_aliases = {
    "FloatArray": "catalogs.sequence.FloatArray",
    "IntArray": "catalogs.trajectories.IntArray",
    "BoolArray": "etas.optimiser.BoolArray",
    "ArrayLike": "numpy.typing.ArrayLike",
    "NDArray": "numpy.typing.NDArray",
}
napoleon_google_docstring = False
napoleon_use_param = False
napoleon_use_rtype = False
napoleon_use_ivar = True
python_use_unqualified_type_names = True
# Types of other packages have their pages elsewhere; no network is asked for them
nitpick_ignore_regex = [
    ("py:.*", r"(?!(catalogs|etas|recast)\.)\w+\..*"),
    ("py:.*", "ArrayLike|Figure|FloatArray|NDArray|Path|PathLike|Tensor"),
]
