#!/usr/bin/env node
// A small client of the WhatsApp Business On-Premises API on Node's `http`, with everything else written by hand, as
// people do. It shares nothing with the reference client. `--fault NAME` plants one fault.
//
// Beside the API: `POST /__reset`, `POST /__advance` with a number of seconds as its body, `GET /__code`.

import { randomBytes, randomInt } from 'node:crypto';
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';

export const FAULTS = {
  'split-in-two': '`[user, password] = text.split(":")` drops what stands behind a second colon',
  'value-as-text': '`String(new_password)`: a password that is no text is turned into one',
  'trimmed-password': 'the password of a login is trimmed',
  'token-of-the-user': 'a user has one token, which each login gives again',
  'local-time': 'the end of the token is the time of a zone seven hours ahead, labelled UTC',
  'short-class': 'the regular expression for special characters ends before the braces',
  'plain-object': 'the users are the members of `{}`, which has more members than one puts there',
  'body-spread': '`{...body}` makes the user, whatever role the body claims',
  'any-scheme': '`authorization.split(" ")[1]` is the token, whatever stands before it',
  'fixed-offset': 'the name is cut from the certificate at the offsets of the first one that was seen',
};

const { values: options } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    registration: { type: 'string', default: 'open' },
    fault: { type: 'string', multiple: true, default: [] },
    list: { type: 'boolean', default: false },
  },
});
for (const fault of options.fault) {
  if (!(fault in FAULTS)) {
    console.error(`there is no fault ${fault}; there are ${Object.keys(FAULTS).join(', ')}`);
    process.exit(2);
  }
}
const has = (fault) => options.fault.includes(fault);

const TITLES = {
  1005: 'Access denied',
  1006: 'Resource not found',
  1008: 'Required parameter is missing',
  1009: 'Parameter value is not valid',
  1013: 'User is not valid',
  1014: 'Internal error',
  1024: 'Password change required',
  1025: 'Request is not valid',
};
const LIFETIME = 7 * 24 * 60 * 60;
const MAX_BODY = 1 << 20;

class ApiError extends Error {
  constructor(status, code, details, headers = {}) {
    super(details);
    Object.assign(this, { status, headers, errors: [[code, details]] });
  }

  static several(status, errors) {
    return Object.assign(new ApiError(status, ...errors[0]), { errors });
  }
}

// --- state

// The faulty store has the interface of a Map and the members of every object.
class PlainUsers {
  constructor() { this.of = {}; }
  get(name) { return this.of[name]; }
  has(name) { return this.of[name] !== undefined; }
  set(name, user) { this.of[name] = user; }
  delete(name) { delete this.of[name]; }
}

const state = {};
function reset() {
  Object.assign(state, {
    users: has('plain-object') ? new PlainUsers() : new Map(),
    tokens: new Map(),
    ahead: 0,
    code: null,
    askedFor: null,
    registered: null,
    pin: null,
  });
  state.users.set('admin', { username: 'admin', password: 'secret', role: 'ROLE_ADMIN', mustChange: true });
}
reset();
const now = () => Math.floor(Date.now() / 1000) + state.ahead;

// --- reading requests

function authorization(request) {
  const values = request.rawHeaders.filter((_, at) => at % 2 && request.rawHeaders[at - 1].toLowerCase() === 'authorization');
  if (values.length > 1) throw new ApiError(400, 1025, 'more than one Authorization header');
  return (values[0] ?? '').trim();
}

function basic(request) {
  const refused = (why) => new ApiError(401, 1005, why, { 'WWW-Authenticate': 'Basic realm="wabiz"' });
  const [, encoded] = /^basic +(\S+)$/i.exec(authorization(request)) ?? [];
  if (encoded === undefined) throw refused('Basic credentials are needed');
  const wellFormed = encoded.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(encoded);
  if (!wellFormed) throw refused('the credentials are no base64');
  let text;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(atob(encoded), (c) => c.charCodeAt(0)));
  } catch {
    throw refused('the credentials are no text');
  }
  if (!text.includes(':')) throw refused('the credentials have no colon');
  let user, password;
  if (has('split-in-two')) {
    [user, password] = text.split(':');
  } else {
    const colon = text.indexOf(':');
    user = text.slice(0, colon);
    password = text.slice(colon + 1);
  }
  return { user, password: has('trimmed-password') ? password.trim() : password };
}

