"""The check of any file before it is uploaded, with the rooms of the build and none of its repairs."""

from pipeline.preflight.public import check_examples, check_file, check_files

__all__ = ["check_examples", "check_file", "check_files"]
