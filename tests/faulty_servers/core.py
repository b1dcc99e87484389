"""What the two Python servers share: the conforming part.

`Service` holds the state and does what the eight operations do; `serve` reads requests from the wire with http.server.
Each server brings its own routes and its defects, which override a method of `Service` or stand in its routes.
`python3 core.py --port 0` serves without defects.
"""

import argparse
import base64
import binascii
import hashlib
import json
import re
import secrets
import string
import sys
import threading
import time
import traceback
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

LIFETIME = 7 * 24 * 60 * 60
MAX_BODY = 1 << 20
META = {"version": "v2.53.1", "api_status": "stable"}
BASIC = {"WWW-Authenticate": 'Basic realm="api"'}
BEARER = {"WWW-Authenticate": "Bearer"}
TITLES = {
    1000: "Generic error",
    1005: "Access denied",
    1006: "Resource not found",
    1008: "Required parameter is missing",
    1009: "Parameter value is not valid",
    1013: "User is not valid",
    1014: "Internal error",
    1024: "Password change required",
    1025: "Request is not valid",
}


class Refusal(Exception):
    def __init__(self, status, code, details, headers=(), problems=None):
        super().__init__(details)
        self.status, self.code, self.headers = status, code, dict(headers)
        self.problems = problems or [(code, details)]

    def errors(self):
        return [{"code": code, "title": TITLES[code], "details": details} for code, details in self.problems]


class User:
    def __init__(self, username, password_hash, role):
        self.username, self.password_hash, self.role = username, password_hash, role
        self.must_change = False


class Request:
    def __init__(self, method, path, headers, body):
        self.method, self.path, self.headers, self.body = method, path, headers, body


def without_constants(name):
    raise ValueError(f"{name} is not JSON")


def is_text(value):
    """Whether it is a string that UTF-8 can hold, so without lone surrogates."""
    try:
        return isinstance(value, str) and value.encode() is not None
    except UnicodeEncodeError:
        return False


