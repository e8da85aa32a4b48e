"""The token counter of nearly all targets and its oracle, loaded once in the server that workers are forked from.

They share its tables: loading takes a second of CPU time and some 100 MB in every process that does it for itself.
"""

from pipeline.cli._outside import outside
from pipeline.measure.counter import counter, oracle

ENCODING = "o200k_base"
FOLDERS = outside().vocabularies

counter(ENCODING, FOLDERS)
oracle(ENCODING, FOLDERS)
