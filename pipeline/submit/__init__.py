"""What happens after the files are good: they go to a platform, a job trains on them, and its model gives a first answer."""

from pipeline.submit.order import Order
from pipeline.submit.platform import Access, Answer, Event, Failure, FileState, Job, Kind, Platform, Status
from pipeline.submit.registry import kinds

__all__ = [
    "Access",
    "Answer",
    "Event",
    "Failure",
    "FileState",
    "Job",
    "Kind",
    "Order",
    "Platform",
    "Status",
    "kinds",
]
