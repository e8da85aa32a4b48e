"""One face a file: what a check found, as text for people or in a form that other tools read."""

from pipeline.report.findings.face import Face, Show, faces

__all__ = ["Face", "Show", "faces"]
