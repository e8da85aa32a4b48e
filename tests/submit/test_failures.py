"""What platforms say about a refusal is told in our words, with rules, lines and whether to try again; never guessed."""

import re
import string
from datetime import date

import click
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.cli import tuneset
from pipeline.core.rule import catalogue
from pipeline.core.trouble import CAUSES
from pipeline.submit.failures import Known, Said, explained, known, plain
from pipeline.submit.platform import Failure

TABLE = known()
SAID = [(one, said) for one in TABLE for said in one.said]
REFUSED = "The job failed due to an invalid training file. "
COMMAND = re.compile(r"`tuneset ([^`]+)`")
ENOUGH = 450
"""Letters of a cure; more is a page."""

OPENAI = [
    pytest.param(
        Failure(
            "invalid_training_file",
            f"{REFUSED}Invalid file format. Example 100, message 2 Discriminator 'role' is missing in value",
            "training",
        ),
        "roles.missing",
        (100,),
        id="a job of 2024-02-26, printed in three repositories",
    ),
    pytest.param(
        Failure(
            "error",
            "Invalid file format. Example 1273 cannot be parsed. Error: line contains invalid json: Expecting ',' "
            "delimiter: line 1 column 79 (char 78) (line 1273)",
        ),
        "json.invalid",
        (1273,),
        id="openai-php's recorded file of 2023: line 1 column 79 is a place inside of the line",
    ),
    pytest.param(
        Failure(
            "invalid_request_error",
            "Expected file to have JSONL format, where every line is a JSON dictionary. Line 1 is not a dictionary "
            '(HINT: line starts with: "{\\"p...").',
        ),
        "json.not-object",
        (1,),
        id="OkGoDoIt issue 59, a file of one line: numbers are from 1",
    ),
    pytest.param(
        Failure("invalid_n_examples", "Training file has 7 example(s), but must have at least 10 examples", "training"),
        "dataset.too-few",
        (),
        id="a job of 2024-12-29: counts are no lines",
    ),
    pytest.param(
        Failure(
            "invalid_training_file",
            f"{REFUSED}Unexpected file format, expected either prompt/completion pairs or chat messages.",
        ),
        "format.not-chat",
        (),
        id="a table or a list sent as it was",
    ),
    pytest.param(
        Failure("invalid_training_file", "Invalid file format. Example 4 is missing key 'messages'"),
        "format.not-chat",
        (4,),
        id="a line without turns",
    ),
    pytest.param(
        Failure("invalid_training_file", "Invalid file format. Example 1 is missing key 'input'."),
        "format.not-a-pair",
        (1,),
        id="chats sent to a preference job",
    ),
    pytest.param(
        Failure(
            "invalid_training_file",
            f"{REFUSED}Invalid file format. Input file file-JkuxKcmxbqpiLxzi9AtS9U is in the fine-tune-chat format, but the "
            "specified fine-tuning job is not using 'supervised' as the training method (provided method=dpo). ",
        ),
        "format.not-a-pair",
        (),
        id="a job of 2024-12-29 with the other method: digits of an id are no lines",
    ),
    pytest.param(
        Failure(
            "invalid_file_format",
            "The job failed due to a file format error in the training file. Invalid file format. Example 1 contains an "
            'extra "weight".',
        ),
        "keys.extra-top",
        (1,),
        id="Unsloth's keys, 2025-10-31",
    ),
    pytest.param(
        Failure(
            "invalid_file_format",
            "The job failed due to a file format error in the training file. Invalid file format. Example 6174 message "
            "contains an invalid token: <|fim_suffix|>.",
        ),
        "content.control-token",
        (6174,),
        id="llmcomp issue 59, which its own validator let pass",
    ),
    pytest.param(
        Failure(
            "invalid_training_file",
            f"{REFUSED}This file failed moderation safety checks. The OpenAI Moderation API identifies fine tuning examples "
            "that violate our content policies. To fine tune on this data, please try removing the flagged lines and "
            "uploading the file again. Flagged lines: 4, 13, 14, 18, 35 ...",
        ),
        "moderation.flagged",
        (4, 13, 14, 18, 35),
        id="the older moderation, which named lines",
    ),
    pytest.param(
        Failure(
            "invalid_training_file",
            f"{REFUSED}This training file was blocked because too many examples were flagged by our moderation API for "
            "containing content that violates OpenAI’s usage policies in the following categories: hate. Use the free "
            "OpenAI Moderation API to identify these examples and remove them from your training data.",
        ),
        "moderation.flagged",
        (),
        id="community t/699409, with its curly apostrophe",
    ),
    pytest.param(
        Failure(
            "",
            "The job failed due to an invalid validation file. This training file was blocked by our moderation system "
            "because it contains too many examples that violate OpenAI's usage policies",
            "validation",
        ),
        "moderation.flagged",
        (),
        id="the validation file is moderated too",
    ),
    pytest.param(
        Failure(
            "training_not_available",
            "OpenAI is winding down the fine-tuning platform and your organization is no longer able to create new "
            "fine-tuning training jobs. Learn more https://developers.openai.com/api/docs/deprecations",
        ),
        "target.closed",
        (),
        id="403 of an organisation that never tuned, 2026",
    ),
    pytest.param(
        Failure("", "Model ft:gpt-3.5-turbo-0613:a::8abc is not available for fine-tuning or does not exist."),
        "target.closed",
        (),
        id="openai-cookbook issue 657",
    ),
]
OTHERS = [
    pytest.param(
        Failure(
            "unsafe_file",
            "The job failed due to an unsafe training file. This training file was blocked because too many examples were "
            "flagged by our moderation for content that violates Azure OpenAI's usage policies with respect to model "
            "reasoning extraction. Please review the data and remove potential offending examples before retrying "
            "fine-tuning.",
        ),
        "rft.reasoning-phrase",
        (),
        id="Azure, 2026-07-26, which the Moderation API cannot tell",
    ),
    pytest.param(
        Failure("", "System messages are not supported in 'reinforcement' examples"),
        "roles.not-taken",
        (),
        id="Azure, a system prompt for rft",
    ),
    pytest.param(
        Failure(
            "",
            "The provided training data failed RAI checks for harm types: [hate_fairness, self_harm, violence]. Please fix "
            "the data and try again.",
        ),
        "moderation.flagged",
        (),
        id="Azure's page, data",
    ),
    pytest.param(
        Failure(
            "",
            "This model is unable to be deployed. Model evaluation identified that this fine tuned model scores above "
            "acceptable thresholds for [Violence, Self Harm]. Please review your training data set and resubmit the job.",
        ),
        "moderation.flagged",
        (),
        id="Azure's page, the tuned model",
    ),
    pytest.param(
        Failure("INVALID_FORMAT", "Line 7: `messages[1]` must contain a `role` field"),
        "roles.missing",
        (7,),
        id="Together's validation_report",
    ),
    pytest.param(
        Failure(
            "INVALID_FORMAT",
            "All samples in the dataset must have the same dataset format. Got conversation for the first line and "
            "instruction for the line 8.",
        ),
        "dataset.mixed-formats",
        (8,),
        id="Together's check_file",
    ),
    pytest.param(
        Failure(
            "DATASET_INVALID",
            "No valid training examples remained after tokenization. Verify that the dataset contains trainable assistant "
            "messages for the selected train_on_what setting and that examples fit the configured maximum sequence length, "
            "then retry.",
        ),
        "dataset.nothing-trained",
        (),
        id="Fireworks: it says retry, and means with other data",
    ),
    pytest.param(
        Failure("", "Dataset example 1 of 14 contains an unsupported modality [function call] in the “parts” field"),
        "tools.refused",
        (1,),
        id="Vertex, python-aiplatform issue 6127",
    ),
]
AGAIN = [
    pytest.param(Failure("server_error", "The job failed due to an internal error"), id="community t/415162"),
    pytest.param(Failure("500", "A system error was encountered, please try again later."), id="Azure's own trouble"),
    pytest.param(
        Failure(
            "daily_rate_limit_exceeded",
            "This fine-tune request has been rate-limited. Your organization has reached the maximum of 8 fine-tuning "
            "requests per day for the model 'gpt-4.1-2025-04-14'.",
        ),
        id="llmcomp issue 58",
    ),
    pytest.param(Failure("", "File file-abc is not ready"), id="the file is read later"),
    pytest.param(
        Failure("invalidPayload", "The specified file reference must point to a completed file import."),
        id="the same in Azure's words",
    ),
    pytest.param(Failure("RESOURCE_EXHAUSTED", "no capacity"), id="Fireworks has no machines"),
    pytest.param(
        Failure(
            "",
            "Error while running moderation eval refusals_v3 for snapshot ft:gpt-4o-mini: Error while running eval for "
            "category hate for snapshot ft:gpt-4o-mini. Please try again. ",
        ),
        id="the check after training broke off, which is no verdict",
    ),
]
NOT_AGAIN = [
    pytest.param(
        Failure("insufficient_quota", "You exceeded your current quota, please check your plan and billing details."),
        id="no money is no matter of time",
    ),
    pytest.param(
        Failure("", "Finetuning with o4-mini-2025-04-16 requires the reinforcement method of finetuning."),
        id="another method must be ordered",
    ),
    pytest.param(
        Failure(
            "invalidPayload",
            "The specified base model Ministral-3B does not support fine-tuning with Standard TrainingType.",
        ),
        id="a setting is missing",
    ),
    pytest.param(
        Failure("moderation_checks", "Moderation checks for ft:gpt-4.1-mini failed: sexual/minors"),
        id="the tuned model is blocked",
    ),
]


