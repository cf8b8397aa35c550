"""Benchmarks: models fitted on train, stopped on validation, and scored on test windows.

run            run_benchmark and run_rolling, with their files
aftershocks    run_aftershock_exam, with its fits
comparison     fitting and scoring
protocols      definitions of public benchmarks, and their published rows
training_size  the same with fewer training events
results        the records: benchmark.json and trimmed.json
folder         reading the folder of a benchmark
"""
