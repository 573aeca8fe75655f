"""Who may see what others asked, with tokens of a key that is made here."""

import json
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from api.asking import RECORD, problems
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.auth import crypt, jwt

from app.api import handlers, identity
from app.contract import columns
from app.history import predictions
from app.storage import open_storage

pytestmark = [pytest.mark.service, pytest.mark.integration]

ADDRESS = "https://api-dev-123456789012.europe-west1.run.app"
MEMBERS = "members@example-project-123.iam.gserviceaccount.com"
PIPELINE = "pipeline-dev@example-project-123.iam.gserviceaccount.com"


class Signer:
    """A key with its certificate, as Google has them."""

    def __init__(self):
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "made in a test")])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .sign(key, hashes.SHA256())
        )
        plain, pem = serialization.NoEncryption(), serialization.Encoding.PEM
        text = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
        self.certificate = certificate.public_bytes(pem).decode()
        self._signer = crypt.RSASigner.from_string(text, key_id="1")

    def token(self, **changed):
        """Give a token for the members' account, with changed claims; None leaves one out."""
        now = int(time.time())
        claims = {"iss": "https://accounts.google.com", "aud": ADDRESS, "sub": "1", "iat": now}
        claims |= {"exp": now + 3600, "email": MEMBERS, "email_verified": True} | changed
        claims = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(self._signer, claims).decode()


@pytest.fixture(scope="module")
def signer():
    return Signer()


@pytest.fixture
def google(signer, monkeypatch):
    """Publish the certificate over HTTP, and note how often it is asked for."""

    class Certificates(BaseHTTPRequestHandler):
        status, asked = 200, []

        def do_GET(self):  # pylint: disable=invalid-name # the library's
            self.asked.append(self.path)
            self.send_response(self.status)
            self.end_headers()
            self.wfile.write(json.dumps({"1": signer.certificate}).encode())

        def log_message(self, *_):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Certificates)
    Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(identity, "CERTIFICATES", f"http://127.0.0.1:{server.server_port}/certs")
    identity._kept.cache_clear()  # pylint: disable=protected-access # as in a new process
    yield Certificates
    server.shutdown()
    server.server_close()


@pytest.fixture
def deployed(google, champion, client, monkeypatch):
    """Have an API believe that it is deployed, with the store of this test."""
    open_storage()  # is kept
    for variable, value in {"APP_ENV": "dev", "GCP_PROJECT_ID": "example-project-123"}.items():
        monkeypatch.setenv(variable, value)
    monkeypatch.setenv("API_URL", ADDRESS)
    monkeypatch.setenv("API_ACCOUNTS", f"{PIPELINE} {MEMBERS}")
    handlers._latest.cache_clear()  # pylint: disable=protected-access # as in a new process
    return client


