"""The places where a model can be tuned, as data, and what it takes to go there."""
