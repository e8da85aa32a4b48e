"""Sources in any state become rows of one table, each with its physical line."""
