"""Figures of plain data: Sankey diagrams, rates, money, time, places; drawn once, shown everywhere.

Stands below everything that reckons: takes tables and numbers, gives matplotlib figures (`picture.Picture`) that
`svg` writes into pages and files.
"""
