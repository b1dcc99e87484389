// What the three Node servers share: the conforming part. `Service` holds the state and does what the eight operations
// do; `serve` reads requests from the wire. Each server brings its own routes, its own way of answering, and its
// defects, which override a method of `Service` or stand in its routes. `node core.mjs --port 0` serves without defects.
import { randomBytes, randomInt } from 'node:crypto';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const LIFETIME = 7 * 24 * 60 * 60;
const MAX_BODY = 1 << 20;
export const META = { version: 'v2.53.1', api_status: 'stable' };
export const TITLES = {
  1005: 'Access denied',
  1006: 'Resource not found',
  1008: 'Required parameter is missing',
  1009: 'Parameter value is not valid',
  1013: 'User is not valid',
  1014: 'Internal error',
  1024: 'Password change required',
  1025: 'Request is not valid',
};

export class Refusal extends Error {
  constructor(status, code, message, headers = {}) {
    super(message);
    Object.assign(this, { status, code, headers, problems: [[code, message]] });
  }
}

const BASIC = { 'WWW-Authenticate': 'Basic realm="api"' };
const BEARER = { 'WWW-Authenticate': 'Bearer' };
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const utf8 = (bytes) => new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
const size = (text) => [...text].length;

export class Service {
  constructor() {
    this.reset();
  }

  reset() {
    this.users = new Map([['admin', { username: 'admin', password: 'secret', role: 'ROLE_ADMIN', mustChange: true }]]);
    this.tokens = new Map();
    this.code = this.askedFor = this.registered = null;
  }

  // --- reading requests

  authorization({ rawHeaders }) {
    const values = rawHeaders.filter((_, at) => at % 2 && rawHeaders[at - 1].toLowerCase() === 'authorization');
    if (values.length > 1) throw new Refusal(400, 1025, 'more than one Authorization header');
    return (values[0] ?? '').trim();
  }

  /** [username, password] of the header, or null where it holds no Basic credentials. */
  basic(request) {
    const encoded = /^basic +(\S+)$/i.exec(this.authorization(request))?.[1];
    if (!encoded || !BASE64.test(encoded)) return null;
    try {
      const text = utf8(Buffer.from(encoded, 'base64'));
      const colon = text.indexOf(':');
      return colon < 0 ? null : [text.slice(0, colon), text.slice(colon + 1)];
    } catch {
      return null;
    }
  }

  /** The user with that name and password, or undefined. */
  find(username, password) {
    const user = this.users.get(username);
    return user?.password === password ? user : undefined;
  }

  authenticate(request) {
    const credentials = this.basic(request);
    const user = credentials && this.find(...credentials);
    if (!user) throw new Refusal(401, 1005, 'Invalid username or password', BASIC);
    return user;
  }

  /** The session of the Bearer token: {token, username, until}. */
  session(request) {
    const token = /^bearer +(\S+)$/i.exec(this.authorization(request))?.[1];
    const session = this.tokens.get(token);
    if (!session || session.until < Date.now() / 1000) throw new Refusal(401, 1005, 'Invalid token', BEARER);
    return session;
  }

  requireAdmin({ username }) {
    if (username !== 'admin') throw new Refusal(403, 1005, 'Administrators only');
  }

  requireSelf({ username }, name) {
    if (username !== 'admin' && username !== name) throw new Refusal(403, 1005, 'Not your account');
  }

  parse(bytes, { optional = false } = {}) {
    let value;
    try {
      const text = utf8(bytes);
      if (optional && !text.trim()) return {};
      value = JSON.parse(text);
    } catch (error) {
      throw Object.assign(new Refusal(400, 1025, 'The body is not JSON'), { cause: error });
    }
    return this.object(value);
  }

  object(value) {
    const isObject = value !== null && typeof value === 'object' && !Array.isArray(value);
    if (!isObject) throw new Refusal(400, 1025, 'The body is not a JSON object');
    return value;
  }

  texts(value, ...names) {
    const problems = names.flatMap((name) => {
      if (!Object.hasOwn(value, name)) return [[1008, `${name} is required`]];
      return typeof value[name] === 'string' && value[name].isWellFormed() ? [] : [[1009, `${name} must be a string`]];
    });
    if (problems.length) throw Object.assign(new Refusal(400, ...problems[0]), { problems });
    return value;
  }

