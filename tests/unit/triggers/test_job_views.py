import pytest

from shared.triggers.http.framework.job_views import without_signatures

pytestmark = pytest.mark.unit


def test_readers_of_a_job_see_no_signature_of_a_url_that_was_sent_in() -> None:
    sent = {
        "inputData": {"data": {"jobInputType": "UriFile", "uri": "HTTPS://x.example/a.csv?sv=1&sig=secret"}},
        "list": ["http://x.example/?sig=secret", "azureml://datastores/d/paths/what?", 5, None],
    }
    shown = without_signatures(sent)
    assert "secret" not in str(shown)
    assert shown["inputData"]["data"] == {"jobInputType": "UriFile", "uri": "HTTPS://x.example/a.csv?***"}
    assert shown["list"][1:] == ["azureml://datastores/d/paths/what?", 5, None]
