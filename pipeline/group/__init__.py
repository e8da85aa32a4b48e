"""The room `group`: which rows are the same example, and which belong together."""

from pipeline.group.twins import conflicts, group, spokesmen

__all__ = ["conflicts", "group", "spokesmen"]
