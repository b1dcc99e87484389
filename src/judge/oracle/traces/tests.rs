use super::trace;
use crate::judge::oracle::readings::Readings;

/// One frame or head of each kind, as programs print it.
const PRINTED: [&str; 47] = [
    // Node
    "SyntaxError: Unexpected token\n    at parse (/app/node_modules/body-parser/lib/types/json.js:96:19)",
    "Error: x\n    at Object.<anonymous>",
    "Error: x\n    at new User (/srv/my app/user.ts:3:9)",
    "Error: x\n    at async login (file:///app/login.mjs:12:5)",
    "Error: x\n    at file:///app/x.mjs:1:2",
    "Error: x\n    at async file:///app/x.mjs:1:2",
    "Error: x\n    at /app/index.js:7:11",
    "Error: x\n    at node:internal/modules/cjs/loader:1105:14",
    "Error: x\n    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)",
    "Error: x\n    at Layer.handle [as handle_request] (C:\\app\\layer.js:95:5)",
    "Error: x\n    at Array.map (<anonymous>)",
    "Error: x\n    at Object.<anonymous> (/app/bin/www:12:3)",
    // The JVM
    "java.lang.IllegalStateException: x\n\tat com.foo.Bar.baz(Bar.java:12)",
    "\tat com.foo.Bar$Companion.lambda$baz$0(Bar.kt:12)",
    "\tat java.lang.Thread.run",
    "\tat java.base/java.lang.Thread.run(Unknown Source)",
    "  at jdk.internal.reflect.NativeMethodAccessorImpl.invoke0(Native Method)",
    "com.foo.Bar.baz(Bar.scala:12)",
    "Caused by: java.lang.NullPointerException: x",
    // Python
    "Traceback (most recent call last):\n  x",
    "  File \"/app/main.py\", line 12, in login\n    x",
    // Go
    "goroutine 1 [running]:",
    "goroutine 4711 [select, 2 minutes]:",
    "main.login(...)\n\t/app/main.go:12 +0x1d",
    "/app/vendor/github.com/gin-gonic/gin/context.go:165 (0x6f3b5)\n",
    " panic: x\n\n -> main.login\n ->   /app/main.go:12\n",
    // Rust
    "thread 'main' panicked at src/main.rs",
    "thread 'main' panicked at 'x', src/main.rs:1:2",
    "   3: app::login\n             at ./src/main.rs:12:5",
    // PHP
    "Stack trace:\n#0",
    "#0 /var/www/x.php(12): login()",
    "PHP Fatal error: Uncaught Exception: x in /var/www/x.php:3",
    "<b>Fatal error</b>:  x in <b>/var/www/x.php</b> on line <b>3</b><br />",
    "{\"exception\": \"ErrorException\", \"file\": \"/var/www/x.php\", \"line\": 12}",
    // Ruby and Lua
    "app.rb:12:in `login'",
    "app.rb:12:in 'Foo#login'",
    "/app/x.lua:12: in function 'login'",
    // .NET
    "System.NullReferenceException: Object",
    "System.Text.Json.JsonReaderException: x",
    "   at Api.Login.Post(LoginRequest request) in C:\\src\\Login.cs:line 12",
    "   at Api.Login.Post(LoginRequest request)",
    "   at Api.Login.<Post>d__2.MoveNext()",
    // Elixir, Erlang, Dart, Perl
    "    (phoenix 1.7.2) lib/phoenix/router.ex:430: Phoenix.Router.__call__/5",
    "    lib/app/login.ex:12: App.Login.post/2",
    "[{app_login,post,2,[{file,\"src/app_login.erl\"},{line,12}]}]",
    "#0      main (package:app/main.dart:12:5)",
    "Died at /app/login.pl line 12.",
];

/// Texts of honest answers.
const HONEST: [&str; 43] = [
    "",
    "at least 8 characters",
    "look at the documentation (page 12)",
    "look at https://example.com/docs/api.html",
    "see https://example.com:8080/errors/1005",
    "invalid value at line 3",
    "invalid value at line 3 column 12",
    "Unexpected token } in JSON at position 12",
    "expected `,` at line 1 column 12 (char 11)",
    "No route at /v1/users/main.js",
    "Cannot GET /v1/users/main.js:12",
    "Cannot POST /v1/users/../x.php",
    "no such file: /v1/account/x.py",
    "request at 2018-03-01T15:29:26.123Z failed",
    "request at 10/Oct/2000:13:55:36 failed",
    "request at 15:29:26 failed",
    "expires at 2018-03-01 15:29:26+00:00",
    "v2.53.1 (stable)",
    "from 127.0.0.1:54321 at 127.0.0.1:9090",
    "format (x) is not valid",
    "that (sic) is not valid",
    "java is not json",
    "The system. Exception handling is on the next page.",
    "System.out is not a field",
    "Stack trace: not shown",
    "Caused by: a wrong password",
    "Caused by: wrong.value",
    "no goroutine left",
    "the goroutine 7 has ended",
    "line 12, in login",
    "File \"photo.jpg\", line 12",
    "in the file x.go:12",
    "settings.ts",
    "write to help@example.com",
    "1 < 2, and 3 > 2",
    "an error (see main.go)",
    "at Acme Inc. (Berlin)",
    "look at example (page 12)",
    "look at this.example (12:30:00)",
    "\n    at least 8 characters\n    at most 64 characters",
    "\n    at www.example.com\n",
    "{\"file\": \"photo.png\", \"line\": 3}",
    "{\"path\": \"/v1/users/x.php\", \"code\": 12}",
];