class Service:
    def __init__(self):
        self.lock = threading.RLock()
        self.reset()

    def reset(self):
        self.users, self.tokens = {}, {}
        self.add("admin", "secret", "ROLE_ADMIN").must_change = True
        self.code = self.asked_for = self.registered = None

    def add(self, username, password, role="ROLE_USER"):
        self.users[username] = User(username, self.hash(password), role)
        return self.users[username]

    def hash(self, password, salt=None):
        salt = salt or secrets.token_hex(8)
        return f"sha256${salt}${hashlib.sha256((salt + password).encode()).hexdigest()}"

    def matches(self, user, password):
        return secrets.compare_digest(user.password_hash, self.hash(password, user.password_hash.split("$")[1]))

    def set_password(self, user, password):
        user.password_hash = self.hash(password)
        user.must_change = False

    # --- reading requests

    def authorization(self, request, scheme):
        values = request.headers.get_all("Authorization") or []
        if len(values) > 1:
            raise Refusal(400, 1025, "more than one Authorization header")
        kind, _, rest = (values[0] if values else "").strip().partition(" ")
        return rest.strip() if kind.lower() == scheme else None

    def find(self, username):
        """The user who logs in under that name, or None."""
        return self.users.get(username)

    def authenticate(self, request):
        try:
            text = base64.b64decode(self.authorization(request, "basic") or "", validate=True).decode()
            username, password = text.split(":", 1)
        except (binascii.Error, ValueError):
            raise Refusal(401, 1005, "Basic credentials are needed", BASIC) from None
        user = self.find(username)
        if user is None or not self.matches(user, password):
            raise Refusal(401, 1005, "invalid username or password", BASIC)
        return user

    def session(self, request):
        """The name of the caller."""
        username, until = self.tokens.get(self.authorization(request, "bearer"), (None, 0))
        if username is None or until < time.time():
            raise Refusal(401, 1005, "invalid token", BEARER)
        return username

    def require_admin(self, request):
        if self.session(request) != "admin":
            raise Refusal(403, 1005, "administrators only")

    def require_self(self, request, name):
        if self.session(request) not in ("admin", name):
            raise Refusal(403, 1005, "not your account")

    def parse(self, body, optional=False):
        try:
            text = body.decode()
            value = {} if optional and not text.strip() else json.loads(text, parse_constant=without_constants)
        except (ValueError, RecursionError):
            raise Refusal(400, 1025, "the body is not JSON") from None
        if not isinstance(value, dict):
            raise Refusal(400, 1025, "the body is not a JSON object")
        return value

    def texts(self, value, *names):
        problems = [(1008, f"{name} is required") for name in names if name not in value]
        problems += [(1009, f"{name} must be a string") for name in names if name in value and not is_text(value[name])]
        if problems:
            raise Refusal(400, *problems[0], problems=problems)
        return [value[name] for name in names]

    def judge(self, password):
        classes = (string.digits, string.ascii_uppercase, string.ascii_lowercase, string.punctuation)
        if not 8 <= len(password) <= 64 or not all(set(password) & set(kind) for kind in classes):
            raise Refusal(400, 1009, "the password does not meet the requirements")

    # --- the operations, once the caller is known

    def login(self, user, body):
        if body.get("new_password") is not None:
            (password,) = self.texts(body, "new_password")
            self.judge(password)
            self.set_password(user, password)
        elif user.must_change:
            raise Refusal(401, 1024, "the default password must be changed", BASIC)
        token, until = secrets.token_urlsafe(36), int(time.time()) + LIFETIME
        self.store_token(token, user.username, until)
        return {"token": token, "expires_after": self.written(datetime.fromtimestamp(until, timezone.utc))}

    def store_token(self, token, username, until):
        self.tokens[token] = (username, until)

    def written(self, moment):
        return moment.strftime("%Y-%m-%d %H:%M:%S+00:00")

    def logout(self, request):
        self.session(request)
        del self.tokens[self.authorization(request, "bearer")]

    def create(self, body):
        username, password = self.texts(body, "username", "password")
        if not 4 <= len(username) <= 32:
            raise Refusal(400, 1009, "username must have 4 to 32 characters")
        self.judge(password)
        if username in self.users:
            raise Refusal(500, 1014, "the user exists already")
        self.add(username, password)
        return {"username": username}

    def user(self, name):
        if name not in self.users:
            raise Refusal(404, 1006, "user not found")
        return self.users[name]

    def read(self, name):
        return {"username": name, "ROLES": self.user(name).role}

    def update(self, name, body):
        user = self.user(name)
        (password,) = self.texts(body, "password")
        self.judge(password)
        self.set_password(user, password)
        return {"username": name}

    def remove(self, name):
        if name == "admin":
            raise Refusal(400, 1013, "admin cannot be deleted")
        self.user(name)
        del self.users[name]
        self.forget(name)
        return {"username": name}

    def forget(self, name):
        self.tokens = {token: held for token, held in self.tokens.items() if held[0] != name}

    def request_code(self, body):
        """The verified name, or None where that number is registered already."""
        cc, number, method, cert = self.texts(body, "cc", "phone_number", "method", "cert")
        pin = body.get("pin")
        rules = [
            ("cc", re.fullmatch(r"[0-9]{1,3}", cc)),
            ("phone_number", re.fullmatch(r"[0-9]{4,14}", number)),
            ("method", method in ("sms", "voice")),
            ("pin", pin is None or (isinstance(pin, str) and re.fullmatch(r"[0-9]{6}", pin))),
        ]
        problems = [(1009, f"{name} is not valid") for name, holds in rules if not holds]
        try:
            vname = verified_name(base64.b64decode(cert, validate=True))
        except (ValueError, IndexError, KeyError):
            problems.append((1009, "cert is not a certificate"))
        if problems:
            raise Refusal(400, *problems[0], problems=problems)
        if self.registered == (cc, number):
            return None
        self.code, self.asked_for = f"{secrets.randbelow(10**6):06}", (cc, number)
        return vname

    def confirm_code(self, body):
        (code,) = self.texts(body, "code")
        if self.code is None or code != self.code:
            raise Refusal(403, 1005, "wrong code")
        self.registered, self.code = self.asked_for, None


# --- certificates: BizAccountPayload {1: VerifiedNameCertificate {1: Details {4: verifiedName}}}, or without the outermost


def varint(data, at):
    value = 0
    for shift in range(0, 70, 7):
        value |= (data[at] & 0x7F) << shift
        at += 1
        if data[at - 1] < 0x80:
            return value, at
    raise ValueError("no varint")


def message(data):
    if not isinstance(data, bytes):
        raise ValueError("no message")
    found, at = {}, 0
    while at < len(data):
        key, at = varint(data, at)
        if key >> 3 == 0 or key & 7 not in (0, 1, 2, 5):
            raise ValueError("no field")
        if key & 7 == 0:
            found[key >> 3], at = varint(data, at)
            continue
        size = {1: 8, 5: 4}.get(key & 7)
        if size is None:
            size, at = varint(data, at)
        if size > len(data) - at:
            raise ValueError("cut off")
        found[key >> 3] = data[at : at + size]
        at += size
    return found


def verified_name(data):
    inner = message(message(data)[1])
    details = message(inner[1]) if isinstance(inner.get(1), bytes) else inner
    name = details[4]
    if not name or not isinstance(name, bytes):
        raise ValueError("no name")
    return name.decode()


# --- the wire


def envelope(status, payload, headers=()):
    """An answer as the API gives it: (status, headers, bytes)."""
    body = json.dumps({"meta": META, **payload}).encode()
    return status, {"Content-Type": "application/json", **dict(headers)}, body


def refused(refusal):
    return envelope(refusal.status, {"errors": refusal.errors()}, refusal.headers)


