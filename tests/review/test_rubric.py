"""Rubrics are files: ours are sound, a user's is read like them, and mistakes are named with their place."""

import pytest

from pipeline.core.errors import PlanError
from pipeline.review.question import instruction, schema
from pipeline.review.rubric import CANNOT_TELL, files, load

ABOUT = {"tone": "Warm."}
OWN = """
question = "Is the period right?"
severity = "error"
[[scale]]
label = "right"
means = "30 days."
[[scale]]
label = "wrong"
means = "Another."
fails = true
"""


@pytest.fixture
def own(tmp_path):
    def written(text=OWN, name="period"):
        (tmp_path / f"{name}.toml").write_text(text, "utf-8")
        return load([name], folders=[tmp_path], about=ABOUT)[0]

    return written


def test_there_is_a_rubric_for_everything_that_was_promised():
    assert set(files()) >= {"safety", "facts", "instruction", "tone", "language", "format", "bias"}


@pytest.mark.parametrize("name", sorted(files()))
def test_each_rubric_of_ours_tells_the_reviewer_every_label_and_what_does_not_count(name):
    [rubric] = load([name], about=ABOUT)
    told = instruction(rubric, "A description.")

    assert all(f"- {label}: " in told for label in rubric.labels)
    assert rubric.counts
    assert rubric.counts_not
    assert schema(rubric)["properties"]["verdict"]["enum"] == list(rubric.labels)
    assert "A description." in told


def test_a_rubric_of_the_users_is_one_file(own):
    rubric = own()

    assert (rubric.code, rubric.labels) == ("review.period", ("right", "wrong", CANNOT_TELL))


def test_a_users_file_stands_before_ours_of_the_same_name(own):
    assert own(name="safety").question == "Is the period right?"


def test_severity_may_change_without_asking_again_and_words_may_not(own):
    first = own()

    assert first.digest("") == own(OWN.replace('"error"', '"info"')).digest("")
    assert first.digest("") != own(OWN.replace("30 days", "14 days")).digest("")
    assert first.digest("") != first.digest("a description")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        pytest.param("question = ", "not valid TOML", id="no TOML"),
        pytest.param(OWN.replace("question", "query"), "`question`: Field required", id="no question"),
        pytest.param(OWN.replace("fails = true", ""), "one that fails", id="nothing fails"),
        pytest.param(OWN.replace('"wrong"', '"right"'), "labels of the scale must differ", id="a label twice"),
        pytest.param(OWN.replace('"wrong"', '"cannot-tell"'), "is always there", id="our own label"),
        pytest.param(OWN.replace('"wrong"', '"Not right!"'), "scale.1.label", id="a label that is no word"),
        pytest.param(OWN.replace("severity", "severty"), "severty", id="a misspelt key"),
    ],
)
def test_a_mistake_in_a_rubric_is_named(own, text, sentence):
    with pytest.raises(PlanError, match=sentence) as told:
        own(text)
    assert "period.toml" in str(told.value)


def test_an_unknown_rubric_names_the_nearest():
    with pytest.raises(PlanError, match="Did you mean `safety`"):
        load(["saftey"])


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(PlanError, match="no such folder of rubrics"):
        load(["safety"], folders=[tmp_path / "none"])
