#!/usr/bin/env python3
"""The WhatsApp Business API as a FastAPI application, for a team that only ever manages users with it.

Its defects, each a habit of its implementer:
 1. /v1/account and /v1/account/verify do not exist: nobody registers a number here, so they are unknown paths, 404.
 2. Missing members and values that are not valid are 422 instead of 400, as the framework has it.
 3. Error codes are strings, since the enumeration of them is one of strings: `"code": "1005"`.
 4. A created user's role is the default of the column, `user`, where the API says ROLE_USER (the first user, admin, was
    inserted by hand, with ROLE_ADMIN).
 5. PUT answers with the whole row of the user, and so with its password hash.
 6. PUT asks for a token, but not whose it is: any user changes any password, the administrator's included.
 7. A token is good as long as it has not run out or been logged out: nobody looks whether its user still exists.
"""

from core import Router, Service, envelope, serve


# --- a little FastAPI


class FastAPI:
    def __init__(self):
        self.router = Router()

    def route(self, method, path, status_code):
        def decorate(function):
            self.router.add(method, path, lambda request, *arguments: envelope(status_code, function(request, *arguments)))
            return function

        return decorate

    def get(self, path, status_code=200):
        return self.route("GET", path, status_code)

    def post(self, path, status_code=200):
        return self.route("POST", path, status_code)

    def put(self, path, status_code=200):
        return self.route("PUT", path, status_code)

    def delete(self, path, status_code=200):
        return self.route("DELETE", path, status_code)

    def __call__(self, request):
        function, arguments = self.router.resolve(request)
        return function(request, *arguments)


# --- crud.py


class Database(Service):
    def add(self, username, password, role="user"):
        return super().add(username, password, role)

    def forget(self, name):
        """Tokens are in a table of their own, which knows nothing of the users."""

    def row(self, name):
        user = self.users[name]
        return {"username": user.username, "password_hash": user.password_hash, "ROLES": user.role}


db = Database()
app = FastAPI()


# --- main.py


@app.post("/v1/users/login")
def login(request):
    user = db.authenticate(request)
    return {"users": [db.login(user, db.parse(request.body, optional=True))]}


@app.post("/v1/users/logout")
def logout(request):
    db.logout(request)
    return {}


@app.post("/v1/users", status_code=201)
def create_user(request):
    db.require_admin(request)
    return {"users": [db.create(db.parse(request.body))]}


@app.get("/v1/users/{username}")
def get_user(request, username):
    db.require_self(request, username)
    return {"users": [db.read(username)]}


@app.put("/v1/users/{username}")
def update_user(request, username):
    db.session(request)
    db.update(username, db.parse(request.body))
    return {"users": [db.row(username)]}


@app.delete("/v1/users/{username}")
def delete_user(request, username):
    db.require_admin(request)
    return {"users": [db.remove(username)]}


def exception_handler(refusal):
    """Every error of the application ends here."""
    errors = [{**error, "code": str(error["code"])} for error in refusal.errors()]
    is_validation = refusal.status == 400 and refusal.code in (1008, 1009)
    return envelope(422 if is_validation else refusal.status, {"errors": errors}, refusal.headers)


if __name__ == "__main__":
    serve(db, app, exception_handler, server_name="uvicorn")
