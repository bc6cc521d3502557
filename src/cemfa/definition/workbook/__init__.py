"""A scenario with its model as one workbook, out and in: the same data as the files, one sheet per table.

Part of the definition, because a workbook is one more way to write it: what is read goes through the same schema and
the same checks, with a sheet and a cell as the place of every problem.
"""
