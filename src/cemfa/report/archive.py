"""Office files with fixed times, so that the same content gives the same bytes.

Stands below `workbook` and `word`.
"""

from __future__ import annotations

import io
import re
import zipfile
from typing import Final

_ZIP_EPOCH: Final = (2000, 1, 1, 0, 0, 0)


def without_time(content: bytes) -> bytes:
    """Return the same archive with fixed times: writers stamp every member, and the moment of saving inside."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            held = old.read(entry)
            if entry.filename == "docProps/core.xml":
                held = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>2000-01-01T00:00:00Z", held)
            info = zipfile.ZipInfo(entry.filename, _ZIP_EPOCH)
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, entry.external_attr
            new.writestr(info, held)
    return stream.getvalue()
