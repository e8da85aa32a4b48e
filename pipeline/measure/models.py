"""Which tiktoken encoding a model's name stands for."""

import re
from typing import Final

_FAMILIES: Final = (
    (
        r"^(davinci|babbage)-002|^text-embedding-(3|ada)|gpt-?3\.?5|gpt-?4(-turbo|-vision|-preview|-32k|-\d{4}|$)",
        "cl100k_base",
    ),
    (r"gpt-?4o|gpt-?4[.-]?[15]([-.]|$)|gpt-?([5-9]|\d\d)([-.]|$)|gpt-oss|(^|-)o[1-9](-|$)|^codex-mini", "o200k_base"),
)
"""Name patterns, older family first; sources: tiktoken's model table, and the model pages of the fine-tuning guides.

New generations (gpt-5 and later) are taken to keep o200k_base, as every one since gpt-4o did.
"""


def encoding_of(model_name: str) -> str | None:
    """Give the encoding of a model, a fine-tune (`ft:...`) or a deployment named after one; None when unknown.

    tiktoken's own table gives `cl100k_base` for `ft:gpt-4.1...`, whose base model uses `o200k_base`; here a
    fine-tune always has its base model's encoding. Platform prefixes (`openai/`, `azure/`) do not count.
    """
    name = model_name.strip().lower().rsplit("/", maxsplit=1)[-1]
    base = name.removeprefix("ft:").split(":", maxsplit=1)[0].removeprefix("ft-").replace("_", "-")
    for pattern, encoding in _FAMILIES:
        if re.search(pattern, base):
            return encoding
    return None
