//! Shrinking: the least bytes that still show the same.
//!
//! A step is taken only when the shorter input gives the same signature, so class and symptom stay. It ends: each step
//! taken makes the input smaller, and the number of tries is bounded.

const TRIES: usize = 200;

/// Simpler inputs, the simplest first: without a half, a quarter and so on, or with a letter replaced by the plainest.
fn simpler(input: &[u8]) -> Vec<Vec<u8>> {
    let mut inputs = Vec::new();
    let mut size = input.len();
    while size > 0 {
        for start in (0..input.len()).step_by(size) {
            let end = (start + size).min(input.len());
            inputs.push([&input[..start], &input[end..]].concat());
        }
        size /= 2;
    }
    for (index, byte) in input.iter().enumerate().take(8) {
        if *byte > b'a' {
            let mut plainer = input.to_vec();
            plainer[index] = b'a';
            inputs.push(plainer);
        }
    }
    inputs
}

/// Shrinks with a test that may wait; `still` says whether an input shows the same.
pub async fn shrink(input: &[u8], mut still: impl AsyncFnMut(&[u8]) -> bool) -> Vec<u8> {
    let mut least = input.to_vec();
    let mut tries = 0;
    'again: loop {
        for candidate in simpler(&least) {
            if tries >= TRIES {
                return least;
            }
            tries += 1;
            if still(&candidate).await {
                least = candidate;
                continue 'again;
            }
        }
        return least;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_remains_is_what_matters_and_it_ends() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("runtime");
        let noisy = b"zzqqNEEDLEqqqqqqqqqqqqqqqqqqqq";
        let shrunk = |still: fn(&[u8]) -> bool| runtime.block_on(shrink(noisy, async |input: &[u8]| still(input)));
        assert_eq!(shrunk(|input| input.windows(6).any(|window| window == b"NEEDLE")), b"NEEDLE");
        assert_eq!(shrunk(|_| false), noisy);
        assert_eq!(shrunk(|_| true), b"");
    }
}
