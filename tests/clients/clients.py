"""Client programs from PyPI use the reference client as their users would.

    clients.py BINARY

BINARY is wabizspec. Each client gets a reference client of its own. The last line counts what held.
"""

import contextlib
import datetime
import json
import re
import subprocess
import sys
import urllib.request

import requests
from wabclient import Client as WabClient
from wadebug import exceptions as wadebug_exceptions
from wadebug.wa_actions.wabiz_api import WABizAPI
from whatsapp_business_api_client import AuthenticatedClient
from whatsapp_business_api_client.api.registration import register_account, request_code
from whatsapp_business_api_client.api.users import (
    create_user, delete_user, get_user, login_user, logout_user, update_user,
)
from whatsapp_business_api_client.models.create_user_request import CreateUserRequest
from whatsapp_business_api_client.models.login_admin_request import LoginAdminRequest
from whatsapp_business_api_client.models.register_account_request import RegisterAccountRequest
from whatsapp_business_api_client.models.request_code_request import RequestCodeRequest
from whatsapp_business_api_client.models.request_code_request_method import RequestCodeRequestMethod
from whatsapp_business_api_client.models.update_user_request import UpdateUserRequest

# A certificate with a dummy signature; the name in it is "Acme Ltd".
CERTIFICATE = (
    "CmUKIQjA9ark09qYAhIGZW50OndhIghBY21lIEx0ZFCA1a+IBhpAAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygp"
    "KissLS4vMDEyMzQ1Njc4OTo7PD0+PxIuAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="
)
PASSWORD = "Str0ng:enough"
OTHER_PASSWORD = "An0ther#one"

held = 0
failed = 0


def check(what, holds, seen=""):
    """Counts one claim."""
    global held, failed
    if holds:
        held += 1
    else:
        failed += 1
        print(f"FAILED {what}: {seen}")


@contextlib.contextmanager
def reference(binary, *flags):
    """A reference client on a free port, just installed; ended by its own process id."""
    command = [binary, "serve", "--listen", "127.0.0.1:0", "--control", *flags]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline()
        yield re.fullmatch(r"listening on (http://\S+)\n", line).group(1)
    finally:
        process.terminate()
        process.wait(timeout=10)


def code_sent(url):
    with urllib.request.urlopen(f"{url}/__control/code", timeout=10) as answer:
        return json.load(answer)["code"]


def first_login(url):
    answer = requests.post(
        f"{url}/v1/users/login", auth=("admin", "secret"), json={"new_password": PASSWORD}, timeout=10)
    assert answer.status_code == 200, answer.text


def refused(call):
    """The status of the refusal that a call ends in; None if it was not refused."""
    try:
        call()
    except requests.HTTPError as error:
        return error.response.status_code
    return None


def wabclient(binary):
    with reference(binary) as url:
        client = WabClient(url)
        check("wabclient: the default password alone is refused",
              refused(lambda: client.config.login("admin", "secret")) == 401)
        first_login(url)
        token, expires = client.config.login("admin", PASSWORD)
        lifetime = expires - datetime.datetime.now(datetime.timezone.utc)
        check("wabclient: logs in", bool(token))
        check("wabclient: reads the expiry", abs(lifetime.total_seconds() - 604_800) < 120, lifetime)
        created = client.config.create_user("wabuser", OTHER_PASSWORD)
        check("wabclient: creates a user", created["users"] == [{"username": "wabuser"}], created)
        check("wabclient: a duplicate is refused",
              refused(lambda: client.config.create_user("wabuser", OTHER_PASSWORD)) == 500)
        updated = client.config.set_password("wabuser", PASSWORD)
        check("wabclient: changes a password", updated["users"][0]["username"] == "wabuser", updated)
        other = WabClient(url)
        check("wabclient: the old password is dead",
              refused(lambda: other.config.login("wabuser", OTHER_PASSWORD)) == 401)
        check("wabclient: the new one logs in", bool(other.config.login("wabuser", PASSWORD)[0]))
        check("wabclient: a plain user creates nobody",
              refused(lambda: other.config.create_user("nobody", PASSWORD)) == 403)
        account = client.config.request_code("+12025550123", CERTIFICATE)
        check("wabclient: requests a code", account == {"vname": "Acme Ltd"}, account)
        check("wabclient: a wrong code is refused", refused(lambda: client.config.register("000000x")) in (400, 403))
        client.config.register(code_sent(url))
        check("wabclient: registers", True)
    with reference(binary, "--registration", "sunset") as url:
        first_login(url)
        client = WabClient(url)
        client.config.login("admin", PASSWORD)
        check("wabclient: registration is closed in the sunset state",
              refused(lambda: client.config.request_code("+12025550123", CERTIFICATE)) == 403)


