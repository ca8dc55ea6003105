import pytest

from scorer_container.node.storage.http_answer import Answer, BadAnswerError

pytestmark = pytest.mark.unit


def read(data: bytes, method: str = "GET", *, size: int = 0) -> tuple[Answer, bytes]:
    """The answer in `data`, fed whole or in pieces of `size` bytes, and its body."""
    body: list[bytes] = []
    answer = Answer(method, body.append)
    for start in range(0, len(data), size or len(data)):
        answer.feed(data[start : start + (size or len(data))])
    return answer, b"".join(body)


COMPLETE = {
    "with a length": (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ntext", b"text"),
    "empty": (b"HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n", b""),
    "without a reason": (b"HTTP/1.1 200\r\nContent-Length: 1\r\n\r\nx", b"x"),
    "in chunks": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA ;x=y\r\n0123456789\r\n0\r\n\r\n",
        b"abc0123456789",
    ),
    "in chunks with trailers": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n1\r\na\r\n00\r\nX-One: 1\r\nX-Two: 2\r\n\r\n",
        b"a",
    ),
    "without content": (b"HTTP/1.1 204 No Content\r\nx-ms-popreceipt: r\r\n\r\n", b""),
    "not modified": (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", b""),
    "after others": (
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        b"ok",
    ),
    "same length twice": (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx", b"x"),
}


@pytest.mark.parametrize("size", [0, 1, 3])
@pytest.mark.parametrize("case", COMPLETE)
def test_an_answer_is_read_whatever_the_pieces_in_which_it_arrives(case: str, size: int) -> None:
    data, expected = COMPLETE[case]
    answer, body = read(data, size=size)
    assert (answer.is_complete, answer.keeps_alive, body) == (True, True, expected)


def test_headers_come_with_names_in_lower_case_and_repeated_ones_together() -> None:
    answer, _ = read(b"HTTP/1.1 404 Not Found\r\nX-Ms-Error-Code: \t BlobNotFound \r\nVary: a\r\nvary: b\r\n\r\n")
    assert answer.status == 404
    assert answer.headers == {"x-ms-error-code": "BlobNotFound", "vary": "a, b"}


def test_the_answer_to_head_has_the_lengths_of_the_blob_but_no_body() -> None:
    answer, body = read(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n", "HEAD")
    assert (answer.is_complete, answer.keeps_alive, body) == (True, True, b"")
    assert answer.headers["content-length"] == "900"


@pytest.mark.parametrize(
    ("head", "keeps_alive"),
    [
        ("HTTP/1.1 200 OK", True),
        ("HTTP/1.1 200 OK\r\nConnection: Close", False),
        ("HTTP/1.1 200 OK\r\nConnection: upgrade, close", False),
        ("HTTP/1.0 200 OK", False),
        ("HTTP/1.0 200 OK\r\nConnection: keep-alive", True),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked", False),  # which of the two lengths would a proxy believe?
    ],
)
def test_the_server_says_whether_the_connection_can_be_used_again(head: str, keeps_alive: bool) -> None:
    body = b"0\r\n\r\n" if "chunked" in head else b""
    answer, _ = read(f"{head}\r\nContent-Length: 0\r\n\r\n".encode() + body)
    assert (answer.is_complete, answer.keeps_alive) == (True, keeps_alive)


def test_more_than_was_asked_for_spoils_the_connection() -> None:
    answer, body = read(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 200 OK\r\n\r\n")
    assert (answer.is_complete, answer.keeps_alive, body) == (True, False, b"x")


def test_a_body_of_unknown_length_ends_with_the_connection() -> None:
    answer, body = read(b"HTTP/1.1 200 OK\r\n\r\nall that comes")
    assert not answer.is_complete
    answer.end()
    assert (answer.is_complete, answer.keeps_alive, body) == (True, False, b"all that comes")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ntex",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
    ],
)
def test_an_answer_that_breaks_off_is_not_taken_for_a_whole_one(data: bytes) -> None:
    answer = Answer("GET", lambda _: None)
    answer.feed(data)
    with pytest.raises(BadAnswerError, match="closed before the answer was complete"):
        answer.end()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"SSH-2.0-OpenSSH_9\r\n\r\n", "'SSH-2.0-OpenSSH_9' is not the status line"),
        (b"HTTP/2 200 OK\r\n\r\n", "is not the status line"),
        (b"HTTP/1.1 99 OK\r\n\r\n", "is not the status line"),
        (b"HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n", "is not the status line"),
        (b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "'no colon' is not a header"),
        (b"HTTP/1.1 200 OK\r\na: b\r\n folded: c\r\n\r\n", "is not the name of a header"),
        (b"HTTP/1.1 200 OK\r\nContent-Length : 1\r\n\r\nx", "is not the name of a header"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx", "is not one number"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "is not one number"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0x10\r\n\r\n", "is not one number"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "'gzip, chunked' was not asked for"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "is not the size of a chunk"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", "is not the size of a chunk"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc", "longer than it says"),
        (b"HTTP/1.1 200 OK\r\nx: " + b"y" * 70_000, "65,536 bytes of headers"),
    ],
)
def test_what_is_not_http_is_refused_with_what_is_wrong(data: bytes, message: str) -> None:
    with pytest.raises(BadAnswerError, match=message):
        read(data)
