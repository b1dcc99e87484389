#!/usr/bin/env node
// The WhatsApp Business API as in the Express tutorial: routes, middleware, `res.json`, an error handler at the end.
//
// Its defects, each a habit of its implementer:
//  1. Errors are `{"error":"message"}`, as in every tutorial, without `errors` and without codes.
//  2. Broken JSON is left to the default error handler: 400 with an HTML page that holds the stack trace of body-parser.
//  3. Unknown paths, and methods a path does not have, are left to Express too: `Cannot GET /x`, 404, an HTML page.
//  4. A creation is answered 200, since `res.json` without `res.status` is.
//  5. DELETE is answered 204 without a body, as REST guides recommend.
//  6. A password needs 8 characters (to 64) and nothing else, wherever one is set.
//  7. A user name that is taken is answered 409, which is what 409 is for.

import { META, nameIn, Refusal, serve, Service } from './core.mjs';

// --- express and body-parser, as much of them as is used

const escapeHtml = (text) => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

function page(res, status, text) {
  const shown = escapeHtml(text).replaceAll('\n', '<br>').replaceAll('  ', ' &nbsp;');
  res.status(status).type('text/html; charset=utf-8').set('Content-Security-Policy', "default-src 'none'");
  res.send(`<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>Error</title>\n</head>\n<body>\n<pre>${shown}</pre>\n</body>\n</html>\n`);
}

class Response {
  result = { status: 200, headers: { 'X-Powered-By': 'Express' }, body: '' };
  status(code) { this.result.status = code; return this; }
  set(name, value) { this.result.headers[name] = value; return this; }
  type(value) { return this.set('Content-Type', value); }
  send(text) { this.result.body = text; return this; }
  json(value) { return this.type('application/json; charset=utf-8').send(JSON.stringify(value)); }
  end() { return this; }
}

function express() {
  const routes = [];
  let onError;
  const app = { error: (handler) => (onError = handler) };
  for (const method of ['get', 'post', 'put', 'delete']) {
    app[method] = (path, ...handlers) => {
      const pattern = new RegExp(`^${path.replace(/:\w+/, '([^/]+)')}$`);
      routes.push({ method: method.toUpperCase(), path, pattern, handlers });
    };
  }
  // A fixed path goes before one with a parameter, so that `login` is no user's name.
  const matching = (path) => {
    const all = routes.filter(({ pattern }) => pattern.test(path));
    return all.some((route) => route.path === path) ? all.filter((route) => route.path === path) : all;
  };
  app.handle = (request) => {
    const res = new Response();
    const route = matching(request.path).find(({ method }) => method === request.method);
    try {
      if (!route) {
        page(res, 404, `Cannot ${request.method} ${request.path}`);
        return res.result;
      }
      const req = { raw: request, params: { username: nameIn(route.pattern.exec(request.path)[1] ?? '') } };
      let at = 0;
      const next = () => route.handlers[at++](req, res, next);
      next();
    } catch (error) {
      onError(error, res, () => page(res, error.status ?? 500, error.stack));
    }
    return res.result;
  };
  return app;
}

// What body-parser makes of a body that JSON.parse refuses (its `strict` refuses anything but objects and arrays as well).
const frames = [
  'JSON.parse (<anonymous>)',
  'parse (/app/node_modules/body-parser/lib/types/json.js:92:19)',
  '/app/node_modules/body-parser/lib/read.js:128:18',
  'AsyncResource.runInAsyncScope (node:async_hooks:206:9)',
  'invokeCallback (/app/node_modules/raw-body/index.js:238:16)',
  'done (/app/node_modules/raw-body/index.js:227:7)',
  'IncomingMessage.onEnd (/app/node_modules/raw-body/index.js:287:7)',
  'IncomingMessage.emit (node:events:518:28)',
  'endReadableNT (node:internal/streams/readable:1698:12)',
];

function bodyParser(req, res, next) {
  const text = req.raw.body.toString();
  const first = text.trim()[0];
  try {
    if (first === undefined) req.body = {};
    else if (first === '{' || first === '[') req.body = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(req.raw.body));
    else throw new SyntaxError(`Unexpected token ${first} in JSON`);
  } catch (error) {
    // The message without the piece of the body that V8 quotes in it.
    const broken = new SyntaxError(error.message.replace(/, (\.\.\.)?".*$/s, ' in JSON'));
    broken.stack = [`SyntaxError: ${broken.message}`, ...frames.map((frame) => `    at ${frame}`)].join('\n');
    throw Object.assign(broken, { status: 400 });
  }
  next();
}

// --- the application

class Users extends Service {
  acceptable(password) {
    return [...password].length >= 8 && [...password].length <= 64;
  }

  taken() {
    throw new Refusal(409, 1004, 'User already exists');
  }
}

const users = new Users();
const app = express();

const basicAuth = (req, res, next) => {
  req.user = users.authenticate(req.raw);
  next();
};
const bearerAuth = (req, res, next) => {
  req.session = users.session(req.raw);
  next();
};
const adminOnly = (req, res, next) => {
  users.requireAdmin(req.session);
  next();
};
const selfOrAdmin = (req, res, next) => {
  if (req.params.username === null) throw new Refusal(400, 1009, 'Failed to decode the user name');
  users.requireSelf(req.session, req.params.username);
  next();
};

app.post('/v1/users/login', basicAuth, bodyParser, (req, res) => {
  res.json({ meta: META, users: [users.login(req.user, req.body)] });
});

app.post('/v1/users/logout', bearerAuth, (req, res) => {
  users.logout(req.session);
  res.json({ meta: META });
});

app.post('/v1/users', bearerAuth, adminOnly, bodyParser, (req, res) => {
  res.json({ meta: META, users: [users.create(req.body)] });
});

app.get('/v1/users/:username', bearerAuth, selfOrAdmin, (req, res) => {
  res.json({ meta: META, users: [users.read(req.params.username)] });
});

app.put('/v1/users/:username', bearerAuth, selfOrAdmin, bodyParser, (req, res) => {
  res.json({ meta: META, users: [users.update(req.params.username, req.body)] });
});

app.delete('/v1/users/:username', bearerAuth, adminOnly, (req, res) => {
  users.remove(req.params.username);
  res.status(204).end();
});

app.post('/v1/account', bearerAuth, adminOnly, bodyParser, (req, res) => {
  const vname = users.requestCode(req.body);
  if (vname === null) return res.status(201).json({ meta: META });
  res.status(202).json({ meta: META, account: [{ vname }] });
});

app.post('/v1/account/verify', bearerAuth, adminOnly, bodyParser, (req, res) => {
  users.confirmCode(req.body);
  res.status(201).json({ meta: META });
});

app.error((err, res, next) => {
  if (!(err instanceof Refusal)) return next();
  for (const [name, value] of Object.entries(err.headers)) res.set(name, value);
  res.status(err.status).json({ error: err.message });
});

serve(users, app.handle, (err) => new Response().status(err.status).json({ error: err.message }).result);
