"""What is odd about a catalog, and what catalogs and models share.

============  ===================================================================
``quality``   what ``recast catalogs check`` looks at
``findings``  which of it stands out, in words
``summary``   what ``recast catalogs info`` counts
``extent``    when and where the events were that a model has been trained on
``overlap``   whether catalogs share earthquakes, and whether that leaks the test
============  ===================================================================
"""
