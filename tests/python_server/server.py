#!/usr/bin/env python3
"""A small client of the WhatsApp Business On-Premises API, on the standard library alone.

It is written from the vendor's documents and shares nothing with the reference client, so that the suite is tried on
a server of another making. `--mistake NAME` makes it wrong in one way that an implementer might be wrong in.

Beside the API it answers what a test needs: `POST /__reset`, `POST /__advance` with a number of seconds as its body,
and `GET /__code` for the registration code that would have been sent to the phone.
"""

import argparse
import base64
import binascii
import json
import re
import secrets
import string
import sys
import threading
import time
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

import certificate

MISTAKES = {
    "last-colon": "the credentials are split at the last colon instead of the first",
    "stored-before-judged": "an updated password is stored first and judged afterwards",
    "sixty-three": "a new password may have 63 characters at most",
    "iso-expiry": "expires_after is written the ISO way, with T and Z",
    "default-token": "the default password gives a token without being changed",
    "duplicate-conflict": "a name that is taken is answered 409, as most APIs would",
    "logout-everywhere": "a logout ends all tokens of the user",
    "tokens-outlive-user": "the tokens of a deleted user stay valid",
    "weak-new-user": "the password of a new account is judged by its length alone",
}

TITLES = {
    1005: "Access denied",
    1006: "Resource not found",
    1008: "Required parameter is missing",
    1009: "Parameter value is not valid",
    1004: "Resource already exists",
    1013: "User is not valid",
    1014: "Internal error",
    1024: "Password change required",
    1025: "Request is not valid",
}

TOKEN_LIFETIME = 7 * 24 * 60 * 60
MAX_BODY = 1 << 20
CHALLENGES = {True: 'Basic realm="wabiz"', False: "Bearer"}


class ApiError(Exception):
    def __init__(self, status, code, details, more=()):
        super().__init__(details)
        self.status = status
        self.errors = [(code, details), *more]


class Store:
    """All state of the server: users, tokens, the registration, the clock."""

    def __init__(self):
        self.lock = threading.Lock()
        self.reset()

    def reset(self):
        self.users = {"admin": "secret"}
        self.tokens = {}
        self.must_change = True
        self.code = None
        self.asked_for = None
        self.verified = None
        self.pin = None
        self.ahead = 0

    def now(self):
        return time.time() + self.ahead


def password_is_strong(password, longest):
    return (
        8 <= len(password) <= longest
        and any(c in string.digits for c in password)
        and any(c in string.ascii_uppercase for c in password)
        and any(c in string.ascii_lowercase for c in password)
        and any(c in string.punctuation for c in password)
    )


