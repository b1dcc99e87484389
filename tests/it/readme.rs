//! The README's console examples, run as they stand there.

#[test]
fn the_examples_print_what_the_readme_says() {
    // The examples judge the embedded client; a target in the environment would make them judge something else.
    let cases = trycmd::TestCases::new();
    cases.env("NO_COLOR", "1").env("CI", "").register_bin("wabizspec", trycmd::cargo::cargo_bin!("wabizspec"));
    cases.case("README.md");
}
