#![no_main]
libfuzzer_sys::fuzz_target!(|input: &[u8]| wabizspec::fuzz::in_process::login_body(input));
