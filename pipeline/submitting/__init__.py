"""Files that are good go to a platform: checked and priced first, sent once, watched to the end, and the model asked."""

from pipeline.submitting.first import Trial, trials
from pipeline.submitting.proposal import Proposal, Task, propose
from pipeline.submitting.send import Going, send
from pipeline.submitting.watch import Seen, watch

__all__ = ["Going", "Proposal", "Seen", "Task", "Trial", "propose", "send", "trials", "watch"]
