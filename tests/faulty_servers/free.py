#!/usr/bin/env python3
"""The conforming server with one freedom that the documents leave it: `free.py FREEDOM --port N`. A run against it is green."""

import base64
import json
import sys

from core import Refusal, Service, conforming, envelope, serve

NAMED = {
    "/v1/users/login": {"new_password"},
    "/v1/users": {"username", "password"},
    "/v1/account": {"cc", "phone_number", "method", "cert", "pin"},
    "/v1/account/verify": {"code"},
}


class Loose(Service):
    """Base64 is decoded past quotes, blanks and foreign signs, with or without padding."""

    def authorization(self, request, scheme):
        value = super().authorization(request, scheme)
        if scheme != "basic" or value is None:
            return value
        letters = "".join(letter for letter in value if letter.isascii() and (letter.isalnum() or letter in "+/"))
        return base64.b64encode(base64.b64decode(letters + "=" * (-len(letters) % 4))).decode()


class SmallRoles(Service):
    """The member of the role is called `roles`."""

    def read(self, name):
        return {"username": name, "roles": self.user(name).role}


class Limited(Service):
    """A user has three tokens at most: the oldest ends."""

    def store_token(self, token, username, until):
        own = [known for known, held in self.tokens.items() if held[0] == username and username != "admin"]
        for known in own[:-2]:
            del self.tokens[known]
        super().store_token(token, username, until)


def body_first(request):
    """A bad body is reported before a missing token or a wrong password."""
    if request.method in ("POST", "PUT") and request.path != "/v1/users/logout":
        Service().parse(request.body, optional=request.path == "/v1/users/login")


def only_named(request):
    """Members that the page does not name are refused, before anything else is looked at."""
    try:
        members = json.loads(request.body or b"{}")
    except (ValueError, RecursionError):
        return
    named = NAMED.get(request.path, {"password"})
    if isinstance(members, dict) and set(members) - named:
        raise Refusal(400, 1009, "an unknown member")


def only_json(request):
    """A body of another type, and none where one is needed, is refused with 415."""
    label = (request.headers.get("Content-Type") or "").lower()
    needed = request.body or (request.method == "POST" and request.path in ("/v1/users", "/v1/account"))
    if needed and label not in ("application/json", "application/json; charset=utf-8"):
        raise Refusal(415, 1025, "not application/json")


def well_formed(request):
    """An Authorization that is no scheme and something behind it is a bad request."""
    value = request.headers.get("Authorization")
    if value is not None and len(value.split(maxsplit=1)) != 2:
        raise Refusal(400, 1025, "the Authorization header")


SERVICES = {"loose": Loose, "small-roles": SmallRoles, "three-tokens": Limited}
CHECKS = {check.__name__.replace("_", "-"): check for check in (body_first, only_named, only_json, well_formed)}


def main():
    freedom = sys.argv.pop(1)
    service = SERVICES.get(freedom, Service)()
    check = CHECKS.get(freedom, lambda request: None)
    routes = conforming(service)

    def handle(request):
        try:
            check(request)
            function, arguments = routes.resolve(request)
            return envelope(*function(request, *arguments))
        except Refusal as refusal:
            if freedom == "repeats":
                refusal.problems = [(code, f"{request.method} {request.path}: {why}") for code, why in refusal.problems]
            raise

    serve(service, handle)


if __name__ == "__main__":
    main()