function caller(request, { admin = false } = {}) {
  const header = authorization(request);
  const token = has('any-scheme') ? header.split(' ')[1] : /^bearer +(\S+)$/i.exec(header)?.[1];
  const session = state.tokens.get(token);
  if (!session || session.until < now()) throw new ApiError(401, 1005, 'invalid token', { 'WWW-Authenticate': 'Bearer' });
  const user = state.users.get(session.username);
  if (admin && user.role !== 'ROLE_ADMIN') throw new ApiError(403, 1005, 'this takes the administrator');
  return { user, token };
}

function object(body) {
  let value;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body));
  } catch {
    throw new ApiError(400, 1025, 'the body is no JSON');
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw new ApiError(400, 1025, 'the body is no JSON object');
  return value;
}

function texts(body, ...names) {
  const value = object(body);
  const errors = names.flatMap((name) => {
    if (!Object.hasOwn(value, name)) return [[1008, `${name} is missing`]];
    return typeof value[name] === 'string' ? [] : [[1009, `${name} must be a text`]];
  });
  if (errors.length) throw ApiError.several(400, errors);
  return value;
}

const size = (text) => [...text].length;

function judge(password) {
  const special = has('short-class') ? /[!-/:-@[-`]/ : /[!-/:-@[-`{-~]/;
  const classes = [/[0-9]/, /[A-Z]/, /[a-z]/, special];
  if (size(password) < 8 || size(password) > 64 || !classes.every((kind) => kind.test(password))) {
    throw new ApiError(400, 1009, '8 to 64 characters, with a digit, both cases and a special character');
  }
}

// --- what the API does

function logIn(request, body) {
  const { user: name, password } = basic(request);
  const user = state.users.get(name);
  if (!user || user.password !== password) {
    throw new ApiError(401, 1005, 'invalid username or password', { 'WWW-Authenticate': 'Basic realm="wabiz"' });
  }
  const asked = body.toString().trim() ? object(body) : {};
  let fresh = Object.hasOwn(asked, 'new_password') ? asked.new_password : null;
  if (has('value-as-text') && fresh !== null) fresh = String(fresh);
  if (fresh !== null && typeof fresh !== 'string') throw new ApiError(400, 1009, 'new_password must be a text');
  if (fresh !== null) {
    judge(fresh);
    Object.assign(user, { password: fresh, mustChange: false });
  } else if (user.mustChange) {
    throw new ApiError(401, 1024, 'the default password must be changed', { 'WWW-Authenticate': 'Basic realm="wabiz"' });
  }
  user.token = has('token-of-the-user') && user.token ? user.token : randomBytes(36).toString('base64url');
  const until = now() + LIFETIME;
  state.tokens.set(user.token, { username: name, until });
  const shown = new Date((until + (has('local-time') ? 7 * 3600 : 0)) * 1000);
  const written = shown.toISOString().replace('T', ' ').replace(/\.\d+Z$/, '+00:00');
  return [200, { users: [{ token: user.token, expires_after: written }] }];
}

function logOut(request) {
  state.tokens.delete(caller(request).token);
  return [200, {}];
}

function createUser(request, body) {
  caller(request, { admin: true });
  const value = texts(body, 'username', 'password');
  const { username, password } = value;
  if (size(username) < 4 || size(username) > 32) throw new ApiError(400, 1009, 'username must have 4 to 32 characters');
  judge(password);
  if (state.users.has(username)) throw new ApiError(500, 1014, 'the user exists already');
  const user = { username, password, role: 'ROLE_USER' };
  if (has('body-spread')) Object.assign(user, value, { role: value.role ?? value.ROLES ?? 'ROLE_USER' });
  state.users.set(username, user);
  return [201, { users: [{ username }] }];
}

function known(name) {
  const user = state.users.get(name);
  if (!user) throw new ApiError(404, 1006, 'no such user');
  return user;
}

function selfOrAdmin(request, name) {
  const { user } = caller(request);
  if (user.role !== 'ROLE_ADMIN' && user.username !== name) throw new ApiError(403, 1005, 'this takes the administrator, or the user itself');
  return known(name);
}

function showUser(request, _body, name) {
  const user = selfOrAdmin(request, name);
  return [200, { users: [{ username: name, ROLES: user.role }] }];
}

function updateUser(request, body, name) {
  const user = selfOrAdmin(request, name);
  const { password } = texts(body, 'password');
  judge(password);
  Object.assign(user, { password, mustChange: false });
  return [200, { users: [{ username: name }] }];
}

function deleteUser(request, _body, name) {
  caller(request, { admin: true });
  if (name === 'admin') throw new ApiError(400, 1013, 'admin cannot be deleted');
  known(name);
  state.users.delete(name);
  for (const [token, session] of state.tokens) if (session.username === name) state.tokens.delete(token);
  return [200, { users: [{ username: name }] }];
}

function requestCode(request, body) {
  caller(request, { admin: true });
  if (options.registration === 'sunset') throw new ApiError(403, 1005, 'Unknown error: biz_link_on_prem_reg_blocked');
  const { cc, phone_number: number, method, cert, pin } = texts(body, 'cc', 'phone_number', 'method', 'cert');
  const rules = [
    ['cc', /^[0-9]{1,3}$/.test(cc)],
    ['phone_number', /^[0-9]{4,14}$/.test(number)],
    ['method', ['sms', 'voice'].includes(method)],
    ['pin', pin === undefined || pin === null || (typeof pin === 'string' && /^[0-9]{6}$/.test(pin))],
    ['cert', cert.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(cert)],
  ];
  const errors = rules.filter(([, holds]) => !holds).map(([name]) => [1009, `${name} is not valid`]);
  if (errors.length) throw ApiError.several(400, errors);
  const vname = verifiedName(Buffer.from(cert, 'base64'));
  if (state.registered === `${cc} ${number}`) return [201, {}];
  if (state.pin !== null && pin !== state.pin) throw new ApiError(403, 1005, 'the PIN of two-step verification is needed');
  Object.assign(state, { code: String(randomInt(1e6)).padStart(6, '0'), askedFor: `${cc} ${number}` });
  return [202, { account: [{ vname }] }];
}

function verifyCode(request, body) {
  caller(request, { admin: true });
  if (options.registration === 'sunset') throw new ApiError(403, 1005, 'Unknown error: biz_link_on_prem_reg_blocked');
  const { code } = texts(body, 'code');
  if (state.code === null || code !== state.code) throw new ApiError(403, 1005, 'not the code that was sent');
  Object.assign(state, { registered: state.askedFor, code: null });
  return [201, {}];
}

function setPin(request, body) {
  caller(request, { admin: true });
  const { pin } = texts(body, 'pin');
  if (!/^[0-9]{6}$/.test(pin)) throw new ApiError(400, 1009, 'pin must have six digits');
  state.pin = pin;
  return [200, {}];
}

function removePin(request) {
  caller(request, { admin: true });
  state.pin = null;
  return [200, {}];
}

// --- the certificate: protobuf, field by field

function fields(data) {
  const found = new Map();
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      if (at >= data.length) throw new RangeError('cut off');
      const byte = data[at++];
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError('a number without end');
  };
  const bytes = (length) => {
    if (length > data.length - at) throw new RangeError('cut off');
    at += length;
    return data.subarray(at - length, at);
  };
  while (at < data.length) {
    const key = varint();
    const kind = Number(key & 7n);
    if (key >> 3n === 0n || ![0, 1, 2, 5].includes(kind)) throw new RangeError('no such field');
    const value = kind === 0 ? varint() : bytes(kind === 1 ? 8 : kind === 5 ? 4 : Number(varint()));
    found.set(Number(key >> 3n), value);
  }
  return found;
}

function verifiedName(data) {
  try {
    if (has('fixed-offset')) return data.subarray(23, 23 + data[22]).toString();
    const inner = fields(fields(data).get(1));
    // Bytes in field 1 make it the wrapped form; a number there, or no field 1, the bare one.
    const details = inner.get(1) instanceof Uint8Array ? fields(inner.get(1)) : inner;
    const name = new TextDecoder('utf-8', { fatal: true }).decode(details.get(4));
    if (name) return name;
  } catch {
    // Whatever is wrong with it, it is no certificate.
  }
  throw new ApiError(400, 1009, 'cert is no certificate');
}

// --- HTTP

const ROUTES = {
  '/v1/users/login': { POST: logIn },
  '/v1/users/logout': { POST: logOut },
  '/v1/users': { POST: createUser },
  '/v1/account': { POST: requestCode },
  '/v1/account/verify': { POST: verifyCode },
  '/v1/settings/account/two-step': { POST: setPin, DELETE: removePin },
};

function route(request, body) {
  const path = request.url.split(/[?#]/)[0];
  if (path.startsWith('/__')) return control(request.method, path, body);
  let methods = Object.hasOwn(ROUTES, path) ? ROUTES[path] : undefined;
  let name;
  const one = /^\/v1\/users\/([^/]+)$/.exec(path);
  if (!methods && one) {
    methods = { GET: showUser, PUT: updateUser, DELETE: deleteUser };
    try {
      name = decodeURIComponent(one[1]);
    } catch {
      throw new ApiError(400, 1009, 'the name cannot be read');
    }
  }
  if (!methods) throw new ApiError(404, 1006, 'there is nothing here');
  const does = Object.hasOwn(methods, request.method) ? methods[request.method] : undefined;
  if (!does) throw new ApiError(405, 1025, 'this path has other methods', { Allow: Object.keys(methods).join(', ') });
  return does(request, body, name);
}

function control(method, path, body) {
  if (method === 'POST' && path === '/__reset') {
    reset();
    return [200, {}];
  }
  if (method === 'POST' && path === '/__advance') {
    state.ahead += Number(body.toString());
    return [200, {}];
  }
  if (method === 'GET' && path === '/__code') return [200, { code: state.code }];
  throw new ApiError(404, 1006, 'there is nothing here');
}

function written(payload) {
  return Buffer.from(JSON.stringify({ meta: { version: 'v2.53.3', api_status: 'stable' }, ...payload }));
}

function errorsOf(error) {
  return { errors: error.errors.map(([code, details]) => ({ code, title: TITLES[code], details })) };
}

const server = createServer((request, response) => {
  const chunks = [];
  let length = 0;
  request.on('data', (chunk) => {
    length += chunk.length;
    if (length <= MAX_BODY) chunks.push(chunk);
  });
  request.on('end', () => {
    let status, payload, headers = {};
    try {
      if (length > MAX_BODY) throw new ApiError(413, 1025, 'the body is too large');
      [status, payload] = route(request, Buffer.concat(chunks));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      ({ status, headers } = error);
      payload = errorsOf(error);
    }
    const body = written(payload);
    response.sendDate = false;
    response.writeHead(status, {
      ...headers,
      Date: new Date(now() * 1000).toUTCString(),
      'Content-Type': 'application/json',
      'Content-Length': body.length,
    });
    response.end(request.method === 'HEAD' ? undefined : body);
  });
});
server.on('clientError', (error, socket) => {
  if (!socket.writable) return;
  const body = written(errorsOf(new ApiError(400, 1025, 'the request cannot be read')));
  socket.end(`HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
});

if (options.list) {
  console.log(Object.keys(FAULTS).join('\n'));
} else {
  server.listen(Number(options.port), '127.0.0.1', () => {
    console.log(`listening on http://127.0.0.1:${server.address().port}`);
  });
}