def ask(client, token=None, **more):
    """Ask for past predictions, perhaps with a token."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return client.get("/past_predictions", headers=headers | more)


def removed(token):
    return token.rpartition(".")[0] + ".SIGNATURE_REMOVED_BY_GOOGLE"


def unsigned(token):
    return "eyJhbGciOiJub25lIn0." + token.split(".")[1] + "."


BAD = {
    "none": (lambda _: None, "no identity token came"),
    "garbage": (lambda _: "garbage", "Wrong number of segments"),
    "other bytes": (lambda _: "é.ü.ñ", "the token is not good"),
    "deep": (lambda _: "W1tb" * 20_000 + ".e30.", "the token is not good"),
    "a list": (lambda _: "W10.W10.", "should be a JSON object"),
    "expired": (lambda s: s.token(exp=int(time.time()) - 60), "Token expired"),
    "early": (lambda s: s.token(iat=int(time.time()) + 600), "used too early"),
    "never": (lambda s: s.token(exp=None), "required claim exp"),
    "of another": (lambda s: s.token(aud="https://other.example"), "wrong audience"),
    "of gcloud": (lambda s: s.token(aud="32555940559.apps.googleusercontent.com"), "audience"),
    "for nobody": (lambda s: s.token(aud=None), "wrong audience"),
    "issuer": (lambda s: s.token(iss="https://evil.example"), "not from Google"),
    "unverified": (lambda s: s.token(email_verified=False), "no verified e-mail"),
    "no e-mail": (lambda s: s.token(email=None, email_verified=None), "--include-email"),
    "unsigned": (lambda s: unsigned(s.token()), "Unsupported signature algorithm none"),
    "forged": (lambda _: Signer().token(), "Could not verify token signature"),
    "stripped": (lambda s: removed(s.token()), "X-Serverless-Authorization too"),
}


@pytest.mark.parametrize("fault", BAD)
def test_without_a_good_token_nobody_reads_or_writes(deployed, signer, fault):
    make, told = BAD[fault]
    token = make(signer)
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}

    read = deployed.get("/past_predictions", headers=headers)
    written = deployed.put("/past_predictions/1", json={"label": 1}, headers=headers)

    for answer in (read, written):
        assert told in problems(answer, 401)
        assert f"identity token for {ADDRESS}, see docs/API.md" in problems(answer, 401)
        assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("scheme", ["Basic", "Token", ""])
def test_another_kind_of_proof_is_none(deployed, signer, scheme):
    answer = ask(deployed, Authorization=f"{scheme} {signer.token()}".strip())

    assert "no identity token came" in problems(answer, 401)


def test_a_stranger_whom_google_knows_is_refused(deployed, signer):
    answer = ask(deployed, signer.token(email="somebody@other.iam.gserviceaccount.com"))

    assert "'somebody@other.iam.gserviceaccount.com' may not ask this" in problems(answer, 403)


@pytest.mark.parametrize("missing", ["API_ACCOUNTS", "API_URL"])
@pytest.mark.parametrize("value", ["", None])
def test_without_a_list_or_an_address_nobody_may(deployed, signer, monkeypatch, missing, value):
    monkeypatch.delenv(missing)
    if value is not None:
        monkeypatch.setenv(missing, value)

    assert "API_URL or API_ACCOUNTS is not set" in problems(ask(deployed, signer.token()), 403)


@pytest.mark.parametrize("email", [MEMBERS, PIPELINE])
def test_whoever_is_named_reads_and_labels(deployed, signer, email):
    id_ = deployed.post("/predict", json=RECORD).json["predictions"][0]["id"]
    bearer = {"Authorization": f"bearer {signer.token(email=email)}"}
    label = {"label": columns.target().example}

    before = deployed.get("/past_predictions", headers=bearer)
    put = deployed.put(f"/past_predictions/{id_}", json=label, headers=bearer)
    after = deployed.get("/past_predictions", headers=bearer)

    assert [row["label"] for row in before.json["past_predictions"]] == [None]
    assert put.status_code == 200
    assert [row["label"] for row in after.json["past_predictions"]] == [label["label"]]


def test_what_shows_nothing_of_others_needs_no_identity(deployed):
    for path in ("/health", "/ready", "/metrics", "/openapi.yaml", "/"):
        assert deployed.get(path).status_code == 200, path
    assert deployed.post("/predict?keep=false", json=RECORD).status_code == 200


def test_on_a_laptop_both_are_open(client, champion):
    id_ = client.post("/predict", json=RECORD).json["predictions"][0]["id"]

    assert client.put(f"/past_predictions/{id_}", json={"label": columns.target().example})
    assert ask(client).status_code == ask(client, "garbage").status_code == 200


def test_googles_keys_are_asked_for_once_and_an_error_is_not_remembered(deployed, google, signer):
    google.status = 500
    answer = ask(deployed, signer.token())
    assert "Google's keys cannot be read" in problems(answer, 503)
    assert answer.headers["Retry-After"]
    google.status = 200

    codes = [ask(deployed, signer.token()).status_code for _ in range(3)]

    assert codes == [200, 200, 200]
    assert len(google.asked) == 2


def test_in_the_cloud_storage_is_not_read_again_for_some_seconds(deployed, signer, monkeypatch):
    """Each look is a query that is paid; an answer is stored some seconds late there anyway."""
    read = []
    monkeypatch.setattr(predictions, "latest", lambda limit: read.append(limit) or [])
    monkeypatch.setattr(handlers, "_KEPT_SECONDS", 1e9)

    for _ in range(3):
        ask(deployed, signer.token())

    assert read == [100]
