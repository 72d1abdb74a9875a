//! A persistent array: a radix trie over `u32` indexes, most of whose leaves are counted blocks.
//!
//! A leaf stands in the lowest nodes themselves, sixteen beside each other. One that is a block is only the pointer to it;
//! what is asked for far more often than the rest of a block may stand beside the pointer, so that most answers come from
//! the few nodes, which stay in the cache, and not from the many blocks.
//!
//! A clone is one counted pointer. A write descends once; a node or leaf that a clone shares is copied on the way, once,
//! and one that nobody shares is changed in place. The root grows and shrinks with the highest index, so the height is
//! that of the data: leaves alone at height 1, at most eight levels at fanout 16. Leaves may be missing anywhere, and a
//! node without children does not stay.
//!
//! Invariants: all leaves are at one depth; no node is empty; the root has a child besides its first unless the height
//! is 1; `leaves` is the number of leaves.

use std::fmt;

use crate::storage::unshare;

use triomphe::Arc;

/// Children of a node. 16 rather than 32: copying a node of counted children is what a fork's first write costs, and 16
/// saved a fifth of it; 8 saved no more.
pub(crate) const FANOUT: usize = if cfg!(relata_tiny) { 2 } else { 16 };

/// A persistent array of leaves with gaps.
pub(crate) struct Trie<L, const N: usize = FANOUT> {
    root: Option<Arc<Node<L, N>>>,
    /// Levels of nodes, those that hold the leaves included; 0 when empty.
    height: u32,
    leaves: u32,
    /// Leaves that a write had to copy because a clone shared them; a figure for tests and users, not state.
    leaves_copied: u64,
}

/// What stands at an index. A clone shares what it points to.
pub(crate) trait Leaf: Clone {
    /// What stands in a gap.
    const GAP: Self;

    fn is_gap(&self) -> bool;

    /// Whether a write has to copy what the leaf points to.
    fn is_shared(&self) -> bool;
}

/// A leaf that is nothing but a counted block.
pub(crate) type Block<T> = Option<Arc<T>>;

impl<T: ?Sized> Leaf for Option<Arc<T>> {
    const GAP: Self = None;

    #[inline]
    fn is_gap(&self) -> bool {
        self.is_none()
    }

    #[inline]
    fn is_shared(&self) -> bool {
        self.as_ref().is_some_and(|block| !block.is_unique())
    }
}

/// Either all children are nodes or all are leaves, by the level.
enum Node<L, const N: usize> {
    Branch([Option<Arc<Node<L, N>>>; N]),
    Twig([L; N]),
}

impl<L: Leaf, const N: usize> Trie<L, N> {
    const BITS: u32 = {
        assert!(
            N.is_power_of_two() && N >= 2,
            "the fanout is a power of two"
        );
        N.trailing_zeros()
    };

    /// An empty array.
    pub(crate) const fn new() -> Self {
        Trie {
            root: None,
            height: 0,
            leaves: 0,
            leaves_copied: 0,
        }
    }

    /// How many leaves there are.
    pub(crate) fn leaf_count(&self) -> u32 {
        self.leaves
    }

    /// How many leaves writes had to copy since this value was made.
    pub(crate) fn leaves_copied(&self) -> u64 {
        self.leaves_copied
    }

    /// Whether an index lies under a root of this height.
    #[inline]
    fn reaches(height: u32, index: u32) -> bool {
        u64::from(index) >> (height * Self::BITS) == 0
    }

    /// Which child of a node leads to the index, where so many of its lower bits are for the nodes below: none for leaves.
    #[inline]
    fn child_at(shift: u32, index: u32) -> usize {
        (index >> shift) as usize & (N - 1)
    }

    /// What stands at an index: a leaf, a gap, or nothing where no node reaches.
    #[inline]
    pub(crate) fn get(&self, index: u32) -> Option<&L> {
        if !Self::reaches(self.height, index) {
            return None;
        }
        let mut shift = self.height * Self::BITS;
        let mut node = self.root.as_deref()?;
        loop {
            match node {
                Node::Branch(children) => {
                    shift -= Self::BITS;
                    node = children[Self::child_at(shift, index)].as_deref()?;
                }
                Node::Twig(leaves) => return Some(&leaves[Self::child_at(0, index)]),
            }
        }
    }

