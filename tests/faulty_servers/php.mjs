#!/usr/bin/env node
// The WhatsApp Business API as an index.php behind Apache, in Node: one `switch`, superglobals, `http_response_code`,
// `die` with a page, and `json_encode` at the end.
//
// Its defects, each a habit of its implementer:
//  1. Errors are HTML pages with the right status: PHP's own "Fatal error" (with its trace) where the input was not
//     checked by hand, and `<h1>401 Unauthorized</h1>` and the like for the rest.
//  2. JSON is sent without a `header('Content-Type: …')`, so as text/html; charset=UTF-8; `/` in it is written `\/`.
//  3. The default password logs in and gets a token without a new password: nobody compares it with 'secret'.
//  4. `$users[$name] = …` creates a user whether or not there is one already, and so replaces the password of that one,
//     administrator included (201).
//  5. A logout without an Authorization header is answered 200: whoever has no session is logged out.
//  6. At a creation `json_decode($body)->username` is read from whatever was decoded, so that JSON which is no object
//     ends in an uncaught error: 500, PHP's page.

import { META, nameIn, Refusal, serve, Service } from './core.mjs';

// --- PHP, as much of it as is used

const json_encode = (value) => JSON.stringify(value)
  .replaceAll('/', '\\/')
  .replace(/[\u0080-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);

const REASONS = {
  400: 'Bad Request', 401: 'Unauthorized', 403: 'Forbidden', 404: 'Not Found', 405: 'Method Not Allowed',
  413: 'Request Entity Too Large', 500: 'Internal Server Error',
};

const fatal = (message, line) => `<br />
<b>Fatal error</b>:  Uncaught ${message} in /var/www/html/index.php:${line}
Stack trace:
#0 {main}
  thrown in <b>/var/www/html/index.php</b> on line <b>${line}</b><br />
`;

const page = (status) => `<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">
<html><head>
<title>${status} ${REASONS[status]}</title>
</head><body>
<h1>${status} ${REASONS[status]}</h1>
<hr>
<address>Apache/2.4.57 (Debian) Server at localhost Port 80</address>
</body></html>
`;

const respond = (status, body, headers = {}) => ({
  status,
  headers: { Server: 'Apache/2.4.57 (Debian)', 'X-Powered-By': 'PHP/8.2.13', 'Content-Type': 'text/html; charset=UTF-8', ...headers },
  body,
});

/** The error page: what is wrong with the input throws in PHP, all else is refused with a page. */
function die({ status, code, message, headers }) {
  const thrown = { 1008: ['ErrorException: Undefined property', 41], 1009: [`InvalidArgumentException: ${message}`, 57], 1025: ['JsonException: Syntax error', 23] };
  return respond(status, status === 400 && thrown[code] ? fatal(...thrown[code]) : page(status), headers);
}

// --- index.php

class Database extends Service {
  defaultPassword() {
    // No one looks whether it is still the default one.
  }

  taken(username, password) {
    Object.assign(this.users.get(username), { password, mustChange: false });
    return { username };
  }
}

const $db = new Database();

const METHODS = {
  '/v1/users/login': ['POST'],
  '/v1/users/logout': ['POST'],
  '/v1/users': ['POST'],
  '/v1/users/*': ['GET', 'PUT', 'DELETE'],
  '/v1/account': ['POST'],
  '/v1/account/verify': ['POST'],
};

function index($request) {
  const input = (options) => $db.parse($request.body, options);
  const admin = () => $db.requireAdmin($db.session($request));

  let $path = $request.path;
  let $name = null;
  if (!Object.hasOwn(METHODS, $path)) {
    const [, $last] = /^\/v1\/users\/([^/]+)$/.exec($path) ?? [];
    if (!$last) throw new Refusal(404, 1006, 'Not found');
    $name = nameIn($last);
    if ($name === null) throw new Refusal(400, 0, 'Bad request');
    $path = '/v1/users/*';
  }
  if (!METHODS[$path].includes($request.method)) {
    throw new Refusal(405, 1025, 'Method not allowed', { Allow: METHODS[$path].join(', ') });
  }

  switch (`${$request.method} ${$path}`) {
    case 'POST /v1/users/login': {
      const $user = $db.authenticate($request);
      return [200, { users: [$db.login($user, input({ optional: true }))] }];
    }
    case 'POST /v1/users/logout':
      if ($db.authorization($request) !== '') $db.logout($db.session($request));
      return [200, {}];
    case 'POST /v1/users': {
      admin();
      return [201, { users: [$db.create(created(input))] }];
    }
    case 'GET /v1/users/*':
      $db.requireSelf($db.session($request), $name);
      return [200, { users: [$db.read($name)] }];
    case 'PUT /v1/users/*':
      $db.requireSelf($db.session($request), $name);
      return [200, { users: [$db.update($name, input())] }];
    case 'DELETE /v1/users/*':
      admin();
      return [200, { users: [$db.remove($name)] }];
    case 'POST /v1/account': {
      admin();
      const $vname = $db.requestCode(input());
      return $vname === null ? [201, {}] : [202, { account: [{ vname: $vname }] }];
    }
    case 'POST /v1/account/verify':
      admin();
      $db.confirmCode(input());
      return [201, {}];
  }
}

// $data = json_decode($body); json_last_error() is looked at, and is_object($data) is not.
function created(input) {
  try {
    return input();
  } catch (error) {
    if (error instanceof Refusal && error.code === 1025 && !error.cause) throw new TypeError('property_exists(): Argument #1');
    throw error;
  }
}

function handle($request) {
  try {
    const [$status, $payload] = index($request);
    return respond($status, json_encode({ meta: META, ...$payload }));
  } catch (error) {
    if (error instanceof Refusal) return die(error);
    if (error instanceof TypeError && error.message.startsWith('property_exists')) {
      return respond(500, fatal('TypeError: property_exists(): Argument #1 ($object_or_class) must be of type object|string', 40));
    }
    throw error;
  }
}

serve($db, handle, die);
