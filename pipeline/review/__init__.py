"""Review by a language model: what is asked about an example, what an answer says, what it costs, how far to trust it.

This room asks nobody: it writes questions and reads answers. `pipeline/reviewing` joins it with cache and provider.
"""
