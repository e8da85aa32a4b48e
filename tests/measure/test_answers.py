"""Equal last answers have equal hashes, whatever was asked."""

import pyarrow as pa
import xxhash
from hypothesis import given
from hypothesis import strategies as st

from pipeline.measure.answers import answers


@given(
    st.lists(st.sampled_from(["", "}", "{}", '{"content":"é"}', 'x"content"y"content"z', "你", None]), max_size=8),
    st.data(),
)
def test_answers_are_told_apart_by_what_follows_the_last_content(texts, data):
    roles = [data.draw(st.sampled_from(["ua", "u", "", None])) for _ in texts]
    lines = [None if text is None else text.encode() for text in texts]
    found = answers(lines, pa.array(roles, pa.string())).to_pylist()

    def slowly(text, letters):
        if not text or not (letters or "").endswith("a"):
            return None
        tail = text.encode()
        return xxhash.xxh3_64_intdigest(tail[tail.rfind(b'"content"') :])

    assert found == [slowly(*row) for row in zip(texts, roles, strict=True)]
