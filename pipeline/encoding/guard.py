"""The guard between the hub and huggingface_hub: what the hub answers is checked before the library sees it.

The library writes each file into its cache under the ETag that the hub states for it, and so that must be a hash: git's sha1 of a
file (40 hexadecimal digits) or its sha256 (64). A commit has 40; no answer is compressed, or longer than it may be.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from huggingface_hub.utils._http import UniqueRequestIdAdapter
from requests import Response

MOST_BYTES_LISTED = 32 * 10**6
MOST_HOPS = 10
COMMIT = re.compile(r"[0-9a-f]{40}")
DIGEST = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
ETAG = re.compile(rf'(?:W/)?"?({DIGEST.pattern})"?', re.IGNORECASE)
LINKED_ETAG, COMMITTED, LINKED_SIZE = "X-Linked-Etag", "X-Repo-Commit", "X-Linked-Size"
BAD_REQUEST = 400  # HTTP statuses from here on are no answer
SIZE_DIGITS = 20


class UntrustedAnswerError(OSError):
    """The hub answered what no hub does."""


class Guard(UniqueRequestIdAdapter):
    """Sends the library's requests, one at a time, and lets only those answers through that a hub may give."""

    def __init__(self) -> None:
        super().__init__()
        self.most_bytes = MOST_BYTES_LISTED  # of the next answers' bodies
        self.hops = 0  # from one place of the hub to another, since the last answer that was none

    def send(self, request: Any, *arguments: Any, **options: Any) -> Response:
        """The answer to a request.

        Raises: UntrustedAnswerError where it is not of the form that a hub's have.
        """
        request.headers["Accept-Encoding"] = "identity"  # few compressed bytes may be many
        answer: Response = super().send(request, *arguments, **options)
        if answer.headers.get("Content-Encoding", "identity") != "identity":
            raise UntrustedAnswerError("it compresses what it was asked not to")
        commit = answer.headers.get(COMMITTED)
        if commit is not None and not COMMIT.fullmatch(commit):
            raise UntrustedAnswerError(f"it states the commit {brief(commit)}")
        if request.method == "HEAD":
            self._check_file(answer)
        _bound(answer, self.most_bytes)
        return answer

    def _check_file(self, answer: Response) -> None:
        """Check what is stated of a file, and write its ETag as the library is to read it."""
        if answer.is_redirect and answer.headers["Location"].startswith("/"):
            self.hops += 1
            if self.hops > MOST_HOPS:
                raise UntrustedAnswerError(f"it redirects more than {MOST_HOPS} times")
            return
        self.hops = 0
        if answer.status_code >= BAD_REQUEST:
            return
        name = LINKED_ETAG if answer.headers.get(LINKED_ETAG) else "ETag"
        etag = answer.headers.get(name, "")
        form = ETAG.fullmatch(etag)
        if not form:
            raise UntrustedAnswerError(f"the ETag {brief(etag)} of a file is no sha1 or sha256")
        answer.headers[name] = f'"{form[1].lower()}"'
        size = answer.headers.get(LINKED_SIZE) or answer.headers.get("Content-Length", "")
        if not size.isascii() or not size.isdigit() or len(size) > SIZE_DIGITS or int(size) > self.most_bytes:
            raise UntrustedAnswerError(f"a file has {brief(size)} bytes, of at most {self.most_bytes:,} that one of its name has")


def _bound(answer: Response, most_bytes: int) -> None:
    """Have an answer's body end with an error after so many bytes."""
    blocks: Callable[..., Iterator[bytes]] = answer.iter_content

    def iter_content(*arguments: Any, **options: Any) -> Iterator[bytes]:
        n_bytes = 0
        for block in blocks(*arguments, **options):
            n_bytes += len(block)
            if n_bytes > most_bytes:
                raise UntrustedAnswerError(f"an answer has more than {most_bytes:,} bytes")
            yield block

    answer.iter_content = iter_content  # type: ignore[method-assign]


def brief(value: object) -> str:
    """A value of the hub's for a message."""
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:40]}…"
