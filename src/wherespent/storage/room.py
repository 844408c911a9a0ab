"""Whether the disk of a SQLite database has room for what a sync writes."""

import os
import shutil
from pathlib import Path

from sqlalchemy import URL

# A page of a sync is written to the log first, and to the file later.
_LEAST_BYTES = 8 << 20


def trouble_ahead(url: URL) -> str:
    """Why the next sync cannot be stored, and what to do; '' when nothing speaks against it.

    Asks the file system only. The disk of a Postgres is known to its own machine alone: what a
    sync could not store there is told by its streams.
    """
    if url.get_backend_name() != "sqlite":
        return ""
    path = Path(url.database or "").resolve()
    try:
        if not os.access(path, os.W_OK) or not os.access(path.parent, os.W_OK):
            return (
                f"{path} is read-only: nothing new is stored until the user who runs wherespent "
                "may write the file and its folder"
            )
        free = shutil.disk_usage(path.parent).free
    except OSError:
        # Gone, perhaps with its disk: whoever opens it is told.
        return ""
    if free >= _LEAST_BYTES:
        return ""
    return (
        f"the disk of {path} is full ({free / (1 << 20):.1f} MB left): free some space; nothing is "
        "lost, and the sync goes on by itself"
    )