def refuse_constant(name):
    raise ValueError(f"{name} is not JSON")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "wabiz-in-python"
    wbufsize = -1  # one write for headers and body
    timeout = 30
    store = Store()
    mistakes = frozenset()
    sunset = False

    # --- HTTP

    def handle_api(self):
        self.is_login = False
        try:
            body = self.read_body()
            with self.store.lock:
                status, payload = self.route(body)
            self.answer(status, payload)
        except ApiError as error:
            self.answer_error(error)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = handle_api

    def read_body(self):
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return self.read_chunks()
        length = self.headers.get("Content-Length", "0").strip()
        if not length.isdigit() or int(length) > MAX_BODY:
            self.close_connection = True
            raise ApiError(400, 1025, "the length of the body will not do")
        return self.rfile.read(int(length))

    def read_chunks(self):
        body = b""
        while True:
            size = self.rfile.readline(1024).split(b";")[0].strip()
            if not re.fullmatch(rb"[0-9a-fA-F]{1,8}", size) or len(body) + int(size, 16) > MAX_BODY:
                self.close_connection = True
                raise ApiError(400, 1025, "the chunks of the body will not do")
            if int(size, 16) == 0:
                break
            body += self.rfile.read(int(size, 16))
            self.rfile.readline(1024)
        while self.rfile.readline(1024).strip():
            pass
        return body

    def answer(self, status, payload):
        body = json.dumps({"meta": {"version": "2.53.3", "api_status": "stable"}, **payload}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if status == 401:
            self.send_header("WWW-Authenticate", CHALLENGES[self.is_login])
        if status == 405:
            self.send_header("Allow", ", ".join(self.allowed))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def answer_error(self, error):
        errors = [{"code": code, "title": TITLES[code], "details": details} for code, details in error.errors]
        self.answer(error.status, {"errors": errors})

    def send_error(self, code, message=None, explain=None):
        # What http.server itself finds wrong: no HTML, and no 501 for a method nobody knows.
        self.close_connection = True
        self.command = getattr(self, "command", None) or "GET"
        self.is_login = False
        self.allowed = ["GET", "POST", "PUT", "DELETE"]
        self.answer_error(ApiError(405 if code == 501 else code, 1025, message or "the request cannot be read"))

    def date_time_string(self, timestamp=None):
        return super().date_time_string(self.store.now() if timestamp is None else timestamp)

    def log_message(self, *_):
        pass

    # --- routing

    def route(self, body):
        path = self.path.split("?")[0].split("#")[0]
        if path.startswith("/__"):
            return self.control(path, body)
        routes = {
            "/v1/users/login": {"POST": self.log_in},
            "/v1/users/logout": {"POST": self.log_out},
            "/v1/users": {"POST": self.create_user},
            "/v1/account": {"POST": self.request_code},
            "/v1/account/verify": {"POST": self.verify_code},
            "/v1/settings/account/two-step": {"POST": self.set_pin, "DELETE": self.remove_pin},
        }
        methods = routes.get(path)
        if methods is None and (one := re.fullmatch(r"/v1/users/([^/]+)", path)):
            self.username = unquote(one[1])
            methods = {"GET": self.show_user, "PUT": self.update_user, "DELETE": self.delete_user}
        if methods is None:
            raise ApiError(404, 1006, "there is nothing here")
        if self.command not in methods:
            self.allowed = list(methods)
            raise ApiError(405, 1025, "this path has other methods")
        return methods[self.command](body)

    def control(self, path, body):
        if (self.command, path) == ("POST", "/__reset"):
            self.store.reset()
            return 200, {}
        if (self.command, path) == ("POST", "/__advance"):
            self.store.ahead += int(body)
            return 200, {}
        if (self.command, path) == ("GET", "/__code"):
            return 200, {"code": self.store.code}
        raise ApiError(404, 1006, "there is nothing here")

    # --- reading requests

    def authorization(self, scheme):
        values = self.headers.get_all("Authorization") or []
        if len(values) > 1:
            raise ApiError(400, 1025, "more than one Authorization header")
        kind, _, rest = (values[0] if values else "").strip().partition(" ")
        if kind.lower() != scheme:
            raise ApiError(401, 1005, f"this endpoint takes {scheme} credentials")
        return rest.strip()

    def basic(self):
        try:
            text = base64.b64decode(self.authorization("basic"), validate=True).decode()
            username, password = text.rsplit(":", 1) if "last-colon" in self.mistakes else text.split(":", 1)
        except (binascii.Error, ValueError):
            raise ApiError(401, 1005, "the credentials cannot be read") from None
        return username, password

    def caller(self, must_be_admin=False):
        username, until = self.store.tokens.get(self.authorization("bearer"), (None, 0))
        if username is None or until < self.store.now():
            raise ApiError(401, 1005, "invalid token")
        if must_be_admin and username != "admin":
            raise ApiError(403, 1005, "this takes the administrator")
        return username

    def json_object(self, body):
        try:
            value = json.loads(body.decode(), parse_constant=refuse_constant)
        except (ValueError, RecursionError):
            raise ApiError(400, 1025, "the body is no JSON") from None
        if not isinstance(value, dict):
            raise ApiError(400, 1025, "the body is no JSON object")
        return value

    def texts(self, body, *names):
        """The named members of the body, all of which must be texts."""
        value = self.json_object(body)
        errors = [(1008, f"{name} is missing") for name in names if name not in value]
        wrong = [name for name in names if name in value and not isinstance(value[name], str)]
        errors += [(1009, f"{name} must be a text") for name in wrong]
        if errors:
            raise ApiError(400, *errors[0], more=errors[1:])
        return [value[name] for name in names]

    def judge_password(self, password):
        if not password_is_strong(password, 63 if "sixty-three" in self.mistakes else 64):
            raise ApiError(400, 1009, "8 to 64 characters, with a digit, both cases and a special character")

    # --- users/login, users/logout

    def log_in(self, body):
        self.is_login = True
        username, password = self.basic()
        if self.store.users.get(username) != password:
            raise ApiError(401, 1005, "invalid username or password")
        value = self.json_object(body) if body.strip() else {}
        new = value.get("new_password")
        if new is not None and not isinstance(new, str):
            raise ApiError(400, 1009, "new_password must be a text")
        if new is not None:
            self.judge_password(new)
            self.store.users[username] = new
            self.store.must_change = self.store.must_change and username != "admin"
        elif username == "admin" and self.store.must_change and "default-token" not in self.mistakes:
            raise ApiError(401, 1024, "the default password must be changed")
        token = secrets.token_urlsafe(48)
        until = int(self.store.now()) + TOKEN_LIFETIME
        self.store.tokens[token] = (username, until)
        written = datetime.fromtimestamp(until, timezone.utc).isoformat(sep=" ")
        if "iso-expiry" in self.mistakes:
            written = written.replace(" ", "T").replace("+00:00", "Z")
        return 200, {"users": [{"token": token, "expires_after": written}]}

    def log_out(self, _body):
        username = self.caller()
        del self.store.tokens[self.authorization("bearer")]
        if "logout-everywhere" in self.mistakes:
            self.forget_tokens(username)
        return 200, {}

    def forget_tokens(self, username):
        kept = {token: held for token, held in self.store.tokens.items() if held[0] != username}
        self.store.tokens = kept

    # --- users

    def create_user(self, body):
        self.caller(must_be_admin=True)
        username, password = self.texts(body, "username", "password")
        if not 4 <= len(username) <= 32:
            raise ApiError(400, 1009, "username must have 4 to 32 characters")
        if not 8 <= len(password) <= 64:
            raise ApiError(400, 1009, "password must have 8 to 64 characters")
        if "weak-new-user" not in self.mistakes:
            self.judge_password(password)
        if username in self.store.users and "duplicate-conflict" in self.mistakes:
            raise ApiError(409, 1004, "the user exists already")
        if username in self.store.users:
            raise ApiError(500, 1014, "the user exists already")
        self.store.users[username] = password
        return 201, {"users": [{"username": username}]}

    def the_user(self):
        if self.username not in self.store.users:
            raise ApiError(404, 1006, "no such user")

    def self_or_admin(self):
        if self.caller() not in ("admin", self.username):
            raise ApiError(403, 1005, "this takes the administrator, or the user itself")
        self.the_user()

    def show_user(self, _body):
        self.self_or_admin()
        role = "ROLE_ADMIN" if self.username == "admin" else "ROLE_USER"
        return 200, {"users": [{"username": self.username, "ROLES": role}]}

    def update_user(self, body):
        self.self_or_admin()
        (password,) = self.texts(body, "password")
        if "stored-before-judged" in self.mistakes:
            self.store.users[self.username] = password
        self.judge_password(password)
        self.store.users[self.username] = password
        if self.username == "admin":
            self.store.must_change = False
        return 200, {"users": [{"username": self.username}]}

    def delete_user(self, _body):
        self.caller(must_be_admin=True)
        if self.username == "admin":
            raise ApiError(400, 1013, "admin cannot be deleted")
        self.the_user()
        del self.store.users[self.username]
        if "tokens-outlive-user" not in self.mistakes:
            self.forget_tokens(self.username)
        return 200, {"users": [{"username": self.username}]}

    # --- account

    def request_code(self, body):
        self.caller(must_be_admin=True)
        if self.sunset:
            raise ApiError(403, 1005, "Unknown error: biz_link_on_prem_reg_blocked")
        cc, number, method, cert = self.texts(body, "cc", "phone_number", "method", "cert")
        pin = self.json_object(body).get("pin")
        rules = [
            ("cc", re.fullmatch(r"[0-9]{1,3}", cc)),
            ("phone_number", re.fullmatch(r"[0-9]{4,14}", number)),
            ("method", method in ("sms", "voice")),
            ("pin", pin is None or (isinstance(pin, str) and re.fullmatch(r"[0-9]{6}", pin))),
        ]
        errors = [(1009, f"{name} is not valid") for name, holds in rules if not holds]
        if errors:
            raise ApiError(400, *errors[0], more=errors[1:])
        try:
            vname = certificate.verified_name(base64.b64decode(cert, validate=True))
        except (ValueError, IndexError):
            raise ApiError(400, 1009, "cert is no certificate") from None
        if self.store.verified == (cc, number):
            return 201, {}
        if self.store.pin is not None and pin != self.store.pin:
            raise ApiError(403, 1005, "the PIN of two-step verification is needed")
        self.store.code = f"{secrets.randbelow(10**6):06}"
        self.store.asked_for = (cc, number)
        return 202, {"account": [{"vname": vname}]}

    def verify_code(self, body):
        self.caller(must_be_admin=True)
        if self.sunset:
            raise ApiError(403, 1005, "Unknown error: biz_link_on_prem_reg_blocked")
        (code,) = self.texts(body, "code")
        if self.store.code is None or code != self.store.code:
            raise ApiError(403, 1005, "not the code that was sent")
        self.store.verified = self.store.asked_for
        self.store.code = None
        return 201, {}

    def set_pin(self, body):
        self.caller(must_be_admin=True)
        (pin,) = self.texts(body, "pin")
        if not re.fullmatch(r"[0-9]{6}", pin):
            raise ApiError(400, 1009, "pin must have six digits")
        self.store.pin = pin
        return 200, {}

    def remove_pin(self, _body):
        self.caller(must_be_admin=True)
        self.store.pin = None
        return 200, {}


class QuietServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        """A client that drops its connection is no news; anything else is."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--registration", choices=["open", "sunset"], default="open")
    parser.add_argument("--mistake", action="append", default=[], choices=sorted(MISTAKES), metavar="NAME")
    arguments = parser.parse_args()
    Handler.mistakes = frozenset(arguments.mistake)
    Handler.sunset = arguments.registration == "sunset"
    server = QuietServer(("127.0.0.1", arguments.port), Handler)
    print(f"listening on http://127.0.0.1:{server.server_address[1]}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
