#!/usr/bin/env python3
"""The WhatsApp Business API as a Django project: a model with one token a user, views, `urlpatterns`.

Its defects, each a habit of its implementer:
 1. The token is a column of the user's row, so that a login ends the earlier token of that user.
 2. A logout is `Token.objects.all().delete()`, with the filter forgotten: it ends all tokens of all users.
 3. `expires_after` is what `isoformat` and the serializer make of it: ISO 8601 with `T` and `Z`.
 4. User names are looked up with `username__iexact` at the login, so that their case does not count there.
 5. Passwords are cut to 16 characters, the length of a column long ago, before they are stored and compared.
 6. An ordinary user who calls an operation of the administrator is "not authenticated as an administrator": 401.
"""

from core import BEARER, Refusal, Router, Service, envelope, serve

PASSWORD_COLUMN = 16


# --- models.py


class Users(Service):
    def hash(self, password, salt=None):
        return super().hash(password[:PASSWORD_COLUMN], salt)

    def find(self, username):
        # User.objects.filter(username__iexact=username).first(), the exact one first.
        alike = [user for name, user in self.users.items() if name.lower() == username.lower()]
        return self.users.get(username) or (alike[0] if alike else None)

    def store_token(self, token, username, until):
        self.forget(username)
        super().store_token(token, username, until)

    def written(self, moment):
        return moment.isoformat().replace("+00:00", "Z")

    def logout(self, request):
        self.session(request)
        self.tokens.clear()


users = Users()


# --- views.py


def JsonResponse(payload, status=200):
    return envelope(status, payload)


def login_required(view):
    def wrapped(request, *arguments):
        request.user = users.session(request)
        return view(request, *arguments)

    return wrapped


def admin_required(view):
    @login_required
    def wrapped(request, *arguments):
        if request.user != "admin":
            raise Refusal(401, 1005, "not authenticated as an administrator", BEARER)
        return view(request, *arguments)

    return wrapped


def login(request):
    user = users.authenticate(request)
    return JsonResponse({"users": [users.login(user, users.parse(request.body, optional=True))]})


@login_required
def logout(request):
    users.logout(request)
    return JsonResponse({})


@admin_required
def create_user(request):
    return JsonResponse({"users": [users.create(users.parse(request.body))]}, status=201)


@login_required
def retrieve_user(request, username):
    users.require_self(request, username)
    return JsonResponse({"users": [users.read(username)]})


@login_required
def update_user(request, username):
    users.require_self(request, username)
    return JsonResponse({"users": [users.update(username, users.parse(request.body))]})


@admin_required
def delete_user(request, username):
    return JsonResponse({"users": [users.remove(username)]})


@admin_required
def account(request):
    vname = users.request_code(users.parse(request.body))
    if vname is None:
        return JsonResponse({}, status=201)
    return JsonResponse({"account": [{"vname": vname}]}, status=202)


@admin_required
def verify(request):
    users.confirm_code(users.parse(request.body))
    return JsonResponse({}, status=201)


# --- urls.py

urlpatterns = [
    ("POST", "/v1/users/login", login),
    ("POST", "/v1/users/logout", logout),
    ("POST", "/v1/users", create_user),
    ("GET", "/v1/users/{username}", retrieve_user),
    ("PUT", "/v1/users/{username}", update_user),
    ("DELETE", "/v1/users/{username}", delete_user),
    ("POST", "/v1/account", account),
    ("POST", "/v1/account/verify", verify),
]


def main():
    router = Router()
    for method, path, view in urlpatterns:
        router.add(method, path, view)

    def handle(request):
        view, arguments = router.resolve(request)
        return view(request, *arguments)

    serve(users, handle, server_name="WSGIServer/0.2 CPython/3.11.7")


if __name__ == "__main__":
    main()
