"""Fit models on catalogs and compare how well each explains the test window."""
