"""Private data in an example becomes placeholders or stable fakes, alike throughout the conversation."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeAlias

from pipeline.compose.pseudonyms import pseudonym
from pipeline.core.errors import PlanError
from pipeline.core.example import Json
from pipeline.core.private import ROUNDS, Detector, Found, changed, named, replaced, search
from pipeline.core.settings import PrivacySettings, PrivateAction, PrivateKind

PLACEHOLDER: Final = re.compile(r"\[([A-Z_]+)_([0-9]{1,9})\]")
NOTES: Final[Mapping[PrivateAction, str]] = {"redact": "redacted", "pseudonymise": "pseudonymised"}
"""Action → the first word of what `mended` says."""

NameFinder: TypeAlias = Callable[[str], Iterable[tuple[int, int]]]
"""Text → where names of persons stand."""


class Redacted(NamedTuple):
    """An example after redaction; the very same object where nothing was to be done."""

    payload: Json
    notes: frozenset[str]
    """For `mended`: redacted-email, pseudonymised-phone."""
    counts: tuple[tuple[str, int], ...]
    """Kind → places where it was found before, whatever its action; sorted."""


@dataclass(frozen=True)
class Redact:
    """What the plan asks for, ready for rows; a PlanError where it asks for fakes and there is no salt."""

    settings: PrivacySettings
    salt: str | None = field(default=None, repr=False)
    """Secret of the fakes; never written, never shown."""
    names: NameFinder | None = field(default=None, repr=False)
    """None: names are not looked for."""

    def __post_init__(self) -> None:
        fakes = [kind for kind, action in self.settings.actions.items() if action == "pseudonymise"]
        if fakes and not self.salt:
            raise PlanError(
                f'`privacy.{fakes[0]} = "pseudonymise"` needs a secret: set TUNESET_SALT to a long random text, and keep it'
                " for as long as the fakes shall stay the same. Without one, use `redact`."
            )

    @property
    def kinds(self) -> frozenset[PrivateKind]:
        """Give the kinds that are looked for."""
        return frozenset(kind for kind, action in self.settings.actions.items() if action != "off")

    @property
    def is_off(self) -> bool:
        """Say whether nothing is asked of any kind."""
        return all(action == "off" for action in self.settings.actions.values())

    def __call__(self, payload: Json, *, among: Sequence[Detector] | None = None) -> Redacted:
        """Give the example as it may ship; `among`: who alone may find something in it as it came, None: anybody."""
        writer = _Writer(self, payload, among)
        new = changed(payload, writer.text)
        counts = tuple(sorted(writer.counts.items()))
        writer.among = None
        for _ in range(ROUNDS if new is not payload else 0):
            before, new = new, changed(new, writer.again)
            if before is new:
                break
        return Redacted(new, frozenset(f"{NOTES[action]}-{kind}" for kind, action in writer.done), counts)

    def found(self, text: str, before: str, among: Sequence[Detector] | None) -> list[Found]:
        """Give everything that is found in a text, names last: a name inside an address is the address's."""
        found = search(text, before=before, among=among)
        return found if self.names is None else named(text, found, self.names(text))


class _Writer:
    """One conversation's placeholders and fakes, and what was done."""

    def __init__(self, redact: Redact, payload: Json, among: Sequence[Detector] | None) -> None:
        self.redact = redact
        self.among = among
        self.actions = redact.settings.actions
        self.words: dict[tuple[str, str], str] = {}
        self.used: Counter[str] | None = None
        self.payload = payload
        self.counts: Counter[str] = Counter()
        self.done: set[tuple[PrivateKind, PrivateAction]] = set()
        self.settled: set[tuple[str, str]] = set()

    def text(self, _where: str, text: str, before: str) -> str:
        found = [one for one in self.redact.found(text, before, self.among) if self.actions[one.by.kind] != "off"]
        self.counts.update(one.by.kind for one in found)
        rewritten = [one for one in found if self.actions[one.by.kind] in NOTES]
        if not rewritten:
            self.settled.add((text, before))
        return replaced(text, rewritten, self._word)

    def again(self, where: str, text: str, before: str) -> str:
        """Give a text of a later round; one in which nothing was to be done is not searched again."""
        return text if (text, before) in self.settled else self.text(where, text, before)

    def _word(self, found: Found) -> str:
        kind = found.by.kind
        action = self.actions[kind]
        self.done.add((kind, action))
        known = (found.by.label, found.key)
        if known not in self.words:
            self.words[known] = (
                pseudonym(found, self.redact.salt or "")
                if action == "pseudonymise"
                else self._placeholder(found.by.label)
            )
        return self.words[known]

    def _placeholder(self, label: str) -> str:
        """Give the next one; those that the source already has are someone else's."""
        if self.used is None:
            self.used = _numbers(self.payload)
        self.used[label] += 1
        return f"[{label}_{self.used[label]}]"


def _numbers(payload: Json) -> Counter[str]:
    """Give the highest number of each placeholder that stands in the example already."""
    highest: Counter[str] = Counter()

    def look(_where: str, text: str, _before: str) -> str:
        for label, number in PLACEHOLDER.findall(text):
            highest[label] = max(highest[label], int(number))
        return text

    changed(payload, look)
    return highest