def spelled(text: str, number: int) -> str:
    return re.sub(r"(?<![-\w])(?:8|10|7)\b", str(number), text.replace("'", '"')).upper().replace(" ", "  ")


@pytest.mark.parametrize(("failure", "code", "lines"), OPENAI + OTHERS)
def test_a_sentence_leads_to_the_rule_and_to_the_lines(failure: Failure, code: str, lines: tuple[int, ...]) -> None:
    found = explained(failure)

    assert found is not None
    assert (found.codes[0], found.lines, found.is_retryable) == (code, lines, False)


@pytest.mark.parametrize("failure", AGAIN)
def test_what_may_pass_by_itself_is_sent_again(failure: Failure) -> None:
    found = explained(failure)

    assert found is not None
    assert found.is_retryable


@pytest.mark.parametrize("failure", NOT_AGAIN)
def test_what_would_fail_again_is_not(failure: Failure) -> None:
    found = explained(failure)

    assert found is not None
    assert not found.is_retryable


@pytest.mark.parametrize(
    "message",
    [
        "",
        "Job succeeded",
        "Step 90/90: training loss=0.11",
        "Moderation checks passed",
        "The weights of the moon are wrong",
        "File uploaded",
    ],
)
def test_nothing_is_said_about_a_sentence_that_is_not_known(message: str) -> None:
    assert explained(Failure("", message)) is None


