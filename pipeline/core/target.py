"""A place where a model can be tuned: what it takes, what it costs and how long it lives. One data file each."""

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from pipeline.core.example import Method


class Settings(BaseModel):
    """A frozen set of named values that forbids names it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Limits(Settings):
    """What a target accepts for one method; rules compare examples with it. None: not documented, so not judged."""

    target: str = "portable"
    """`platform/model`, as `tuneset targets` lists it."""
    method: Method = "sft"
    roles: frozenset[str] = frozenset({"system", "user", "assistant"})
    """Roles that the platform's files may name."""
    system: Literal["anywhere", "first", "none"] = "anywhere"
    """Where a system turn may stand: at most one and first, anywhere, or nowhere."""
    first_role: Literal["user"] | None = None
    """The role that must come first after the system turns; None: any."""
    last_role: Literal["assistant", "user"] | None = "assistant"
    """The role that must come last; None: any."""
    is_alternating: bool = False
    """Whether user and assistant must alternate strictly (tool turns between them apart)."""
    top_keys: frozenset[str] | None = frozenset({"messages", "tools", "parallel_tool_calls", "functions"})
    """Top-level keys that are taken; None: any key is taken or ignored."""
    turn_keys: frozenset[str] | None = None
    """Keys of a turn that are taken; None: those of schemas/."""
    weight: Literal["turn", "ignored", "refused"] = "turn"
    """What becomes of `weight` 0 or 1 on an assistant turn."""
    tools: Literal["taken", "ignored", "refused"] | None = "taken"
    arguments: Literal["text", "object", "any"] = "text"
    """Form of a tool call's arguments: JSON as text, or an object."""
    content: Literal["text", "parts"] = "parts"
    """Whether content may be a list of parts, or only text."""
    max_images: int | None = 0
    """Images in one example; 0: none are taken."""
    max_image_bytes: int | None = None
    min_examples: int | None = 10
    recommended_examples: int | None = None
    max_examples: int | None = None
    max_validation_examples: int | None = None
    max_file_bytes: int | None = None
    max_tokens: int | None = 65_536
    """Tokens of one example in training; what is over is cut at the end without an error."""
    reserved: tuple[str, ...] = ()
    """Words that fail a job wherever they stand, such as `User:` on Bedrock."""
    severities: dict[str, Literal["off", "info", "warning", "error"]] = Field(default_factory=dict)
    """Code → severity where this target judges otherwise than the rule's default."""


class Prices(Settings):
    """US dollars; None: not documented, so not estimated."""

    training_usd_per_million_tokens: float | None = None
    dpo_training_usd_per_million_tokens: float | None = None
    """Where DPO is priced apart; None: as supervised training."""
    training_usd_per_hour: float | None = None
    input_usd_per_million_tokens: float | None = None
    output_usd_per_million_tokens: float | None = None
    minimum_usd_per_job: float | None = None
    hosting_usd_per_hour: float | None = None
    bills_validation: bool | None = None
    """Whether validation tokens are paid as well."""


class Epochs(Settings):
    """How the platform chooses passes over the data when none are given; always an estimate."""

    rule: Literal["openai-cookbook", "fixed", "unknown"] = "unknown"
    fixed: int | None = None
    minimum: int | None = None
    maximum: int | None = None


class Source(Settings):
    """Where a fact comes from and how sure it is."""

    source: str
    """A page, file or commit that says so."""
    as_of: date
    """When it was read."""
    certainty: Literal["documented", "reported", "inferred"] = "documented"


class Target(Settings):
    """One model on one platform, as its data file says."""

    id: str
    platform: str
    model: str
    title: str
    encoding: str | None = None
    """tiktoken encoding of the base model; None: another tokeniser, so counts are an estimate in o200k_base."""
    formats: tuple[str, ...] = ("messages",)
    """Names of exporters under pipeline/targets/formats that write what it reads."""
    methods: tuple[Method, ...] = ("sft",)
    limits: dict[Method, Limits]
    prices: Prices = Prices()
    epochs: Epochs = Epochs()
    last_day_for_new_jobs: date | None = None
    shutdown: date | None = None
    """When tuned models stop answering."""
    notes: tuple[str, ...] = ()
    """What a user must know before they choose it: one sentence each."""
    sources: dict[str, Source] = Field(default_factory=dict)
    """Dotted field → where it comes from; a test demands one for every fact given."""
