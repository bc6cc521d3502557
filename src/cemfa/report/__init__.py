"""The report: what a comparison found, as one page that works offline and as a workbook.

Top room but for the command line: reads a comparison, reckons nothing, writes files.
"""

from cemfa.report.write import write_report

__all__ = ["write_report"]