def wadebug(binary):
    with reference(binary) as url:
        def api(password):
            return WABizAPI(baseUrl=url, user="admin", password=password)

        try:
            api("secret")
            check("wadebug: the default password alone is refused", False)
        except wadebug_exceptions.WABizAuthError:
            check("wadebug: the default password alone is refused", True)
        first_login(url)
        client = api(PASSWORD)
        check("wadebug: logs in", client.api_header["AUTHORIZATION"].startswith("Bearer "))
        # The reference client has no support endpoint; wadebug reads code 1006 from the answer.
        try:
            client.get_support_info()
            check("wadebug: an unknown endpoint is told from others", False)
        except wadebug_exceptions.WABizResourceNotFound:
            check("wadebug: an unknown endpoint is told from others", True)
        check("wadebug: no certificate of the webhook", client.get_webhook_cert() is None)


def openapi_client(binary):
    with reference(binary) as url:
        def basic(username, password):
            pair = requests.auth._basic_auth_str(username, password)
            return AuthenticatedClient(base_url=f"{url}/v1", token="", headers={"Authorization": pair})

        body = LoginAdminRequest(new_password=PASSWORD)
        answer = login_user.sync_detailed(client=basic("admin", "secret"), json_body=body)
        check("openapi client: first login", answer.status_code == 200, answer)
        [user] = answer.parsed.users
        lifetime = user.expires_after - datetime.datetime.now(datetime.timezone.utc)
        check("openapi client: reads the expiry", abs(lifetime.total_seconds() - 604_800) < 120, lifetime)
        # It sends new_password with every login.
        again = login_user.sync_detailed(client=basic("admin", PASSWORD), json_body=body)
        check("openapi client: logs in again", again.status_code == 200, again)
        admin = AuthenticatedClient(base_url=f"{url}/v1", token=user.token)
        made = create_user.sync_detailed(
            client=admin, json_body=CreateUserRequest(username="openapi", password=PASSWORD))
        check("openapi client: creates a user", made.status_code == 201, made)
        read = get_user.sync_detailed("openapi", client=admin)
        check("openapi client: reads a user", read.parsed is not None and read.parsed.users[0].username == "openapi",
              read)
        check("openapi client: reads the role", str(read.parsed.users[0].roles) == "ROLE_USER", read)
        changed = update_user.sync_detailed(
            "openapi", client=admin, json_body=UpdateUserRequest(password=OTHER_PASSWORD))
        check("openapi client: changes a password", changed.status_code == 200, changed)
        sent = request_code.sync_detailed(client=admin, json_body=RequestCodeRequest(
            cc="1", phone_number="2025550123", method=RequestCodeRequestMethod.SMS, cert=CERTIFICATE))
        check("openapi client: requests a code", sent.status_code == 202 and
              sent.parsed.account[0].vname == "Acme Ltd", sent)
        verified = register_account.sync_detailed(
            client=admin, json_body=RegisterAccountRequest(code=code_sent(url)))
        check("openapi client: verifies the code", verified.status_code == 201, verified)
        gone = delete_user.sync_detailed("openapi", client=admin)
        check("openapi client: deletes a user", gone.status_code == 200, gone)
        check("openapi client: the user is gone",
              get_user.sync_detailed("openapi", client=admin).status_code == 404)
        out = logout_user.sync_detailed(client=admin)
        check("openapi client: logs out", out.status_code == 200, out)
        check("openapi client: the token is dead", get_user.sync_detailed("admin", client=admin).status_code == 401)


def main():
    [binary] = sys.argv[1:]
    for client in (wabclient, wadebug, openapi_client):
        try:
            client(binary)
        except Exception as error:  # a client that cannot go on is one failure, and the others still run
            check(client.__name__, False, repr(error))
    print(f"{held} passed, {failed} failed")
    return 1 if failed or not held else 0


if __name__ == "__main__":
    sys.exit(main())
