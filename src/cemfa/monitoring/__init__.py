"""What was reported beside what was planned: the yearly report on the targets, and the progress of projects.

Stands above the comparison and the store of observations, below the report that shows it.
"""
