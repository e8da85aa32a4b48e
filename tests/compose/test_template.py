"""Templates that only join texts and columns need no jinja, and say what jinja would have said."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.compose.outline import Column
from pipeline.compose.template import _environment, template, text_parts
from pipeline.core.errors import PlanError
from pipeline.core.trouble import Trouble

NAMES = ["question", "ticket", "range", "loop", "self", "record", "名", "none", "ﬁ"]
HOLES = st.sampled_from(NAMES).flatmap(
    lambda name: st.sampled_from(
        [
            f"{{{{ {name} }}}}",
            f"{{{{{name}}}}}",
            f"{{{{- {name} -}}}}",
            f'{{{{ record["{name}"] }}}}',
            f"{{{{ record.{name} }}}}",
            f"{{{{ {name} | upper }}}}",
            f"{{{{ {name} ~ 'x' }}}}",
            f"{{% if {name} %}}yes{{% endif %}}",
            f"{{% set {name} = 'mine' %}}",
            f"{{% raw %}}{{{{ {name} }}}}{{% endraw %}}",
            f"{{# {name} #}}",
        ]
    )
)
SOURCES = st.lists(
    HOLES | st.sampled_from(["Q: ", "\n", "\r\n", " ", "{", "}", "\\", "<&>", "ünï", "{{ '' }}"]), max_size=5
)
RECORDS = st.dictionaries(
    st.sampled_from(NAMES), st.sampled_from(["Hi", "", " \n", "{{ x }}", None, 7, 1.0, True, ["a"], {}])
)


def said_by_jinja(source: str, record: dict[str, Any]) -> str | None:
    """Give what jinja says; None where it fails."""
    try:
        return _environment().from_string(source).render({"record": record, "ticket": "T", **record})
    except Exception:  # noqa: BLE001 - whatever jinja raises
        return None


@settings(max_examples=1000)
@given(sources=SOURCES, record=RECORDS)
def test_a_template_says_what_jinja_says(sources: list[str], record: dict[str, Any]) -> None:
    source = "".join(sources)

    try:
        said = template(source, setting="user", ticket="T")(record)
    except (Trouble, PlanError):
        said = None

    assert said == said_by_jinja(source, record)


PARTS = {
    "a text": ("Be kind.", ("Be kind.",)),
    "nothing": ("", ()),
    "columns and texts": ('Q: {{ a }}\n{{- record["b c"] }}', ("Q: ", Column("a"), Column("b c"))),
    "a remark": ("{# x #}{{ a }}", (Column("a"),)),
    "a filter": ("{{ a | upper }}", None),
    "the record": ("{{ record }}", None),
    "a condition": ("{% if a %}x{% endif %}", None),
}


@pytest.mark.parametrize(("source", "parts"), PARTS.values(), ids=PARTS.keys())
def test_the_parts_of_a_template_are_known_where_it_only_joins(source: str, parts: object) -> None:
    assert text_parts(source) == parts
