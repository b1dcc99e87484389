//! Which inputs are tried, in which order.
//!
//! Input `i` follows from the seed, `i` and the answers so far: first the aimed inputs, then mixtures of them, of
//! what gave new kinds of answers, and of the dictionaries, and now and then random bytes.

use std::collections::BTreeMap;

use super::aimed::{self, Aimed};
use super::grammar::{BodyInput, Framing, INPUT_BYTES};
use super::random::Random;
use super::{Form, Surface};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generated {
    pub index: u64,
    /// Of an aimed input.
    pub row: Option<&'static str>,
    pub surface: Surface,
    pub input: Vec<u8>,
}

pub struct Generator {
    seed: u64,
    surfaces: Vec<Surface>,
    aimed: Vec<Aimed>,
    /// What is mixed: the aimed inputs and those that got a new kind of answer.
    corpus: BTreeMap<Surface, Vec<Vec<u8>>>,
    pieces: BTreeMap<Surface, Vec<Vec<u8>>>,
    next: u64,
}

/// How many inputs of a surface are kept for mixing.
const CORPUS: usize = 4096;

/// One of so many mixed bodies in chunks is sent chunked: each needs its own connection, which costs three requests.
const CHUNKED: usize = 12;

impl Generator {
    pub fn new(seed: u64, surfaces: &[Surface]) -> Generator {
        let aimed = aimed::all(surfaces);
        let mut corpus: BTreeMap<Surface, Vec<Vec<u8>>> = BTreeMap::new();
        // Mixed, long inputs would take the time of many short ones.
        for input in aimed.iter().filter(|aimed| !aimed.is_threshold) {
            corpus.entry(input.surface).or_default().push(input.input.clone());
        }
        Generator {
            seed,
            surfaces: surfaces.to_vec(),
            aimed,
            corpus,
            pieces: surfaces.iter().map(|surface| (*surface, aimed::pieces(*surface))).collect(),
            next: 0,
        }
    }

    /// Takes an input that got a new kind of answer: it will be mixed from now on.
    pub fn keep(&mut self, surface: Surface, input: Vec<u8>) {
        let kept = self.corpus.entry(surface).or_default();
        if kept.len() < CORPUS && !kept.contains(&input) {
            kept.push(input);
        }
    }

    pub fn kept(&self) -> usize {
        self.corpus.values().map(Vec::len).sum()
    }

    pub fn generate(&mut self) -> Generated {
        let index = self.next;
        self.next += 1;
        let aimed = usize::try_from(index).ok().and_then(|index| self.aimed.get(index));
        if let Some(Aimed { row, surface, input, .. }) = aimed.cloned() {
            return Generated { index, row: Some(row), surface, input };
        }
        let mut random = Random::new(self.seed, index);
        let surface = random.pick(&self.surfaces).copied().unwrap_or(Surface::BasicAuth);
        let input = match random.below(16) {
            0 => (0..random.below(48)).map(|_| random.byte()).collect(),
            _ => self.mix(surface, &mut random),
        };
        Generated { index, row: None, surface, input }
    }

    fn mix(&self, surface: Surface, random: &mut Random) -> Vec<u8> {
        let corpus = self.corpus.get(&surface).map_or(&[][..], Vec::as_slice);
        let pieces = self.pieces.get(&surface).map_or(&[][..], Vec::as_slice);
        let mut input = random.pick(corpus).cloned().unwrap_or_default();
        for _ in 0..=random.below(4) {
            let at = random.below(input.len() + 1);
            match random.below(8) {
                choice @ 0..=2 => {
                    let replaced = if choice == 2 { random.below(8) } else { 0 };
                    let piece = random.pick(pieces).cloned().unwrap_or_default();
                    input.splice(at..(at + replaced).min(input.len()), piece);
                }
                // One choice changed.
                3 | 4 => {
                    let letter = random.below(8).min(input.len().saturating_sub(1));
                    if let Some(byte) = input.get_mut(letter) {
                        *byte = b'a' + u8::try_from(random.below(20)).unwrap_or(0);
                    }
                }
                5 => {
                    let end = (at + random.below(16)).min(input.len());
                    input.drain(at..end);
                }
                6 => {
                    let other = random.pick(corpus).cloned().unwrap_or_default();
                    let from = random.below(other.len() + 1);
                    input.truncate(at);
                    input.extend_from_slice(&other[from..]);
                }
                _ => input.insert(at, random.byte()),
            }
        }
        input.truncate(INPUT_BYTES);
        let is_body = matches!(surface.row().form, Form::Body(_));
        if is_body && random.below(CHUNKED) != 0 {
            let mut body = BodyInput::decode(&input);
            if body.framing.is_chunked() {
                body.framing = Framing::Length;
                return body.encode();
            }
        }
        input
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mixed_bodies_are_seldom_in_chunks() {
        let mut generator = Generator::new(1, &[Surface::LoginBody]);
        let mixed: Vec<Generated> =
            (0..10_000).map(|_| generator.generate()).filter(|generated| generated.row.is_none()).collect();
        let chunked = |generated: &&Generated| BodyInput::decode(&generated.input).framing.is_chunked();
        let count = mixed.iter().filter(chunked).count();
        assert!(count > 0 && count * 20 < mixed.len(), "{count} of {}", mixed.len());
    }

    #[test]
    fn a_seed_makes_the_same_inputs() {
        let inputs = |seed| {
            let mut generator = Generator::new(seed, &Surface::ALL);
            (0..3000).map(|_| generator.generate()).collect::<Vec<_>>()
        };
        assert_eq!(inputs(1), inputs(1));
        assert_ne!(inputs(1), inputs(2));
        let first_byte = |index| Random::new(1, index).byte();
        assert!((0..9).any(|index| first_byte(index) != first_byte(index + 1)), "the index counts");
    }
}
