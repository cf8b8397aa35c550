"""A benchmark as one page that needs no network.

page         write_report
section      a catalog's part of it
contents     the plots, with how to read them
exam         the report of an exam after mainshocks, without a benchmark
leaderboard  write_leaderboard: many benchmarks on one page
subject      a catalog with all that its plots need
summary      tables and provenance
svg          plots inside a page, in its colours
residuals    the residual analysis of one model on one window
place_words  residuals of places in words
"""
