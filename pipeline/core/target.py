"""A place where a model can be tuned: what it takes, what it costs and how long it lives. One data file each."""

from datetime import date
from decimal import Decimal
from typing import Literal

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from pipeline.core.example import Method


class Settings(BaseModel):
    """A frozen set of named values that forbids names it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def identity(self, *exclude: str) -> str:
        """Give all values but these as text that is the same in every process: sets and tables in order."""
        return msgspec.json.encode(self.model_dump(exclude=set(exclude)), order="deterministic", enc_hook=str).decode()


class Limits(Settings):
    """What a target accepts for one method; rules compare examples with it. None: not documented, so not judged.

    The defaults are the portable core's; data files begin from `UNKNOWN` in targets/catalogue.py instead.
    """

    target: str = "portable"
    """`platform/model`, as `tuneset targets` lists it."""
    method: Method = "sft"
    roles: frozenset[str] = frozenset({"system", "user", "assistant"})
    """Roles that it takes, in the words of schemas/ whatever the platform calls them (Gemini's model is assistant)."""
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
    weight: Literal["turn", "ignored", "refused"] | None = "turn"
    """What becomes of `weight` 0 or 1 on an assistant turn."""
    tools: Literal["taken", "ignored", "refused"] | None = "taken"
    arguments: Literal["text", "object", "any"] = "text"
    """Form of a tool call's arguments: JSON as text, or an object."""
    content: Literal["text", "parts"] = "parts"
    """Whether content may be a list of parts, or only text."""
    max_images: int | None = 0
    """Images in one example; 0: none are taken."""
    max_image_bytes: int | None = None
    max_image_examples: int | None = None
    """Examples with images in one file."""
    images_as: Literal["any", "data", "address", "storage"] | None = None
    """Where images may lie: anywhere, only inside the line (data URL), only at an address, only in the platform's storage."""
    tool_id_length: int | None = None
    """Exact number of characters of a tool call's id; None: any."""
    call_content: Literal["taken", "refused"] | None = None
    """Whether an assistant turn that calls tools may also say something."""
    min_examples: int | None = 10
    recommended_examples: int | None = None
    max_examples: int | None = None
    max_validation_examples: int | None = None
    max_file_bytes: int | None = None
    max_validation_bytes: int | None = None
    max_validation_share: float | None = None
    """Largest validation file as a share of the training file (0.3: thirty per cent)."""
    max_tokens: int | None = 65_536
    """Tokens of one example in training; what is over is cut at the end without an error."""
    default_max_tokens: int | None = None
    """Where the user sets the window: what the trainer takes unless told; None: the window is not the user's."""
    reserved: tuple[str, ...] = ()
    """Words that fail a job wherever they stand, such as `User:` on Bedrock."""
    severities: dict[str, Literal["off", "info", "warning", "error"]] = Field(default_factory=dict)
    """Code → severity where this target judges otherwise than the rule's default."""


class Prices(Settings):
    """US dollars, exact; None: not documented, so not estimated."""

    training_usd_per_million_tokens: Decimal | None = None
    highest_training_usd_per_million_tokens: Decimal | None = None
    """Upper end where one file stands for models of several prices; None: one price."""
    dpo_training_usd_per_million_tokens: Decimal | None = None
    """Where DPO is priced apart; None: as supervised training."""
    highest_dpo_training_usd_per_million_tokens: Decimal | None = None
    training_usd_per_hour: Decimal | None = None
    highest_training_usd_per_job: Decimal | None = None
    """What a job that is paid by the hour costs at most."""
    input_usd_per_million_tokens: Decimal | None = None
    output_usd_per_million_tokens: Decimal | None = None
    minimum_usd_per_job: Decimal | None = None
    highest_minimum_usd_per_job: Decimal | None = None
    """Upper end where the minimum differs within the file; None: one minimum."""
    hosting_usd_per_hour: Decimal | None = None
    bills_validation: bool | None = None
    """Whether validation tokens are paid as well."""
    is_own_hardware: bool = False
    """Whether the user's own machine trains, so that no one bills tokens."""


class Epochs(Settings):
    """How the platform chooses passes over the data when none are given; always an estimate."""

    rule: Literal["openai-cookbook", "fixed", "unknown"] = "unknown"
    fixed: int | None = None
    minimum: int | None = None
    maximum: int | None = None


class Source(Settings):
    """Where a fact comes from and how sure it is.

    `documented`: the vendor's page, specification or code says so. `reported`: others say so. `inferred`: it follows.
    """

    source: str
    """A page, file or commit that says so."""
    as_of: date
    """When it was read."""
    certainty: Literal["documented", "reported", "inferred"] = "documented"


class Target(Settings):
    """One model on one platform, as its data file says."""

    id: str
    """`platform/model`: the path of its file."""
    platform: str
    model: str
    title: str
    aliases: tuple[str, ...] = ()
    """More names of the model on this platform, such as its dated snapshot."""
    encoding: str | None = None
    """tiktoken encoding of the base model; None: another tokeniser, so counts are an estimate in o200k_base."""
    formats: tuple[str, ...] = ("messages",)
    """Names of exporters under pipeline/targets/formats that write what it reads."""
    methods: tuple[Method, ...] = ("sft",)
    limits: dict[Method, Limits]
    prices: Prices = Prices()
    epochs: Epochs = Epochs()
    closed_to_newcomers: date | None = None
    """From this day only organisations that have tuned there before may create jobs."""
    last_day_for_new_jobs: date | None = None
    shutdown: date | None = None
    """The day on which tuned models stop answering."""
    are_dates_earliest: bool = False
    """Whether the platform gives the two dates above as "no earlier than"."""
    notes: tuple[str, ...] = ()
    """What a user must know before they choose it: one sentence each."""
    sources: dict[str, Source] = Field(default_factory=dict)
    """Dotted field, or its beginning, as in the data file → where it comes from; a test demands one for every fact."""

    def source_of(self, field: str) -> Source | None:
        """Give the source of a dotted field (`limits.sft.max_tokens`): the most exact entry that covers it."""
        head, _, tail = field.partition(".")
        method, _, rest = tail.partition(".")
        names = (field, f"limits.all.{rest}") if head == "limits" and method != "all" else (field,)
        for name in names:
            while name:
                if name in self.sources:
                    return self.sources[name]
                name = name.rpartition(".")[0]  # noqa: PLW2901 - the walk up is the loop
        return None
