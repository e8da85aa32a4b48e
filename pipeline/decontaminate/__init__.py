"""The room `decontaminate`: questions of evaluations are found in examples, so that no model is tuned on its exam."""

from pipeline.decontaminate.questions import Question, Questions, questions
from pipeline.decontaminate.stage import Decontaminate

__all__ = ["Decontaminate", "Question", "Questions", "questions"]
