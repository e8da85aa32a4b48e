"""Every setting of the plan with its unit, its default and the reason for it. The one place where defaults stand.

The settings of a reader or a recipe stand in that reader's or recipe's file; everything else is here.
"""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, TypeAlias, get_args

from pydantic import Discriminator, Field, PositiveInt, Tag

from pipeline.core.target import Limits, Settings

Share = Field(ge=0.0, le=1.0)


class MendSettings(Settings):
    """What is repaired while a record becomes an example; each repair that changed something is noted on its row."""

    mojibake: bool = True
    """Repair text decoded in the wrong encoding (`donâ€™t`) with ftfy, where it looks broken."""
    unicode: Literal["NFC", "NFKC", "off"] = "NFC"
    """Unicode form. NFC: looks the same, one spelling for duplicates; NFKC also folds ligatures and full-width forms."""
    control: bool = True
    """Remove control characters except tab and line feed: no tokenizer was trained on them."""
    whitespace: bool = True
    """Strip the ends of each turn, trailing spaces of lines, and runs of more than one blank line; CRLF becomes LF."""
    html: bool = False
    """Turn HTML into text. Off: angle brackets are content in code and chat."""


class DedupeSettings(Settings):
    """Which rows count as the same example."""

    exact: bool = True
    """Same turns after lower-casing, white space and Unicode form are made one."""
    near: bool = True
    """Also almost the same turns; candidates by MinHash, each verified by exact Jaccard."""
    threshold: float = Field(default=0.6, gt=0.0, le=1.0)
    """Least Jaccard likeness of the words of two rows at which they may be twins.

    0.6: one word in four replaced, as one word a turn is where people say little. What keeps other questions in the
    same words apart are the rules of docs/duplicates.md, not this number.
    """
    terse: Literal["spelling", "words"] = "spelling"
    """What may differ between near twins of few words (under 20, or one question with an answer under 10).

    `spelling`: one more word is another example, since in a label or a fact each word counts. `words`: as in long ones.
    """
    keep: Literal["one", "all"] = "one"
    """`one`: the spokesman of each group ships. `all`: duplicates are reported and ship."""


A_SHARE, A_FILE = "a share", "a file"
"""What a mistake in `split.validation` is held against; no keys of the plan."""


class SplitSettings(Settings):
    """Who goes into validation.jsonl."""

    validation: Annotated[
        Annotated[float, Field(ge=0.0, lt=1.0), Tag(A_SHARE)] | Annotated[str, Field(min_length=1), Tag(A_FILE)],
        Discriminator(lambda value: A_FILE if isinstance(value, str) else A_SHARE),
    ] = 0.1
    """Share of the kept examples, or the path of a file of examples that are the validation set (docs/split.md).

    A tenth is enough to see over-fitting on small sets. A file, relative to the plan, has lines as they ship.
    """
    minimum: int = Field(default=10, ge=0)
    """Least validation examples: platforms refuse files of fewer than 10. A dataset of less than three times as many
    has no validation file: everything is trained on."""
    stratify: Literal["none", "label", "source"] = "none"
    """Keep the shares of labels or sources equal on both sides."""

    @property
    def share(self) -> float:
        """The share of the examples that is drawn for validation: none where a file gives them."""
        return 0.0 if isinstance(self.validation, str) else self.validation

    @property
    def pinned(self) -> str | None:
        """The file whose examples are the validation set; None: a share is drawn."""
        return self.validation if isinstance(self.validation, str) else None


class ExpectSettings(Settings):
    """The gate of the whole dataset: a Great Expectations suite over the table of facts."""

    suite: str | None = None
    """Path of a suite (JSON), relative to the plan. None: schemas/expectations/default.json of the package."""
    enabled: bool = True
    """Off: the report says that nothing was expected, and no expectation fails the build."""


