"""Files behind URLs: found, read in blocks, written. What is behind a scheme enters by one door each.

Doors are modules of this folder. Each gives `find`, `read`, and where it can be written to, `put` and `delete`; each takes
credentials only from the environment and the provider's own places, and none of them quotes a URL in full.
"""

from pipeline.core.remote.doors import find, get, names, put, put_file, remove
from pipeline.core.remote.file import RemoteFile, fetched

__all__ = ["RemoteFile", "fetched", "find", "get", "names", "put", "put_file", "remove"]
