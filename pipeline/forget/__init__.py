"""Erasure on request: the file of tombstones, and which published versions still hold what was asked to be erased."""

from pipeline.forget.file import Request, load, record

__all__ = ["Request", "load", "record"]
