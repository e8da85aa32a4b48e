"""Images are where the target sees them, of a kind it reads, and few and small enough."""

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from pipeline.core.example import Example, Turn
from pipeline.core.rule import Flaw, Sample, rule
from pipeline.core.shape import Bit
from pipeline.core.suspects import has, where
from pipeline.core.target import Limits
from pipeline.core.wording import counted, named

IMAGES: Final = has(Bit.IMAGE)
PIXEL: Final = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
HEADS: Final = {"png": b"\x89PNG\r\n\x1a\n", "jpeg": b"\xff\xd8\xff", "webp": b"RIFF", "gif": b"GIF8", "bmp": b"BM"}
TAKEN: Final = frozenset({"png", "jpeg", "webp"})


FORMS: Final = {"data": "A data URL", "storage": "An address in storage", "web": "A web address"}
ADDRESS: Final = re.compile(r"(?:https?|gs|s3)://.|data:image/", re.IGNORECASE)


class Image(NamedTuple):
    """One image part: its turn, the place of its address, and the address."""

    turn: Turn
    where: str
    url: str


def _images(example: Example) -> list[Image]:
    found = []
    for turn in example.turns:
        for place, part in turn.parts():
            holder = part.get("image_url")
            if part.get("type") == "image_url" and isinstance(holder, dict) and isinstance(holder.get("url"), str):
                found.append(Image(turn, f"{place}/image_url/url", holder["url"]))
    return found


def _shown(*urls: str, role: str = "user") -> Sample:
    parts = [{"type": "image_url", "image_url": {"url": url}} for url in urls]
    return {"messages": [{"role": role, "content": parts}, {"role": "assistant", "content": "A pixel."}]}


@rule(
    "image.role",
    suspects=IMAGES,
    good=(_shown(PIXEL),),
    bad=(_shown(PIXEL, role="system"), _shown(PIXEL, role="assistant")),
)
def role(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """Only users show images: *you cannot include images as output from messages with the assistant role*.

    Move the image into a user turn.
    """
    for image in _images(example):
        if image.turn.role not in ("user", ""):
            yield Flaw(image.where, f"An image in a turn of {named(image.turn.role)}; expected in `user` only.")


@rule(
    "image.refused",
    suspects=where(lambda limits: limits.max_images == 0, IMAGES),
    good=("user: Hi\nassistant: Hello",),
    bad=(_shown(PIXEL),),
)
def refused(example: Example, limits: Limits) -> Iterator[Flaw]:
    """The target trains on text only.

    Choose a model that sees images, or describe the image in words.
    """
    images = _images(example)
    if limits.max_images == 0 and images:
        yield Flaw("", f"{counted(len(images), 'image')}; {limits.target} takes none.")


@rule(
    "image.too-many",
    suspects=where(lambda limits: bool(limits.max_images), IMAGES),
    limits=Limits(max_images=1),
    good=(_shown(PIXEL),),
    bad=(_shown(PIXEL, PIXEL),),
)
def too_many(example: Example, limits: Limits) -> Iterator[Flaw]:
    """Examples with too many images are left out of training or fail the job.

    Split the example, or drop images that the answer does not need.
    """
    images = _images(example)
    if limits.max_images and len(images) > limits.max_images:
        yield Flaw("", f"{counted(len(images), 'image')}; {limits.target} takes at most {limits.max_images:,}.")


@rule(
    "image.place",
    suspects=where(lambda limits: limits.images_as is not None, IMAGES),
    limits=Limits(images_as="data"),
    good=(_shown(PIXEL),),
    bad=(_shown("https://example.org/a.png"),),
)
def place(example: Example, limits: Limits) -> Iterator[Flaw]:
    """Some targets never fetch: images lie inside the line as data URLs, or in the platform's own storage.

    Download the image and write it as `data:image/png;base64,...`, or upload it where the platform reads.
    """
    for image in _images(example):
        scheme = image.url.partition(":")[0].lower()
        form = "data" if scheme == "data" else "storage" if scheme in ("gs", "s3") else "web"
        if limits.images_as in ("data", "storage") and form != limits.images_as and ADDRESS.match(image.url):
            wanted = "a data URL" if limits.images_as == "data" else "an address in its storage"
            yield Flaw(image.where, f"{FORMS[form]}; {limits.target} takes {wanted}.")


@rule(
    "image.bad-url",
    suspects=IMAGES,
    good=(_shown(PIXEL), _shown("https://example.org/a.png"), _shown("gs://bucket/a.png")),
    bad=(_shown("images/a.png"), _shown(""), _shown("file:///a.png"), _shown("data:text/plain;base64,AAAA")),
)
def bad_url(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """A platform cannot open a path of your disk: the example is left out of training without an error.

    Write an https address that anyone can open, or the image itself as `data:image/png;base64,...`.
    """
    for image in _images(example):
        if not ADDRESS.match(image.url):
            yield Flaw(image.where, "Not an address that a platform can open; expected https or data:image.")


@rule(
    "image.not-an-image",
    suspects=IMAGES,
    good=(_shown(PIXEL), _shown("https://example.org/a.png")),
    bad=(_shown("data:image/png;base64,AAAA"), _shown("data:image/png;base64,%%"), _shown("data:image/png,x")),
)
def not_an_image(example: Example, _limits: Limits) -> Iterator[Flaw]:
    """What cannot be read as JPEG, PNG or WEBP is left out of training without an error.

    Encode the file's bytes in base64, once, and convert other kinds to PNG.
    """
    for image in _images(example):
        if image.url.startswith("data:image/"):
            head = _head(image.url)
            found = next((name for name, magic in HEADS.items() if head and head.startswith(magic)), None)
            if found not in TAKEN:
                said = "Not base64" if head is None else f"Bytes of {found or 'no known image'}"
                yield Flaw(image.where, f"{said}; expected a PNG, JPEG or WEBP in base64.")


@rule(
    "image.too-large",
    suspects=where(lambda limits: limits.max_image_bytes is not None, IMAGES),
    limits=Limits(max_image_bytes=100),
    good=(_shown(PIXEL),),
    bad=(_shown("data:image/png;base64," + "A" * 200),),
)
def too_large(example: Example, limits: Limits) -> Iterator[Flaw]:
    """Images over the platform's size are left out of training or fail the job.

    Scale the image down: models see at most a few megapixels of it.
    """
    for image in _images(example):
        size = len(image.url.partition(",")[2]) * 3 // 4 if image.url.startswith("data:") else 0
        if limits.max_image_bytes is not None and size > limits.max_image_bytes:
            yield Flaw(image.where, f"{size:,} bytes; {limits.target} takes at most {limits.max_image_bytes:,}.")


def _head(url: str) -> bytes | None:
    """Give the first bytes of a data URL's image, or None when it is not base64."""
    kind_of, _, data = url.partition(",")
    if not kind_of.endswith(";base64"):
        return None
    try:
        return base64.b64decode(data[:64], validate=True) if len(data) % 4 == 0 else None
    except (binascii.Error, ValueError):
        return None
