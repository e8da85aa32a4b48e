"""The reviewer at work: rows of files, the questions of the review room, the cache, and the provider's door."""

from pipeline.reviewing.run import Reviewed, Task, review

__all__ = ["Reviewed", "Task", "review"]