class DriftSettings(Settings):
    """How far a build may be from the accepted version before a person is asked: what goes beyond is kept, not published.

    To each bound is added what chance alone explains, by the numbers of examples on both sides.
    """

    enabled: bool = True
    """Off: whatever is built is published."""
    against: Literal["accepted", "latest"] = "accepted"
    """`accepted`: the version that was accepted last (`tuneset accept`; the first one to begin with), so that slow drift
    adds up until somebody looks. `latest`: the published one, so that only what comes at once is noticed."""
    suite: str | None = None
    """Path of a suite (JSON), relative to the plan. None: schemas/expectations/drift.json of the package."""
    standard_errors: float = Field(default=4.0, ge=0.0)
    """How much of chance is allowed. 4: fewer than one false alarm in ten thousand for each figure."""
    fewer_rows: float = Field(default=0.2, ge=0.0, le=1.0)
    """Share of the examples that may be lost. More than a fifth gone is a source cut short, not a correction."""
    more_rows: float = Field(default=1.0, ge=0.0)
    """Growth that is ordinary; 1 is twice as many. An export that was read twice is more than that, or all duplicates."""
    tokens: float = Field(default=0.25, ge=0.0)
    """Relative change of the median and of the 95 % quantile of tokens. A quarter longer is a quarter dearer."""
    labels: float = Field(default=0.05, ge=0.0, le=1.0)
    """Change of a label's share of the examples, up or down. A label that is new or gone counts by itself."""
    sources: float = Field(default=0.1, ge=0.0, le=1.0)
    """Change of a source's share; sources grow at their own pace, so it is wider than for labels."""
    languages: float = Field(default=0.05, ge=0.0, le=1.0)
    """Change of a language's share: a few rows of another language are ordinary, every twentieth is not."""
    rejected: float = Field(default=0.05, ge=0.0, le=1.0)
    """Rise of the share of rejected rows. A fall is an improvement."""
    duplicates: float = Field(default=0.1, ge=0.0, le=1.0)
    """Rise of the share of duplicates; growing data repeat themselves more."""
    held: float = Field(default=0.05, ge=0.0, le=1.0)
    """Rise of the share of held rows."""
    flagged: float = Field(default=0.01, ge=0.0, le=1.0)
    """Rise of the share of flagged rows among those judged: platforms refuse a file for little."""
    short_answers: float = Field(default=0.05, ge=0.0, le=1.0)
    """Rise of the share of examples whose answers have fewer than three tokens."""


class ModerationSettings(Settings):
    """OpenAI's Moderation API over every text. Asked only when OPENAI_API_KEY is set; otherwise said so."""

    enabled: bool = True
    """Off: nothing is asked even when a key is set; the report says so."""
    model: str = "omni-moderation-latest"
    """Name of the moderation model; answers are kept by model, so another one asks anew."""
    unit: Literal["message", "conversation"] = "message"
    """What is judged at once. `message` names the turn; `conversation` sees the context and asks less often."""
    offline: Literal["route", "report", "off"] = "route"
    """What is done without a key: a weak screen that ships with tuneset looks at English text. `route`: a finding of
    severity info for each row that a person should read; the row ships. `report`: such rows are only counted. `off`:
    nothing. Whatever it says, the dataset counts as not verified.
    """
    policy: Literal["reject", "hold", "report"] = "reject"
    """What becomes of a flagged row."""
    thresholds: dict[str, float] = Field(default_factory=dict)
    """Category → score at and above which a row is flagged. A category not named here: the model's own decision."""
    requests_per_minute: PositiveInt | None = None
    """The account's limit, never passed. None: begins with 500 (tier 1) and follows the account's rate-limit headers."""
    tokens_per_minute: PositiveInt | None = None
    """The account's limit, never passed. None: begins with 10,000 (tier 1: 100 minutes a million tokens), then as above."""
    concurrency: PositiveInt = 32
    """Most requests in flight; the limits set the pace. 5,000 a minute at 300 ms need 25."""
    max_texts_per_request: PositiveInt = 32
    """Texts packed into one request. OpenAI documents no limit; 32 is what others have used without trouble."""
    max_tokens_per_text: PositiveInt = 8_192
    """Longer texts are cut into chunks and joined by the maximum of each score."""


PrivateKind: TypeAlias = Literal["email", "phone", "ip", "iban", "card", "national", "name", "secret"]
PrivateAction: TypeAlias = Literal["off", "report", "redact", "pseudonymise", "reject"]


