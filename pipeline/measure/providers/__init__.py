"""Doors to the APIs that measure."""
