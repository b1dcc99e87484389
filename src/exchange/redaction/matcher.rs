//! A search for many patterns at once, in time that grows with the text alone (Aho and Corasick).
//!
//! At every place it knows the patterns that end there, and how much of the start of a pattern is before it: that finds
//! the part of a secret that a cut left.

use std::collections::{HashMap, VecDeque};

/// The patterns as a trie, with links from each prefix to the longest other one that it ends with.
#[derive(Debug, Clone)]
pub(super) struct Matcher {
    nodes: Vec<Node>,
    edges: HashMap<(u32, u8), u32>,
    /// The edges of the root, which most bytes of a text lead to.
    first: [u32; 256],
}

#[derive(Debug, Clone, Copy, Default)]
struct Node {
    /// The next node when no pattern continues here.
    fail: u32,
    /// How many bytes of a pattern were matched.
    depth: u32,
    /// A pattern that starts like this.
    of: u32,
    /// The pattern that ends here.
    ends: Option<u32>,
    /// The node of a shorter one.
    shorter: u32,
}

const ROOT: u32 = 0;

/// A walk over one text.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Walk {
    node: u32,
    /// How many links it followed: the cost of the walk.
    pub steps: usize,
}

impl Matcher {
    pub fn new<'p>(patterns: impl Iterator<Item = &'p [u8]>) -> Matcher {
        let mut matcher = Matcher { nodes: vec![Node::default()], edges: HashMap::new(), first: [ROOT; 256] };
        for (pattern, index) in patterns.zip(0..) {
            matcher.insert(pattern, index);
        }
        matcher.link();
        matcher
    }

    fn insert(&mut self, pattern: &[u8], index: u32) {
        let mut at = ROOT;
        for byte in pattern {
            let next = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
            let depth = self.nodes[at as usize].depth + 1;
            at = *self.edges.entry((at, *byte)).or_insert(next);
            if at == next {
                self.nodes.push(Node { depth, of: index, ..Node::default() });
            }
        }
        self.nodes[at as usize].ends.get_or_insert(index);
    }

    /// Sets the links, of short prefixes before long ones.
    fn link(&mut self) {
        let mut children: Vec<Vec<(u8, u32)>> = vec![Vec::new(); self.nodes.len()];
        for ((parent, byte), child) in &self.edges {
            children[*parent as usize].push((*byte, *child));
        }
        for (byte, child) in &children[ROOT as usize] {
            self.first[usize::from(*byte)] = *child;
        }
        let mut waiting: VecDeque<u32> = children[ROOT as usize].iter().map(|(_, child)| *child).collect();
        while let Some(at) = waiting.pop_front() {
            for (byte, child) in &children[at as usize] {
                let mut walk = Walk { node: self.nodes[at as usize].fail, steps: 0 };
                self.step(&mut walk, *byte);
                let fail = self.nodes[walk.node as usize];
                let node = &mut self.nodes[*child as usize];
                node.fail = walk.node;
                node.shorter = fail.ends.map_or(fail.shorter, |_| walk.node);
                waiting.push_back(*child);
            }
        }
    }

    pub fn step(&self, walk: &mut Walk, byte: u8) {
        loop {
            walk.steps += 1;
            if walk.node == ROOT {
                walk.node = self.first[usize::from(byte)];
                return;
            }
            if let Some(next) = self.edges.get(&(walk.node, byte)) {
                walk.node = *next;
                return;
            }
            walk.node = self.nodes[walk.node as usize].fail;
        }
    }

    /// The patterns that end here, the longest first.
    pub fn found(&self, walk: &Walk) -> impl Iterator<Item = usize> {
        self.ends(walk, |node| node.shorter).filter_map(|node| node.ends.map(|index| index as usize))
    }

    /// The patterns of which a prefix ends here, each with the length of the prefix, the longest first.
    pub fn begun(&self, walk: &Walk) -> impl Iterator<Item = (usize, usize)> {
        self.ends(walk, |node| node.fail).map(|node| (node.of as usize, node.depth as usize))
    }

    /// The node of a walk and those that its links lead to, without the root.
    fn ends(&self, walk: &Walk, link: fn(&Node) -> u32) -> impl Iterator<Item = &Node> {
        let node = |at: u32| Some(&self.nodes[at as usize]).filter(|_| at != ROOT);
        std::iter::successors(node(walk.node), move |here| node(link(here)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_ends_together_the_longest_comes_first() {
        let matcher = Matcher::new(["she", "he", "hers", "x"].iter().map(|pattern| pattern.as_bytes()));
        let mut walk = Walk::default();
        let mut found = Vec::new();
        for (at, byte) in "ushers he x".bytes().enumerate() {
            matcher.step(&mut walk, byte);
            found.extend(matcher.found(&walk).map(|index| (at + 1, index)));
        }
        assert_eq!(found, [(4, 0), (4, 1), (6, 2), (9, 1), (11, 3)]);
    }

    #[test]
    fn what_has_begun_is_known_longest_first() {
        let matcher = Matcher::new(["secret", "retire"].iter().map(|pattern| pattern.as_bytes()));
        let mut walk = Walk::default();
        "my secret".bytes().for_each(|byte| matcher.step(&mut walk, byte));
        let begun: Vec<_> = matcher.begun(&walk).collect();
        assert_eq!(begun, [(0, 6), (1, 3)]);
    }
}
