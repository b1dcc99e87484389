// A proxy in front of the reference client that spoils some answers, with hostile text in them.
import http from "node:http";
const [upstream, port] = process.argv.slice(2);
const hostile = `</script><script>window.pwned=1</script><img src=x onerror=window.pwned=2>\u0001\u001b[31m`;
const server = http.createServer((request, response) => {
  const parts = [];
  request.on("data", part => parts.push(part));
  request.on("end", () => {
    const out = http.request(upstream + request.url, { method: request.method, headers: request.headers }, answer => {
      const got = [];
      answer.on("data", part => got.push(part));
      answer.on("end", () => {
        let text = Buffer.concat(got).toString();
        const headers = { ...answer.headers };
        delete headers["transfer-encoding"]; delete headers["content-length"];
        if (request.url.startsWith("/v1/account") && answer.statusCode >= 400) {
          text = JSON.stringify({ meta: {}, errors: [{ code: 1, title: hostile, details: "```\n::error::x" }] });
        }
        let status = answer.statusCode;
        if (request.url.startsWith("/v1/users/") && request.method === "GET" && status === 200) { status = 500; text = hostile; }
        if (request.url === "/v1/users/logout" && status === 401) { status = 200; }
        response.writeHead(status, { ...headers, "content-length": Buffer.byteLength(text) });
        response.end(text);
      });
    });
    out.on("error", () => response.destroy());
    out.end(Buffer.concat(parts));
  });
});
server.listen(Number(port), "127.0.0.1");
