// The login and the users of the API as they are often written in an afternoon: `atob`, `split(":")`, `JSON.parse`, and an
// answer of 500 for whatever was not thought of. Nothing here is a planted fault: it is what the wire fuzzer is for.
//
// node naive.mjs --port PORT
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";

const users = { admin: { password: "secret", role: "ROLE_ADMIN" } };
const tokens = {};
const meta = { version: "v2.53.1", api_status: "stable" };

const send = (response, status, body) => {
  const head = { "Content-Type": "application/json" };
  if (status === 401) head["WWW-Authenticate"] = 'Basic realm="api"';
  response.writeHead(status, head).end(JSON.stringify({ meta, ...body }));
};
const refuse = (response, status, code, title) => send(response, status, { errors: [{ code, title }] });

const isStrong = (password) =>
  password.length >= 8 && password.length <= 64 && /[a-z]/.test(password) && /[A-Z]/.test(password) &&
  /[0-9]/.test(password) && /[^A-Za-z0-9]/.test(password);

function login(request, response, body) {
  const [name, password] = atob(request.headers.authorization.split(" ")[1]).split(":");
  const user = users[name];
  if (!user || user.password !== password) return refuse(response, 401, 1005, "Access denied");
  const change = body ? JSON.parse(body).new_password : undefined;
  if (change !== undefined) {
    if (!isStrong(change)) return refuse(response, 400, 1009, "Parameter value is not valid");
    user.password = change;
  } else if (user.password === "secret") {
    return refuse(response, 401, 1024, "Password change required");
  }
  const token = randomBytes(24).toString("base64url");
  tokens[token] = name;
  const ends = new Date(Date.now() + 7 * 86400 * 1000).toISOString();
  send(response, 200, { users: [{ token, expires_after: `${ends.slice(0, 10)} ${ends.slice(11, 19)}+00:00` }] });
}

function handle(request, response, body) {
  const path = new URL(request.url, "http://localhost").pathname;
  if (path === "/v1/users/login" && request.method === "POST") return login(request, response, body);

  const caller = tokens[(request.headers.authorization ?? "").split(" ")[1]];
  if (!caller) return refuse(response, 401, 1005, "Access denied");
  if (path === "/v1/users/logout") {
    delete tokens[request.headers.authorization.split(" ")[1]];
    return send(response, 200, {});
  }
  const isAdmin = users[caller].role === "ROLE_ADMIN";
  if (path === "/v1/users" && request.method === "POST") {
    if (!isAdmin) return refuse(response, 403, 1005, "Access denied");
    const { username, password } = JSON.parse(body);
    if (!username || username.length < 4 || username.length > 32 || !password || !isStrong(password)) {
      return refuse(response, 400, 1009, "Parameter value is not valid");
    }
    if (users[username]) return refuse(response, 500, 1014, "Internal error");
    users[username] = { password, role: "ROLE_USER" };
    return send(response, 201, { users: [{ username }] });
  }
  const name = decodeURIComponent(path.slice("/v1/users/".length));
  if (!path.startsWith("/v1/users/")) return refuse(response, 404, 1006, "Resource not found");
  if (!isAdmin && (caller !== name || request.method === "DELETE")) return refuse(response, 403, 1005, "Access denied");
  if (!users[name]) return refuse(response, 404, 1006, "Resource not found");
  if (request.method === "GET") return send(response, 200, { users: [{ username: name, ROLES: users[name].role }] });
  if (request.method === "PUT") {
    const { password } = JSON.parse(body);
    if (!isStrong(password)) return refuse(response, 400, 1009, "Parameter value is not valid");
    users[name].password = password;
    return send(response, 200, { users: [{ username: name }] });
  }
  if (request.method !== "DELETE") return refuse(response, 404, 1006, "Resource not found");
  if (name === "admin") return refuse(response, 400, 1005, "Access denied");
  delete users[name];
  for (const [token, owner] of Object.entries(tokens)) if (owner === name) delete tokens[token];
  send(response, 200, { users: [{ username: name }] });
}

const port = Number(process.argv[process.argv.indexOf("--port") + 1]);
createServer((request, response) => {
  let body = "";
  request.on("data", (part) => (body += part));
  request.on("end", () => {
    try {
      handle(request, response, body);
    } catch (error) {
      refuse(response, 500, 500, String(error.message));
    }
  });
}).listen(port, "127.0.0.1");
