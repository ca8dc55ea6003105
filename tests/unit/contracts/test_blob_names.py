import pytest

from shared.contracts.names import check_blob_name, fault_of_blob_name
from shared.errors import ValidationError

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    "name",
    ["a.csv", "a b/ c ", "ü/é\u0301/日本", "😀.txt", "a%2Fb", "a+b?c#d&e=f;g", ".hidden/..a", "'\"<>|*:~$[]{}^`!,()"],
)
def test_what_storage_keeps_and_lists_as_it_is_can_be_a_name(name):
    assert check_blob_name(name, "path") == name


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "is empty"),
        ("a\x01b", "control character U\\+0001"),
        ("a\r\nb", "control character U\\+000D"),
        ("a\x7f", "control character U\\+007F"),
        ("a\x81", "control character U\\+0081"),
        ("a\udcff", "not UTF-8, or half a character: U\\+DCFF"),
        ("a\ufffe", "XML cannot hold: U\\+FFFE"),
        ("a\uffff", "XML cannot hold: U\\+FFFF"),
        ("a\ue000", "private use: U\\+E000"),
        ("a\\b", "a backslash"),
        ("a//b", "an empty part"),
        ("/a", "an empty part"),
        ("a/", "an empty part"),
        ("./a", "ends with a dot: '.'"),
        ("a/../b", "ends with a dot: '..'"),
        ("a./b", "ends with a dot: 'a.'"),
        ("a...", "ends with a dot: 'a...'"),
    ],
)
def test_what_storage_changes_or_cannot_list_is_refused_with_the_reason(name, reason):
    with pytest.raises(ValidationError, match=f"path .* cannot be the name of a blob: it .*{reason}") as refused:
        check_blob_name(name, "path")
    assert refused.value.target == "path"
    refused.value.message.encode()  # can be sent and printed


def test_storages_limits_are_counted_as_storage_counts_them():
    assert not fault_of_blob_name("é" * 1_024)
    assert "1,025 characters" in fault_of_blob_name("é" * 1_025)
    assert not fault_of_blob_name("😀" * 512)
    assert "1,026 characters" in fault_of_blob_name("😀" * 513)
    assert not fault_of_blob_name("/".join("x" * 254))
    assert "255 parts" in fault_of_blob_name("/".join("x" * 255))


def test_a_message_repeats_no_long_name_in_full():
    with pytest.raises(ValidationError) as refused:
        check_blob_name("x" * 5_000, "path")
    assert len(refused.value.message) < 400
