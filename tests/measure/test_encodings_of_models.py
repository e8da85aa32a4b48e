"""A model's name tells its encoding, also where tiktoken's table errs."""

import pytest

from pipeline.measure.models import encoding_of

O200K, CL100K = "o200k_base", "cl100k_base"


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("gpt-4.1-mini-2025-04-14", O200K),
        ("ft:gpt-4.1-mini-2025-04-14:org::x", O200K),  # tiktoken says cl100k_base
        ("ft:gpt-4o-2024-08-06:org:name:id", O200K),
        ("ft:gpt-3.5-turbo-0125:org::x", CL100K),
        ("gpt-4-1106-preview", CL100K),
        ("gpt-4-0613", CL100K),
        ("gpt-4-turbo", CL100K),
        ("gpt-35-turbo", CL100K),
        ("gpt-41-mini", O200K),
        ("gpt-4-1-mini", O200K),
        ("my-gpt-4o-prod", O200K),
        ("azure/gpt-4.1", O200K),
        ("o4-mini-2025-04-16", O200K),
        ("gpt-6-luna", O200K),
        ("davinci-002", CL100K),
        ("mango3", None),
        ("llama-3.3-70b", None),
        ("", None),
    ],
)
def test_the_encoding_is_that_of_the_base_model(name: str, encoding: str | None) -> None:
    assert encoding_of(name) == encoding
