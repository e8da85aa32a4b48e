"""Turns raw CSV and text into chat fine-tuning files that are checked, counted and costed before anyone pays."""
