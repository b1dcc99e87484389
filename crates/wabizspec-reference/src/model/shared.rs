//! A part of the state that is copied when it is changed, not when it is remembered.
//!
//! It is a value like what it holds: nobody sees another's changes.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

/// A value that copies of it share until one of them is changed. Two that share are equal at no cost.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Shared<T>(Arc<T>);

impl<T> Shared<T> {
    pub fn new(value: T) -> Self {
        Shared(Arc::new(value))
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Clone> DerefMut for Shared<T> {
    fn deref_mut(&mut self) -> &mut T {
        Arc::make_mut(&mut self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_seen_by_nobody_else() {
        let mut now = Shared::new(vec![1]);
        let before = now.clone();
        now.push(2);
        assert_eq!((before.as_slice(), now.as_slice()), (&[1][..], &[1, 2][..]));
        assert!(before != now && before == Shared::new(vec![1]));
    }
}