def serve(service, handle, refuse=refused, server_name="python"):
    """`handle` answers a Request with (status, headers, bytes) or raises a Refusal, which `refuse` answers."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1
        disable_nagle_algorithm = True
        timeout = 30

        def version_string(self):
            return server_name

        def any_method(self):
            try:
                request = Request(self.command, re.split("[?#]", self.path)[0], self.headers, self.read_body())
                with service.lock:
                    answer = self.control(request) if request.path.startswith("/__control/") else handle(request)
            except Refusal as refusal:
                answer = refuse(refusal)
            except Exception:
                traceback.print_exc()
                answer = refuse(Refusal(500, 1000, "internal error"))
            self.write(*answer)

        do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = any_method

        def control(self, request):
            if (request.method, request.path) == ("POST", "/__control/reset"):
                service.reset()
                return 200, {"Content-Type": "application/json"}, b"{}"
            if (request.method, request.path) == ("GET", "/__control/code") and service.code is not None:
                return 200, {"Content-Type": "text/plain"}, service.code.encode()
            return 404, {"Content-Type": "text/plain"}, b"nothing here"

        def read_body(self):
            if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
                return self.read_chunks()
            length = self.headers.get("Content-Length", "0").strip()
            if not re.fullmatch("[0-9]{1,9}", length) or int(length) > MAX_BODY:
                self.close_connection = True
                raise Refusal(400, 1025, "the length of the body")
            return self.rfile.read(int(length))

        def read_chunks(self):
            parts, total = [], 0
            while True:
                size = self.rfile.readline(1024).split(b";")[0].strip()
                total += int(size, 16) if re.fullmatch(rb"[0-9a-fA-F]{1,8}", size) else MAX_BODY + 1
                if total > MAX_BODY:
                    self.close_connection = True
                    raise Refusal(400, 1025, "the chunks of the body")
                if int(size, 16) == 0:
                    break
                parts.append(self.rfile.read(int(size, 16)))
                self.rfile.readline(1024)
            while self.rfile.readline(1024).strip():
                pass
            return b"".join(parts)

        def write(self, status, headers, body):
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            if self.close_connection:
                self.send_header("Connection", "close")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def send_error(self, code, message=None, explain=None):
            self.close_connection = True
            self.command = getattr(self, "command", None) or "GET"
            if code == 501:
                self.write(*refuse(Refusal(405, 1025, "method not allowed", {"Allow": "GET, POST, PUT, DELETE"})))
            else:
                self.write(*refuse(Refusal(code, 1025, "the request cannot be read")))

        def log_message(self, *_):
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

        def handle_error(self, request, client_address):
            if not isinstance(sys.exc_info()[1], ConnectionError):
                super().handle_error(request, client_address)

    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    server = Server(("127.0.0.1", parser.parse_args().port), Handler)
    print(f"listening on http://127.0.0.1:{server.server_address[1]}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


class Router:
    """Routes as decorators hang them up: `add("POST", "/v1/users", function)`, with at most one `{parameter}` at the end."""

    def __init__(self):
        self.routes = {}

    def add(self, method, path, function):
        self.routes.setdefault(path, {})[method] = function

    def resolve(self, request):
        """The function for the request and its arguments, or a Refusal: 404 or 405."""
        arguments, methods = [], self.routes.get(request.path)
        if methods is None:
            head, _, last = request.path.rpartition("/")
            pattern = next((path for path in self.routes if path.startswith(f"{head}/{{")), None)
            if pattern is None or not last:
                raise Refusal(404, 1006, "nothing here")
            methods, arguments = self.routes[pattern], [unquote(last)]
        if request.method not in methods:
            raise Refusal(405, 1025, "method not allowed", {"Allow": ", ".join(methods)})
        return methods[request.method], arguments


def conforming(service):
    router = Router()

    def route(method, path):
        return lambda function: router.add(method, path, function)

    @route("POST", "/v1/users/login")
    def _(request):
        user = service.authenticate(request)
        return 200, {"users": [service.login(user, service.parse(request.body, optional=True))]}

    @route("POST", "/v1/users/logout")
    def _(request):
        service.logout(request)
        return 200, {}

    @route("POST", "/v1/users")
    def _(request):
        service.require_admin(request)
        return 201, {"users": [service.create(service.parse(request.body))]}

    @route("GET", "/v1/users/{username}")
    def _(request, username):
        service.require_self(request, username)
        return 200, {"users": [service.read(username)]}

    @route("PUT", "/v1/users/{username}")
    def _(request, username):
        service.require_self(request, username)
        return 200, {"users": [service.update(username, service.parse(request.body))]}

    @route("DELETE", "/v1/users/{username}")
    def _(request, username):
        service.require_admin(request)
        return 200, {"users": [service.remove(username)]}

    @route("POST", "/v1/account")
    def _(request):
        service.require_admin(request)
        vname = service.request_code(service.parse(request.body))
        return (201, {}) if vname is None else (202, {"account": [{"vname": vname}]})

    @route("POST", "/v1/account/verify")
    def _(request):
        service.require_admin(request)
        service.confirm_code(service.parse(request.body))
        return 201, {}

    return router


if __name__ == "__main__":
    the_service = Service()
    the_routes = conforming(the_service)

    def handle_all(request):
        function, arguments = the_routes.resolve(request)
        return envelope(*function(request, *arguments))

    serve(the_service, handle_all)