  acceptable(password) {
    const classes = [/[0-9]/, /[A-Z]/, /[a-z]/, /[!-/:-@[-`{-~]/];
    return size(password) >= 8 && size(password) <= 64 && classes.every((kind) => kind.test(password));
  }

  judge(password) {
    if (!this.acceptable(password)) throw new Refusal(400, 1009, 'The password does not meet the requirements');
  }

  // --- the operations, once the caller is known

  login(user, body) {
    const fresh = Object.hasOwn(body, 'new_password') ? body.new_password : null;
    if (fresh !== null) {
      this.texts(body, 'new_password');
      this.judge(fresh);
      Object.assign(user, { password: fresh, mustChange: false });
    } else if (user.mustChange) {
      this.defaultPassword();
    }
    const token = randomBytes(36).toString('base64url');
    const until = Math.floor(Date.now() / 1000) + LIFETIME;
    this.tokens.set(token, { token, username: user.username, until });
    const written = new Date(until * 1000).toISOString();
    return { token, expires_after: `${written.slice(0, 10)} ${written.slice(11, 19)}+00:00` };
  }

  defaultPassword() {
    throw new Refusal(401, 1024, 'Change the default password', BASIC);
  }

  logout({ token }) {
    this.tokens.delete(token);
  }

  create(body) {
    const { username, password } = this.texts(body, 'username', 'password');
    if (size(username) < 4 || size(username) > 32) throw new Refusal(400, 1009, 'username must have 4 to 32 characters');
    this.judge(password);
    if (this.users.has(username)) return this.taken(username, password);
    this.users.set(username, { username, password, role: 'ROLE_USER', mustChange: false });
    return { username };
  }

  taken() {
    throw new Refusal(500, 1014, 'The user already exists');
  }

  user(name) {
    const user = this.users.get(name);
    if (!user) throw new Refusal(404, 1006, 'User not found');
    return user;
  }

  read(name) {
    const { username, role } = this.user(name);
    return { username, ROLES: role };
  }

  update(name, body) {
    const user = this.user(name);
    const { password } = this.texts(body, 'password');
    this.judge(password);
    Object.assign(user, { password, mustChange: false });
    return { username: name };
  }

  remove(name) {
    if (name === 'admin') throw new Refusal(400, 1013, 'The admin user cannot be deleted');
    this.user(name);
    this.users.delete(name);
    for (const [token, session] of this.tokens) if (session.username === name) this.tokens.delete(token);
    return { username: name };
  }

  /** The verified name, or null where that number is registered already. */
  requestCode(body) {
    const { cc, phone_number: number, method, cert } = this.texts(body, 'cc', 'phone_number', 'method', 'cert');
    const { pin = null } = body;
    const rules = [
      ['cc', /^[0-9]{1,3}$/.test(cc)],
      ['phone_number', /^[0-9]{4,14}$/.test(number)],
      ['method', method === 'sms' || method === 'voice'],
      ['pin', pin === null || (typeof pin === 'string' && /^[0-9]{6}$/.test(pin))],
      ['cert', cert !== '' && BASE64.test(cert)],
    ];
    const problems = rules.filter(([, holds]) => !holds).map(([name]) => [1009, `${name} is not valid`]);
    if (problems.length) throw Object.assign(new Refusal(400, ...problems[0]), { problems });
    const vname = verifiedName(Buffer.from(cert, 'base64'));
    if (this.registered === `${cc} ${number}`) return null;
    this.code = String(randomInt(1e6)).padStart(6, '0');
    this.askedFor = `${cc} ${number}`;
    return vname;
  }

  confirmCode(body) {
    const { code } = this.texts(body, 'code');
    if (this.code === null || code !== this.code) throw new Refusal(403, 1005, 'Wrong code');
    this.registered = this.askedFor;
    this.code = null;
  }
}

// --- certificates: BizAccountPayload {1: VerifiedNameCertificate {1: Details {4: verifiedName}}}, or without the outermost

function message(data) {
  const found = new Map();
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      if (at >= data.length) break;
      const byte = data[at++];
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError('no varint');
  };
  while (at < data.length) {
    const key = varint();
    const kind = Number(key & 7n);
    if (key >> 3n === 0n || ![0, 1, 2, 5].includes(kind)) throw new RangeError('no field');
    if (kind === 0) {
      found.set(Number(key >> 3n), varint());
      continue;
    }
    const length = kind === 1 ? 8 : kind === 5 ? 4 : Number(varint());
    if (length > data.length - at) throw new RangeError('cut off');
    found.set(Number(key >> 3n), data.subarray(at, at + length));
    at += length;
  }
  return found;
}

export function verifiedName(data) {
  try {
    const inner = message(message(data).get(1));
    const details = inner.get(1) instanceof Uint8Array ? message(inner.get(1)) : inner;
    const name = utf8(details.get(4));
    if (name) return name;
  } catch {
    // It is no certificate, for whatever reason.
  }
  throw new Refusal(400, 1009, 'cert is not a certificate');
}

// --- the wire

/** The last part of the path below /v1/users, decoded; null where it cannot be. */
export function nameIn(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}

/**
 * `handle` answers a request {method, path, rawHeaders, body} with {status, headers, body}; `refuse` does so for a
 * Refusal where there is no request that could be handled.
 */
export function serve(service, handle, refuse) {
  const { values } = parseArgs({ options: { port: { type: 'string', default: '0' } } });
  const control = ({ method, path }) => {
    if (method === 'POST' && path === '/__control/reset') {
      service.reset();
      return { status: 200, headers: { 'Content-Type': 'application/json' }, body: '{}' };
    }
    if (method === 'GET' && path === '/__control/code' && service.code !== null) {
      return { status: 200, headers: { 'Content-Type': 'text/plain' }, body: service.code };
    }
    return { status: 404, headers: { 'Content-Type': 'text/plain' }, body: 'nothing here' };
  };
  const answer = (request) => {
    try {
      if (request.body === null) return refuse(new Refusal(413, 1025, 'The body is too large'));
      return request.path.startsWith('/__control/') ? control(request) : handle(request);
    } catch (error) {
      console.error(error);
      return refuse(new Refusal(500, 1000, 'Internal error'));
    }
  };
  const server = createServer((incoming, response) => {
    const chunks = [];
    let length = 0;
    incoming.on('data', (chunk) => {
      length += chunk.length;
      if (length <= MAX_BODY) chunks.push(chunk);
    });
    incoming.on('end', () => {
      const { method, url, rawHeaders } = incoming;
      const body = length > MAX_BODY ? null : Buffer.concat(chunks);
      const { status, headers, body: text } = answer({ method, path: url.split(/[?#]/)[0], rawHeaders, body });
      const bytes = Buffer.from(text);
      response.writeHead(status, status === 204 ? headers : { ...headers, 'Content-Length': bytes.length });
      response.end(status === 204 || method === 'HEAD' ? undefined : bytes);
    });
  });
  server.keepAliveTimeout = 60_000;
  server.on('clientError', (_error, socket) => {
    if (!socket.writable) return;
    const { headers, body } = refuse(new Refusal(400, 1025, 'Bad Request'));
    const lines = Object.entries({ ...headers, 'Content-Length': Buffer.byteLength(body), Connection: 'close' });
    socket.end(`HTTP/1.1 400 Bad Request\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`);
  });
  server.listen(Number(values.port), '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${server.address().port}`));
}

// --- without defects

function conforming(service) {
  const admin = (request) => service.requireAdmin(service.session(request));
  const user = (request, name) => service.requireSelf(service.session(request), name);
  const body = (request) => service.parse(request.body);
  const routes = {
    'POST /v1/users/login': (request) => {
      const who = service.authenticate(request);
      return [200, { users: [service.login(who, service.parse(request.body, { optional: true }))] }];
    },
    'POST /v1/users/logout': (request) => [200, (service.logout(service.session(request)), {})],
    'POST /v1/users': (request) => (admin(request), [201, { users: [service.create(body(request))] }]),
    'GET /v1/users/*': (request, name) => (user(request, name), [200, { users: [service.read(name)] }]),
    'PUT /v1/users/*': (request, name) => (user(request, name), [200, { users: [service.update(name, body(request))] }]),
    'DELETE /v1/users/*': (request, name) => (admin(request), [200, { users: [service.remove(name)] }]),
    'POST /v1/account': (request) => {
      admin(request);
      const vname = service.requestCode(body(request));
      return vname === null ? [201, {}] : [202, { account: [{ vname }] }];
    },
    'POST /v1/account/verify': (request) => (admin(request), [201, (service.confirmCode(body(request)), {})]),
  };
  return (request) => {
    const fixed = Object.keys(routes).some((route) => route.endsWith(` ${request.path}`));
    const one = fixed ? null : /^\/v1\/users\/([^/]+)$/.exec(request.path);
    const path = one ? '/v1/users/*' : request.path;
    const allowed = Object.keys(routes).filter((route) => route.endsWith(` ${path}`)).map((route) => route.split(' ')[0]);
    if (!allowed.length) throw new Refusal(404, 1006, 'Nothing here');
    if (!allowed.includes(request.method)) throw new Refusal(405, 1025, 'Method not allowed', { Allow: allowed.join(', ') });
    const name = one && nameIn(one[1]);
    if (one && name === null) throw new Refusal(400, 1009, 'The name cannot be read');
    return routes[`${request.method} ${path}`](request, name);
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const service = new Service();
  const json = (status, headers, payload) => ({
    status,
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify({ meta: META, ...payload }),
  });
  const refuse = ({ status, headers, problems }) =>
    json(status, headers, { errors: problems.map(([code, details]) => ({ code, title: TITLES[code], details })) });
  const route = conforming(service);
  const handle = (request) => {
    try {
      const [status, payload] = route(request);
      return json(status, {}, payload);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return refuse(error);
    }
  };
  serve(service, handle, refuse);
}
