"""The room `group`: which rows are the same example, and which belong together."""

from pipeline.group.kin import bound_prompts, conflicts
from pipeline.group.twins import group, spokesmen

__all__ = ["bound_prompts", "conflicts", "group", "spokesmen"]
