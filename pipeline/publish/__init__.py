"""A dataset appears whole or not at all: built aside, then switched in with one rename.

data/processed/
  train.jsonl ...         links into latest/
  latest                  link to the published version; replacing it is the only step that readers can see
  accepted                link to the version that later builds are compared with
  versions/NAME/          dated, never changed once named; older ones are pruned
  versions/NAME.json      what is known of that version: published or held back, why, accepted by whom
  .work/                  what a run is building; a dead run's leftovers are swept by the next
  .lock                   held by the one run that builds or accepts; the system frees it when that process ends

Every step leaves a folder that `recover` can put right, whatever it was that stopped the run after it: the record of
a version says `arriving` before its folder has its name and `leaving` before it is deleted.
"""

from pipeline.publish.mirror import mirrored, published
from pipeline.publish.publication import Published, accept, publish, remove
from pipeline.publish.shelf import (
    ACCEPTED,
    LATEST,
    VERSIONS,
    Acceptance,
    Record,
    Version,
    find,
    linked,
    versions,
    waiting,
)
from pipeline.publish.workplace import WORK, locked, workplace

__all__ = [
    "ACCEPTED",
    "LATEST",
    "VERSIONS",
    "WORK",
    "Acceptance",
    "Published",
    "Record",
    "Version",
    "accept",
    "find",
    "linked",
    "locked",
    "mirrored",
    "publish",
    "published",
    "remove",
    "versions",
    "waiting",
    "workplace",
]
