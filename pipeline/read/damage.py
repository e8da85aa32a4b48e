"""The signal that a stream of bytes ends before its time."""


class Damaged(Exception):  # noqa: N818 - a signal between the layers of a reader, never shown as an error
    """The file ends early or its compression is broken; `rest` are the bytes read after the last whole line."""

    def __init__(self, message: str, rest: bytes = b"") -> None:
        super().__init__(message, rest)
        self.message = message
        self.rest = rest