    /// All leaves with their indexes, ascending.
    #[cfg(test)]
    pub(crate) fn iter(&self) -> Iter<'_, L, N> {
        self.iter_from(0)
    }

    /// The leaves from an index on, ascending.
    pub(crate) fn iter_from(&self, start: u32) -> Iter<'_, L, N> {
        let mut path = Vec::new();
        if let Some(root) = &self.root
            && Self::reaches(self.height, start)
        {
            let (mut node, mut shift) = (&**root, self.height * Self::BITS);
            loop {
                shift -= Self::BITS;
                let position = Self::child_at(shift, start);
                let Node::Branch(children) = node else {
                    path.push((node, position));
                    break;
                };
                path.push((node, position + 1));
                let Some(child) = &children[position] else {
                    break;
                };
                node = child;
            }
        }
        Iter {
            path,
            height: self.height,
            index: start,
        }
    }

    /// The leaf at an index, for writing. Copies the nodes that a clone shares on the way, and leaves it to the caller to
    /// copy what the leaf points to, and to [close](Trie::close) one that it makes a gap. A miss may have copied nodes for
    /// nothing, which is rarer than a second descent is dear.
    #[inline]
    pub(crate) fn get_mut(&mut self, index: u32) -> Option<&mut L> {
        if !Self::reaches(self.height, index) {
            return None;
        }
        let mut shift = self.height * Self::BITS;
        let mut node = unshare(self.root.as_mut()?);
        loop {
            match node {
                Node::Branch(children) => {
                    shift -= Self::BITS;
                    node = unshare(children[Self::child_at(shift, index)].as_mut()?);
                }
                Node::Twig(leaves) => {
                    let leaf = &mut leaves[Self::child_at(0, index)];
                    if leaf.is_shared() {
                        self.leaves_copied += 1;
                    }
                    return (!leaf.is_gap()).then_some(leaf);
                }
            }
        }
    }

    /// The leaf at an index as [`Trie::get_mut`] gives it, made by `make` if it is missing: it is no gap for long.
    #[inline]
    pub(crate) fn get_or_insert_with(&mut self, index: u32, make: impl FnOnce() -> L) -> &mut L {
        if self.root.is_none() || !Self::reaches(self.height, index) {
            self.grow_to(index);
        }
        let mut shift = self.height * Self::BITS;
        let mut node = unshare(self.root.get_or_insert_with(|| Node::made(shift)));
        loop {
            match node {
                Node::Branch(children) => {
                    shift -= Self::BITS;
                    let child = &mut children[Self::child_at(shift, index)];
                    node = unshare(child.get_or_insert_with(|| Node::made(shift)));
                }
                Node::Twig(leaves) => {
                    let leaf = &mut leaves[Self::child_at(0, index)];
                    if leaf.is_gap() {
                        self.leaves += 1;
                        *leaf = make();
                    } else if leaf.is_shared() {
                        self.leaves_copied += 1;
                    }
                    return leaf;
                }
            }
        }
    }

    /// Takes a leaf out; whether there was one.
    pub(crate) fn remove(&mut self, index: u32) -> bool {
        let is_there = self.get(index).is_some_and(|leaf| !leaf.is_gap());
        if is_there {
            self.close(index);
        }
        is_there
    }

    /// Takes out a leaf that was there, and that a write may have made a gap since.
    pub(crate) fn close(&mut self, index: u32) {
        self.leaves -= 1;
        let bits = self.height * Self::BITS;
        if let Some(root) = &mut self.root {
            let root = unshare(root);
            Self::remove_below(root, bits, index);
        }
        self.shrink();
    }

    /// Removes a leaf and every node that it leaves empty. The recursion is as deep as the trie is high.
    fn remove_below(node: &mut Node<L, N>, bits: u32, index: u32) {
        let shift = bits - Self::BITS;
        let position = Self::child_at(shift, index);
        match node {
            Node::Twig(leaves) => leaves[position] = L::GAP,
            Node::Branch(children) => {
                if let Some(child) = &mut children[position] {
                    let below = unshare(child);
                    Self::remove_below(below, shift, index);
                    if below.is_empty() {
                        children[position] = None;
                    }
                }
            }
        }
    }

    #[cold]
    fn grow_to(&mut self, index: u32) {
        if self.root.is_none() {
            self.height = 1;
            while !Self::reaches(self.height, index) {
                self.height += 1;
            }
            return;
        }
        while !Self::reaches(self.height, index) {
            let mut children = [const { None }; N];
            children[0] = self.root.take();
            self.root = Some(Arc::new(Node::Branch(children)));
            self.height += 1;
        }
    }

    /// Drops roots that only lead to their first child.
    fn shrink(&mut self) {
        while let Some(root) = &mut self.root {
            if root.is_empty() {
                self.root = None;
                self.height = 0;
                return;
            }
            let Node::Branch(children) = &**root else {
                return;
            };
            if children[1..].iter().any(Option::is_some) {
                return;
            }
            self.root = children[0].clone();
            self.height -= 1;
        }
    }
}

