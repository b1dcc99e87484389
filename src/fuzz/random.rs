//! Random numbers that a seed and an index determine: the same run can be had again, and any input of it alone.
//!
//! They choose test inputs. No secret may come from here.

/// A small generator (SplitMix64): a step is an addition and a mix, and any starting point is as good as another.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// The generator of input `index` of the run with that seed.
    pub fn new(seed: u64, index: u64) -> Random {
        let mut random = Random(seed ^ index.wrapping_mul(0xd134_2543_de82_ef95));
        random.bits();
        random
    }

    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; 0 where `bound` is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        match u64::try_from(bound) {
            Ok(0) | Err(_) => 0,
            // Below the bound, so it fits.
            Ok(bound) => usize::try_from(self.bits() % bound).unwrap_or(0),
        }
    }

    /// One of these, if there are any.
    pub(super) fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        items.get(self.below(items.len()))
    }

    /// A random byte.
    pub fn byte(&mut self) -> u8 {
        self.bits().to_le_bytes()[7]
    }
}
