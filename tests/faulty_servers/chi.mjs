#!/usr/bin/env node
// The WhatsApp Business API as a service written in Go on chi, in Node: `r.Post(path, handler)`, handlers that take `w`
// and `r`, `w.WriteHeader(status)`, `json.NewDecoder(r.Body).Decode(&v)`.
//
// Its defects, each a habit of its implementer:
//  1. Every refusal is `w.WriteHeader(status)` and nothing else: an empty body without a type.
//  2. GET and PUT of /v1/users/{username} were not needed so far: 405, with `Allow: DELETE`, before any credentials are read.
//  3. A 401 has no WWW-Authenticate, since `w.WriteHeader(http.StatusUnauthorized)` sets none.
//  4. Wrong credentials at the login are 403: 401 is kept for a request whose `r.BasicAuth()` is not ok.
//  5. Successes are the structs of the API, without `meta`.
//  6. `Decode` stops behind the first JSON value of a body, so that any text may follow it.

import { nameIn, Refusal, serve, Service } from './core.mjs';

const http = {
  StatusOK: 200, StatusCreated: 201, StatusAccepted: 202, StatusBadRequest: 400, StatusUnauthorized: 401,
  StatusForbidden: 403, StatusNotFound: 404, StatusMethodNotAllowed: 405,
};

// --- net/http, chi and encoding/json, as much of them as is used

class ResponseWriter {
  status = http.StatusOK;
  headers = {};
  body = '';
  Header() { return { Set: (name, value) => (this.headers[name] = value) }; }
  WriteHeader(status) { this.status = status; }
  Write(text) { this.body += text; }
}

function NewRouter() {
  const routes = new Map();
  const on = (method) => (path, handler) => routes.set(path, { ...routes.get(path), [method]: handler });
  const find = (path) => {
    if (routes.has(path)) return [routes.get(path)];
    const [, username] = /^\/v1\/users\/([^/]+)$/.exec(path) ?? [];
    return username ? [routes.get('/v1/users/{username}'), username] : [];
  };
  const ServeHTTP = (r) => {
    const w = new ResponseWriter();
    const [methods, username] = find(r.path);
    if (!methods) {
      w.WriteHeader(http.StatusNotFound);
    } else if (!Object.hasOwn(methods, r.method)) {
      w.Header().Set('Allow', Object.keys(methods).join(', '));
      w.WriteHeader(http.StatusMethodNotAllowed);
    } else {
      methods[r.method](w, { ...r, username: username && nameIn(username) });
    }
    return w;
  };
  return { Get: on('GET'), Post: on('POST'), Put: on('PUT'), Delete: on('DELETE'), ServeHTTP };
}

/** Where the first JSON value ends, if it is an object: behind the brace that closes the first one. */
function endOfObject(bytes) {
  let depth = 0;
  let inText = false;
  for (let at = 0; at < bytes.length; at++) {
    const c = String.fromCharCode(bytes[at]);
    if (inText) {
      if (c === '\\') at++;
      else if (c === '"') inText = false;
    } else if (c === '"') {
      inText = true;
    } else if (c === '{' || c === '[') {
      depth++;
    } else if ((c === '}' || c === ']') && --depth <= 0) {
      return at + 1;
    }
  }
  return bytes.length;
}

const startsObject = (bytes) => /^[ \t\r\n]*\{/.test(bytes.toString('latin1'));

// --- the service

class Server extends Service {
  // json.NewDecoder(r.Body).Decode(&v)
  parse(bytes, options) {
    return super.parse(startsObject(bytes) ? bytes.subarray(0, endOfObject(bytes)) : bytes, options);
  }
}

const s = new Server();

function respond(w, status, v) {
  w.Header().Set('Content-Type', 'application/json');
  w.WriteHeader(status);
  w.Write(`${JSON.stringify(v)}\n`);
}

/** A handler that returns an error gets its status written. */
const wrap = (handler) => (w, r) => {
  try {
    handler(w, r);
  } catch (err) {
    if (!(err instanceof Refusal)) throw err;
    w.WriteHeader(err.status);
  }
};

const authenticated = (handler) => wrap((w, r) => handler(w, { ...r, session: s.session(r) }));
const admin = (handler) => authenticated((w, r) => {
  s.requireAdmin(r.session);
  handler(w, r);
});

function login(w, r) {
  const credentials = s.basic(r);
  if (credentials === null) {
    w.WriteHeader(http.StatusUnauthorized);
    return;
  }
  const user = s.find(...credentials);
  if (user === undefined) {
    w.WriteHeader(http.StatusForbidden);
    return;
  }
  const body = s.parse(r.body, { optional: true });
  respond(w, http.StatusOK, { users: [s.login(user, body)] });
}

function logout(w, r) {
  s.logout(r.session);
  respond(w, http.StatusOK, {});
}

function createUser(w, r) {
  respond(w, http.StatusCreated, { users: [s.create(s.parse(r.body))] });
}

function deleteUser(w, r) {
  if (r.username === null) {
    w.WriteHeader(http.StatusBadRequest);
    return;
  }
  respond(w, http.StatusOK, { users: [s.remove(r.username)] });
}

function requestCode(w, r) {
  const vname = s.requestCode(s.parse(r.body));
  if (vname === null) {
    respond(w, http.StatusCreated, {});
    return;
  }
  respond(w, http.StatusAccepted, { account: [{ vname }] });
}

function verifyCode(w, r) {
  s.confirmCode(s.parse(r.body));
  respond(w, http.StatusCreated, {});
}

const r = NewRouter();
r.Post('/v1/users/login', wrap(login));
r.Post('/v1/users/logout', authenticated(logout));
r.Post('/v1/users', admin(createUser));
r.Delete('/v1/users/{username}', admin(deleteUser));
r.Post('/v1/account', admin(requestCode));
r.Post('/v1/account/verify', admin(verifyCode));

serve(s, r.ServeHTTP, ({ status }) => ({ status, headers: {}, body: '' }));