class PrivacySettings(Settings):
    """What becomes of private data and secrets, by kind.

    `report`: a finding; the row ships. `redact`: `[EMAIL_1]` in its place, the same for the same address throughout a
    conversation. `pseudonymise`: a stable fake that can be no one's, derived with the secret salt TUNESET_SALT.
    `reject`: the row does not ship. `off`: not asked.
    """

    email: PrivateAction = "report"
    """Reported: most in training data are a firm's own, and an assistant must be able to say them."""
    phone: PrivateAction = "report"
    """Reported, as e-mail addresses are, and because numbers without a checksum can be mistaken."""
    ip: PrivateAction = "report"
    """Reported: most in training data are machines of documentation. Private and reserved ranges are never found."""
    iban: PrivateAction = "report"
    """Reported: an account in an answer is as a rule the firm's own, for customers to pay to."""
    card: PrivateAction = "redact"
    """Redacted: no answer needs one, the rest of the conversation is sound, and few rows of chance pass the checksum."""
    national: PrivateAction = "redact"
    """Redacted, as cards are."""
    name: PrivateAction = "off"
    """Off: needs `tuneset[names]`, and finders of names take every character of a story for a person."""
    secret: Literal["off", "report", "redact", "reject"] = "reject"  # noqa: S105 - an action, no secret
    """Rejected: a leaked key is revoked, not papered over, and a model taught to write keys writes keys. No fakes: they
    would set off every scanner."""
    originals: Literal["keep", "mask"] = "keep"
    """Rows in rejected.jsonl: as they came, so that they can be mended, or with what is private masked."""

    @property
    def actions(self) -> dict[PrivateKind, PrivateAction]:
        """Give the action of every kind."""
        return {kind: getattr(self, kind) for kind in get_args(PrivateKind)}

    def severity(self, code: str, default: str) -> str | None:
        """Give how grave a finding of this code is by what is done about it; None: the policy says nothing of it.

        What is only reported is at most a warning; what was to be redacted or rejected and is still there is an error.
        """
        area, _, kind = code.partition(".")
        if area not in ("private", "secret") or (code == "private.name" and self.name == "off"):
            return None
        action: PrivateAction = self.secret if area == "secret" else getattr(self, kind)
        if action == "report":
            return "warning" if default == "error" else default
        return "off" if action == "off" else "error"


class ReviewSettings(Settings):
    """`tuneset review`: a language model judges examples by rubrics. Never asked by a build."""

    model: str = "gpt-4.1-mini"
    """The reviewer, at OPENAI_BASE_URL: any address that speaks OpenAI's chat completions serves."""
    input_usd_per_million_tokens: Decimal | None = Field(default=None, ge=0)
    """The reviewer's price. None: not known, and nothing is asked before it is; 0 for a server of your own."""
    output_usd_per_million_tokens: Decimal | None = Field(default=None, ge=0)
    """As above, for what it answers."""
    budget_usd: Decimal | None = Field(default=None, ge=0)
    """The most that one run may cost; never passed. None: it must be given on the command line."""
    rubrics: tuple[str, ...] = ("safety", "instruction")
    """Names of the questions; `pipeline/review/rubrics` has ours."""
    folders: tuple[str, ...] = ()
    """More folders of rubrics, relative to the plan; a file of the same name stands before ours."""
    about: dict[str, str] = Field(default_factory=dict)
    """Rubric → the description it judges by: `tone` needs the brand's, `language` and `format` take one."""
    sample: PositiveInt | None = 200
    """Examples that are reviewed, the same ones each time. None cannot be written in TOML: use `--all`.

    200: a flaw that one example in sixty-seven has is among them with 95 % certainty (the rule of three).
    """
    seed: int = 42
    """Another seed, another sample."""
    max_output_tokens: PositiveInt = 500
    """Of one answer. Twice what a reason of sixty words takes; models that think before they answer need thousands."""
    temperature: float | Literal["default"] = 0.0
    """0: as repeatable as the model can be. `default`: not sent, for models that refuse it."""
    attempts: PositiveInt = 2
    """Times that a question is asked when the answer has not the asked shape; then the example is held."""
    concurrency: PositiveInt = 16
    """Most requests in flight."""
    requests_per_minute: PositiveInt | None = None
    """The account's limit, never passed. None: begins with tier 1's and follows the account's rate-limit headers."""
    tokens_per_minute: PositiveInt | None = None
    """As above."""