@pytest.mark.parametrize("where", ["training", "validation", None])
def test_a_file_that_is_refused_in_new_words_is_still_a_matter_of_the_file(where: str | None) -> None:
    found = explained(Failure(f"invalid_{where or 'training'}_file", "A sentence of tomorrow. Example 5, line 9."))

    assert found is not None
    assert found.lines == (5, 9)
    assert not found.is_retryable


@pytest.mark.parametrize(("one", "said"), SAID, ids=[said.message[:60] for _, said in SAID])
def test_every_sentence_is_found_by_its_own_entry_first(one: Known, said: Said) -> None:
    sentence = plain(Failure(said.code, said.message))

    assert next(other for other in TABLE if other.pattern.search(sentence)) is one


@pytest.mark.parametrize(("one", "said"), SAID, ids=[said.message[:60] for _, said in SAID])
def test_case_quotes_spaces_and_numbers_may_be_others(one: Known, said: Said) -> None:
    found = explained(Failure(said.code.upper(), spelled(said.message, 3)))

    assert found is not None
    assert found._replace(lines=()) == one.explained


@pytest.mark.parametrize(("one", "said"), SAID, ids=[said.message[:60] for _, said in SAID])
def test_every_sentence_has_a_source_and_a_day(one: Known, said: Said) -> None:
    assert len(said.source) > 10
    assert date(2022, 1, 1) < said.as_of <= date(2026, 11, 29)
    assert said.certainty in ("documented", "reported", "inferred")


@pytest.mark.parametrize("one", TABLE, ids=[one.explained.title for one in TABLE])
def test_every_entry_is_whole(one: Known) -> None:
    title, cure, codes, lines, _ = one.explained

    assert title.endswith(".")
    assert ". " not in title
    assert cure.endswith(".")
    assert len(cure) <= ENOUGH
    assert set(codes) <= {*catalogue(), *CAUSES}
    assert len(set(codes)) == len(codes)
    assert lines == ()
    assert one.said
    assert not set(one.pattern.pattern) & set(string.ascii_uppercase + "'\"`")


@pytest.mark.parametrize("asked", sorted({asked for one in TABLE for asked in COMMAND.findall(one.explained.cure)}))
def test_a_command_that_a_cure_names_is_there_with_its_options(asked: str) -> None:
    name, *words = asked.split()
    command = tuneset.get_command(click.Context(tuneset), name)

    assert command is not None
    options = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    assert {word for word in words if word.startswith("-")} <= options


@given(st.text(), st.text(), st.sampled_from(["training", "validation", None]))
@example("", "line " + "9" * 10_000, None)
@example("", "line ٣, line ²", None)
def test_any_text_is_read(code: str, message: str, where: object) -> None:
    found = explained(Failure(code, message, where))  # type: ignore[arg-type]  # one of its words

    assert found is None or _is_sound(found.lines)


@given(
    st.lists(
        st.sampled_from(["Example", "Line", "Flagged lines:", "line", "rows", ",", "and", "message", "column", "(line"])
        | st.integers(-3, 10**12).map(str)
    )
)
def test_lines_are_sorted_positive_and_each_once(words: list[str]) -> None:
    found = explained(Failure("invalid_training_file", " ".join(words)))

    assert found is not None
    assert _is_sound(found.lines)
    assert set(found.lines) <= {abs(int(word)) for word in words if word.lstrip("-").isdigit()}


@given(st.lists(st.integers(1, 10**6), min_size=1, unique=True))
@example([*range(9_000, 0, -1)])
def test_every_line_of_a_list_is_told(numbers: list[int]) -> None:
    found = explained(Failure("invalid_training_file", f"Flagged lines: {', '.join(map(str, numbers))} ..."))

    assert found is not None
    assert found.lines == tuple(sorted(numbers))


def _is_sound(lines: tuple[int, ...]) -> bool:
    return list(lines) == sorted(set(lines)) and all(line > 0 for line in lines)
