"""Compose: one file per recipe turns a record into the example that ships, or says why there is none."""

from pipeline.compose import recipes as _folder
from pipeline.compose.guess import Proposal, guess
from pipeline.compose.recipe import Recipe, recipes
from pipeline.compose.stage import Compose

del _folder  # imported above so that a later import of the folder cannot take the function's name

__all__ = ["Compose", "Proposal", "Recipe", "guess", "recipes"]
