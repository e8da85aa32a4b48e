"""Repairs with one safe answer, one file each: what is ambiguous is left to its owner."""

from pipeline.fix.repair import Mended, Repair, mended, repairs

__all__ = ["Mended", "Repair", "mended", "repairs"]