class CostSettings(Settings):
    """The price before it is paid."""

    epochs: PositiveInt | Literal["auto"] = "auto"
    """Passes over the data. `auto`: the platform's documented rule, reported as an estimate."""
    training_usd_per_million_tokens: float | None = Field(default=None, ge=0.0)
    """Overrides the target's dated price. None: the target's."""
    compare: tuple[str, ...] = ()
    """More targets (`platform/model`) whose price the report shows beside the chosen one."""


class ForgetSettings(Settings):
    """Rows that somebody asked to have erased; `tuneset forget` writes the file."""

    file: str = "forget.jsonl"
    """The tombstones, relative to the plan: salted hashes, no person's data. Where there is no file, nothing was asked."""


class CardSettings(Settings):
    """What only people know of the dataset; it stands in its card (README.md) and its Croissant description."""

    title: str | None = None
    """The card's heading. None: the plan's `name`."""
    description: str | None = None
    """What the dataset is for and where its texts come from, in Markdown. None: one sentence of what is known."""
    license: str | None = None
    """As Hugging Face names it: `cc-by-4.0`, `apache-2.0`, `other`. None: the card says that none is stated."""
    license_url: str | None = None
    """Where the licence stands."""
    language: tuple[str, ...] = ()
    """Codes such as `en` or `fr`. Not guessed from the texts."""
    tags: tuple[str, ...] = ()
    """More words by which the dataset is to be found."""
    tasks: tuple[str, ...] = ("text-generation",)
    """Task categories of Hugging Face."""
    creator: str | None = None
    """Who made it."""
    url: str | None = None
    """Where it is described."""
    citation: str | None = None
    """How it is to be cited, as BibTeX or text."""
    version: str | None = None
    """Of the dataset, as `1.0.0`."""
    published: date | None = None
    """Day on which it was published; not filled in by a clock."""


class RefreshSettings(Settings):
    """`tuneset refresh`, the build for schedulers. Nothing of it is part of the dataset: it stands in no manifest."""

    wait_seconds: float = Field(default=600.0, ge=0.0)
    """How long to wait for another run on the same dataset; then exit code 75. Ten minutes: longer than most builds."""
    on_success: tuple[str, ...] = ()
    """Command and its arguments, run after exit code 0 without a shell, in the plan's folder; docs/refresh.md lists what
    its environment tells. Empty: none."""
    on_failure: tuple[str, ...] = ()
    """The same for every other end."""
    hook_seconds: PositiveInt = 60
    """How long such a command may take before it is stopped."""
    metrics: str | None = None
    """Where Prometheus metrics are written after each run, relative to the plan. None: nowhere."""


class WriteSettings(Settings):
    """How the files are written."""

    folder: str = "data/processed"
    """Where the files go, relative to the plan."""
    order: Literal["shuffled", "source"] = "shuffled"
    """`shuffled`: by seeded digest, the same whatever the order of the rows. `source`: by file and line."""
    bom: bool = False
    """Begin the training files with a byte-order mark, as Azure's older documentation asks for."""
    keep_versions: PositiveInt = 5
    """Versions of the dataset that stay on disk. The published, the accepted and a held-back one stay in any case."""


class CacheSettings(Settings):
    """What is kept between runs so that the next works out only what changed. It is no part of what is built."""

    max_gb: float = Field(default=10.0, ge=0.0)
    """Thousand million bytes after a run; what was not used for longest goes first, never what the run itself used.
    10: about five million examples of a kilobyte."""


class RuleSettings(Settings):
    """Which rules judge, and how gravely."""

    select: tuple[str, ...] = ()
    """Codes or prefixes (`tools.`) that judge. Empty: all."""
    ignore: tuple[str, ...] = ()
    """Codes or prefixes that stay silent."""
    severity: dict[str, Literal["info", "warning", "error"]] = Field(default_factory=dict)
    """Code → severity instead of the rule's own."""


class CheckSettings(Settings):
    """What `check` needs to know; resolved from the target and the plan."""

    limits: Limits = Limits()
    rules: RuleSettings = RuleSettings()
    moderation: ModerationSettings = ModerationSettings()
    """Thresholds that decide which of the stored scores are flags."""
    privacy: PrivacySettings = PrivacySettings()
    """What is done about private data decides how gravely it is judged."""
