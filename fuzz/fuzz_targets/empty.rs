//! Nothing: what libFuzzer itself costs, for `fuzz/rates.sh`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    std::hint::black_box(input);
});