impl<L: Leaf, const N: usize> Node<L, N> {
    /// A node without children, for so many lower bits of an index. Out of line: it is put together on the stack, and whoever
    /// had room for it there would touch that room on each descent.
    #[cold]
    #[inline(never)]
    fn made(bits: u32) -> Arc<Self> {
        Arc::new(if bits == Trie::<L, N>::BITS {
            Node::Twig([const { L::GAP }; N])
        } else {
            Node::Branch([const { None }; N])
        })
    }

    fn is_empty(&self) -> bool {
        match self {
            Node::Branch(children) => children.iter().all(Option::is_none),
            Node::Twig(leaves) => leaves.iter().all(L::is_gap),
        }
    }
}

impl<L: Clone, const N: usize> Clone for Node<L, N> {
    fn clone(&self) -> Self {
        match self {
            Node::Branch(children) => Node::Branch(children.clone()),
            Node::Twig(leaves) => Node::Twig(leaves.clone()),
        }
    }
}

impl<L, const N: usize> Clone for Trie<L, N> {
    fn clone(&self) -> Self {
        Trie {
            root: self.root.clone(),
            height: self.height,
            leaves: self.leaves,
            leaves_copied: self.leaves_copied,
        }
    }
}

impl<L: Leaf, const N: usize> Default for Trie<L, N> {
    fn default() -> Self {
        Trie::new()
    }
}

impl<L, const N: usize> fmt::Debug for Trie<L, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trie")
            .field("height", &self.height)
            .field("leaves", &self.leaves)
            .finish_non_exhaustive()
    }
}

/// The leaves of a [`Trie`] in ascending order of their indexes.
#[derive(Debug)]
pub(crate) struct Iter<'a, L, const N: usize = FANOUT> {
    /// From the root down: a node and the child to look at next.
    path: Vec<(&'a Node<L, N>, usize)>,
    height: u32,
    /// The index that the path's positions spell, with zeros below its end.
    index: u32,
}

impl<L, const N: usize> fmt::Debug for Node<L, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Node::Branch(_) => "Branch",
            Node::Twig(_) => "Twig",
        })
    }
}

impl<L: Leaf, const N: usize> Iter<'_, L, N> {
    /// The index with the digit of `level` set to `position` and all digits below it zero.
    fn spell(&self, level: u32, position: usize) -> u32 {
        let shift = (level - 1) * Trie::<L, N>::BITS;
        let above = if shift + Trie::<L, N>::BITS >= u32::BITS {
            0
        } else {
            self.index >> (shift + Trie::<L, N>::BITS) << (shift + Trie::<L, N>::BITS)
        };
        above | (u32::try_from(position).unwrap_or(0) << shift)
    }
}

impl<'a, L: Leaf, const N: usize> Iterator for Iter<'a, L, N> {
    type Item = (u32, &'a L);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let level = self.height + 1 - u32::try_from(self.path.len()).ok()?;
            let (node, position) = self.path.last_mut()?;
            let at = *position;
            if at == N {
                self.path.pop();
                continue;
            }
            *position += 1;
            let node = *node;
            match node {
                Node::Branch(children) => {
                    if let Some(child) = &children[at] {
                        self.index = self.spell(level, at);
                        self.path.push((child, 0));
                    }
                }
                Node::Twig(leaves) => {
                    if !leaves[at].is_gap() {
                        self.index = self.spell(level, at);
                        return Some((self.index, &leaves[at]));
                    }
                }
            }
        }
    }
}

#[cfg(test)]
impl<L: Leaf, const N: usize> Trie<L, N> {
    /// Asserts what the header promises, by a full walk.
    pub(crate) fn check_invariants(&self) {
        fn walk<L: Leaf, const N: usize>(node: &Node<L, N>, level: u32) -> u32 {
            assert!(!node.is_empty(), "an empty node stayed at level {level}");
            match node {
                Node::Branch(children) => {
                    assert!(level > 1, "a branch stands where leaves belong");
                    children
                        .iter()
                        .flatten()
                        .map(|child| walk(child, level - 1))
                        .sum()
                }
                Node::Twig(leaves) => {
                    assert_eq!(level, 1, "leaves stand at level {level}");
                    let leaves = leaves.iter().filter(|leaf| !leaf.is_gap());
                    u32::try_from(leaves.count()).unwrap()
                }
            }
        }
        let Some(root) = &self.root else {
            assert_eq!((self.height, self.leaves), (0, 0));
            return;
        };
        assert_eq!(walk(root, self.height), self.leaves);
        if let Node::Branch(children) = &**root {
            assert!(
                children[1..].iter().any(Option::is_some),
                "the root is higher than its data"
            );
        }
    }
}

#[cfg(test)]
mod tests;
