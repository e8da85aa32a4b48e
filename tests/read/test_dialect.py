"""The tidiest reading wins, however few of them were tried."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.read import dialect
from pipeline.read.dialect import DELIMITERS, best_reading

signs = st.text(alphabet='ab,;|\t" ', min_size=1, max_size=8)


@given(st.lists(signs, min_size=1, max_size=6), st.booleans(), st.sampled_from([",", "\t"]))
def test_a_delimiter_that_never_occurs_would_not_have_won(texts, is_whole, prefer):
    lines = [f"{text}\n".encode() for text in texts]
    hints = dialect._Hints(is_whole, None, None)
    usual = sorted(DELIMITERS, key=lambda sign: sign != prefer)
    tried = [dialect._read(lines, way, is_whole) for sign in usual for way in dialect._dialects(lines, sign, hints)]
    tidiest = max(tried, key=lambda reading: reading.score)
    found = best_reading(lines, is_whole=is_whole, delimiter=None, quote=None, escape=None, prefer=prefer)

    assert found.dialect == tidiest.dialect or tidiest.score < dialect._SURE
