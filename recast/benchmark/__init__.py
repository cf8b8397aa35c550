"""Benchmarks: models fitted on train, stopped on validation, and scored on test windows.

run            run_benchmark and run_rolling, with their files
aftershocks    run_aftershock_exam, with its fits
comparison     fitting and scoring
protocols      what is fixed in a comparison, by name
published      scores that others have published
identity       the hash by which the same data are known
training_size  the same with fewer training events
results        the records: benchmark.json and trimmed.json
schema         the JSON Schema of benchmark.json
tables         results as tidy CSV and LaTeX
boards         the records of a leaderboard
leaderboard    the runs of several people in one ranking
folder         reading the folder of a benchmark
"""
