//! The console examples of the README and of `docs/`: each prints what is written there.

#[test]
fn the_examples_print_what_the_documents_say() {
    // The examples judge the embedded client; a target in the environment would make them judge something else.
    let cases = trycmd::TestCases::new();
    cases.env("NO_COLOR", "1").env("CI", "").register_bin("wabizspec", trycmd::cargo::cargo_bin!("wabizspec"));
    cases.case("README.md").case("docs/*.md");
}
