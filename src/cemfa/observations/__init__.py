"""What departments report, kept for good: values to a cut-off, estimates of the year, stages and spending of projects.

Stands beside the definition: plain data with their author, day and source, never mixed with what cemfa reckons.
"""
