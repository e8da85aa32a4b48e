"""The offline screen: weak linear heads over hashed words, for runs without a key. It routes rows to a reader, no more.

It is trained by bench/train_screen.py; what it finds, misses and does not cover stands in docs/screen.md.
"""

from pipeline.measure.screen.heads import BACKEND, NOT_COVERED, PREFIX, heads
from pipeline.measure.screen.stage import Screen

__all__ = ["BACKEND", "NOT_COVERED", "PREFIX", "Screen", "heads"]
