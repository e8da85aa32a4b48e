"""Compose: one file per recipe turns a record into the example that ships, or says why there is none."""

from pipeline.compose.recipe import Recipe, recipes
from pipeline.compose.stage import Compose

__all__ = ["Compose", "Recipe", "recipes"]