fn as_json(text: &str) -> String {
    let text = serde_json::Value::from(text).to_string();
    format!("{{\"errors\":[{{\"code\":1009,\"title\":{text}}}]}}")
}

fn as_html(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let text = text.replace('"', "&quot;").replace('\'', "&#39;").replace('`', "&#x60;");
    let text = text.replace('\n', "<br>").replace('\t', "&#9;").replace("  ", " &nbsp;");
    format!("<!DOCTYPE html>\n<html><body>\n<pre>{text}</pre>\n</body></html>\n")
}

fn as_page(text: &str) -> String {
    let text = text.replace('\n', "<br/>\n").replace("  ", "&nbsp;&nbsp;");
    format!("<html><body><p class=\"error\">{text}</p></body></html>")
}

/// A text in the spellings that answers come in.
fn spelled(text: &str) -> Vec<String> {
    let json = as_json(text);
    // Some encoders escape what HTML gives a meaning.
    let careful = json.replace('<', "\\u003c").replace('>', "\\u003E").replace('&', "\\u0026");
    vec![
        text.to_owned(),
        text.replace('\n', "\r\n"),
        format!("{{{json}"),
        careful,
        json.replace('/', "\\/"),
        as_json(&json),
        as_html(text),
        as_page(text),
        as_json(&as_html(text)),
        as_html(&json),
        json,
    ]
}

fn found(text: &str) -> Option<String> {
    Readings::of(text.into()).iter().find_map(trace)
}

#[test]
fn traces_are_found_in_every_spelling() {
    let mut missed = Vec::new();
    for printed in PRINTED {
        missed.extend(spelled(printed).into_iter().filter(|text| found(text).is_none()));
    }
    assert!(missed.is_empty(), "{} missed: {missed:#?}", missed.len());
}

#[test]
fn what_is_honest_is_no_trace_in_any_spelling() {
    let mut taken = Vec::new();
    for honest in HONEST {
        taken.extend(spelled(honest).into_iter().filter(|text| found(text).is_some()));
    }
    assert!(taken.is_empty(), "{} are no traces: {taken:#?}", taken.len());
}

#[test]
fn each_line_of_a_page_of_express_is_a_frame() {
    let page = "<pre>SyntaxError: Expected &#39;,&#39; at position 5<br> &nbsp; &nbsp;at JSON.parse (&lt;anonymous&gt;)\
                <br> &nbsp; &nbsp;at parse (/app/node_modules/body-parser/lib/types/json.js:92:19)</pre>";
    assert!(found(page).is_some());
    for frame in page.split("<br>").skip(1) {
        assert!(found(&format!("<br>{frame}")).is_some(), "{frame}");
    }
}

#[test]
fn what_is_shown_begins_with_the_trace() {
    let words = "words ".repeat(1000);
    for (text, shown) in [
        (format!("{words}\n    at parse (/app/x.js:1:2)"), "at parse (/app/x.js:1:2)"),
        (format!("{words} in /app/x.php on line 3"), "/app/x.php on line 3"),
        (format!("{words}(Bär.java:12)"), "Bär.java:12)"),
    ] {
        assert_eq!(found(&text).as_deref(), Some(shown));
    }
}

#[test]
fn long_hostile_texts_are_read_to_their_end() {
    for part in [
        "at ",
        " at x(",
        ".js:1",
        ".go:1 ",
        "<",
        "<b",
        "&#",
        "\\u00",
        "%4",
        "\"",
        "((",
        ".py\",\"line",
        "Stack trace: ",
    ] {
        let text = part.repeat(100_000 / part.len());
        assert_eq!(found(&text), None, "{part}");
        assert!(found(&format!("{text}\n    at node:internal/x:1:2")).is_some(), "{part}");
    }
}
