import socket
import ssl
import threading

import pytest
from cryptography import x509

from local.loopback.authority import ensure_certificates
from local.loopback.certificates import TlsFiles, trusting, write_bundle

pytestmark = pytest.mark.unit


@pytest.fixture
def files(tmp_path):
    files = TlsFiles(tmp_path / "tls")
    ensure_certificates(files)
    return files


def handshake(files: TlsFiles, context: ssl.SSLContext, name: str) -> None:
    """A TLS connection between two ends of a socket pair; raises what the client meets."""
    ours, theirs = socket.socketpair()

    def serve() -> None:
        try:
            files.server.server_context().wrap_socket(theirs, server_side=True).close()
        except OSError:
            theirs.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with ours, context.wrap_socket(ours, server_hostname=name):
            pass
    finally:
        thread.join()


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_who_trusts_the_authority_trusts_the_server_under_its_names(files, name):
    context = files.client_context()
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    handshake(files, context, name)


def test_other_names_and_other_people_are_not_convinced(files):
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        handshake(files, files.client_context(), "example.com")
    with pytest.raises(ssl.SSLCertVerificationError, match="certificate verify failed"):
        handshake(files, ssl.create_default_context(), "127.0.0.1")


def test_certificates_are_made_once_and_the_authority_keeps_no_key(files):
    before = {file.name: file.read_bytes() for file in files.folder.iterdir()}
    ensure_certificates(files)
    assert {file.name: file.read_bytes() for file in files.folder.iterdir()} == before
    assert [name for name, content in before.items() if b"PRIVATE KEY" in content] == ["server-key.pem"]
    assert files.server.key_file.stat().st_mode & 0o077 == 0


def test_the_bundle_adds_the_authority_to_what_was_trusted_before(files, tmp_path):
    company = tmp_path / "company.pem"
    company.write_bytes(files.server.file.read_bytes())  # any certificate will do
    write_bundle(files, {"SSL_CERT_FILE": str(company)})
    bundle = x509.load_pem_x509_certificates(files.bundle.read_bytes())
    assert len(bundle) == 2
    assert set(trusting(files).values()) == {str(files.bundle)}


def test_a_start_from_a_shell_that_took_the_variables_adds_nothing(files):
    write_bundle(files, {})
    before = files.bundle.read_bytes()
    write_bundle(files, trusting(files))
    assert files.bundle.read_bytes() == before


def test_a_bundle_without_other_wishes_has_the_usual_authorities(files):
    write_bundle(files, {})
    bundle = files.bundle.read_text()
    assert bundle.endswith(files.authority.read_text())
    assert bundle.count("BEGIN CERTIFICATE") > 50
