"""The build on many machines: the same rooms, the same bytes, and no step that needs all rows in one place."""
