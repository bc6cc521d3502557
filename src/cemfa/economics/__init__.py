"""Money, jobs and the cost of abatement, as pure functions over arrays of samples.

Stands between `indicators` (tonnes, emissions) and `comparison` (options side by side); knows no file.
"""
