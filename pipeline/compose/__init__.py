"""Records become examples: one file a recipe."""
