//! One long list of ids, in counted chunks under two levels of counted nodes.
//!
//! The chunk of the last ids stands beside the nodes: rows mostly come in the order of their ids, and one that is appended
//! looks at no node.
//!
//! Adding or removing an id while a clone is held copies one chunk, one node of at most `M` chunks and the top: for a
//! million ids a kilobyte and two short vectors of pointers. Two levels and no more: the top grows with the list, by one
//! entry per `M * C` ids.
//!
//! Ids appended in ascending order leave full chunks and nodes behind; anywhere else a full one splits in half.
//!
//! Invariants: ids ascend; no chunk and no node is empty, but the last chunk of a list without ids; beside each child stands its
//! smallest id; two neighbouring chunks of a node hold more than `C / 2` ids together, the last chunk and the one before it
//! too, and two neighbouring nodes more than `M / 2` chunks.

use triomphe::Arc;

use crate::storage::unshare;

use super::children::Chunks;

/// A sorted set of ids.
#[derive(Clone, Debug)]
pub(super) struct LargeList<const C: usize, const M: usize> {
    len: usize,
    top: Arc<Vec<Child<Mid<C>>>>,
    /// The greatest ids, which are in no node.
    last: Arc<Chunk<C>>,
}

/// A node's child, with the smallest id below it.
#[derive(Debug)]
pub(super) struct Child<T> {
    first: u32,
    pub(super) node: Arc<T>,
}

/// A node of chunks.
pub(super) type Mid<const C: usize> = Vec<Child<Chunk<C>>>;

/// Up to `C` ids in one allocation. Laid out as declared: a write looks at the number of ids where it has looked at the
/// count of the allocation.
#[repr(C)]
#[derive(Clone, Debug)]
pub(super) struct Chunk<const C: usize> {
    len: usize,
    ids: [u32; C],
}

impl<const C: usize, const M: usize> LargeList<C, M> {
    /// From ids that ascend.
    pub(super) fn from_sorted(ids: &[u32]) -> Self {
        let mut list = LargeList {
            len: 0,
            top: Arc::new(Vec::new()),
            last: Arc::new(Chunk::empty()),
        };
        for id in ids {
            list.insert(*id);
        }
        list
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn chunks(&self) -> Chunks<'_, C> {
        Chunks::of_nodes(&self.top, self.last.ids())
    }

    /// Whether an id stands in the last chunk, or belongs there.
    #[inline]
    fn is_of_last(&self, id: u32) -> bool {
        let last = self.last.ids();
        last.first().is_some_and(|first| *first <= id) || self.top.is_empty()
    }

    pub(super) fn contains(&self, id: u32) -> bool {
        if self.is_of_last(id) {
            return self.last.ids().binary_search(&id).is_ok();
        }
        let Some(mid) = self.top.get(place(&self.top, id)) else {
            return false;
        };
        let chunk = &mid.node[place(&mid.node, id)].node;
        chunk.ids().binary_search(&id).is_ok()
    }

    /// Adds an id; whether it was not there yet.
    pub(super) fn insert(&mut self, id: u32) -> bool {
        if !self.is_of_last(id) {
            return self.insert_in_nodes(id);
        }
        let last = unshare(&mut self.last);
        let position = match last.ids().last() {
            // Rows mostly come in the order of their ids.
            Some(greatest) if *greatest >= id => match last.ids().binary_search(&id) {
                Ok(_) => return false,
                Err(position) => position,
            },
            _ => last.len,
        };
        self.len += 1;
        if last.len < C {
            last.insert(position, id);
            return true;
        }
        let upper = if position == C {
            Chunk::of_one(id)
        } else {
            last.split_and_insert(position, id)
        };
        let full = std::mem::replace(&mut self.last, Arc::new(upper));
        self.append(full);
        true
    }

    fn insert_in_nodes(&mut self, id: u32) -> bool {
        let top = unshare(&mut self.top);
        let mid_at = place(top, id);
        let mid = unshare(&mut top[mid_at].node);
        let chunk_at = place(mid, id);
        let chunk = unshare(&mut mid[chunk_at].node);
        let Err(position) = chunk.ids().binary_search(&id) else {
            return false;
        };
        let added = if chunk.len < C {
            chunk.insert(position, id);
            None
        } else {
            Some(chunk.split_and_insert(position, id))
        };
        mid[chunk_at].first = mid[chunk_at].node.ids[0];
        let added = added.and_then(|chunk| {
            let child = Child::of_chunk(Arc::new(chunk));
            insert_child::<_, M>(mid, chunk_at + 1, child)
        });
        top[mid_at].first = top[mid_at].node[0].first;
        if let Some(mid) = added {
            top.insert(mid_at + 1, Child::of_mid(mid));
        }
        self.len += 1;
        true
    }

    /// Puts a chunk behind all that stand in nodes.
    fn append(&mut self, chunk: Arc<Chunk<C>>) {
        let top = unshare(&mut self.top);
        let child = Child::of_chunk(chunk);
        match top.last_mut() {
            Some(mid) if mid.node.len() < M => unshare(&mut mid.node).push(child),
            _ => top.push(Child::of_mid(vec![child])),
        }
    }

    /// Takes an id out; whether it was there.
    pub(super) fn remove(&mut self, id: u32) -> bool {
        if self.is_of_last(id) {
            let last = unshare(&mut self.last);
            let Ok(position) = last.ids().binary_search(&id) else {
                return false;
            };
            last.remove(position);
        } else {
            let top = unshare(&mut self.top);
            let mid_at = place(top, id);
            let Some(mid) = top.get_mut(mid_at) else {
                return false;
            };
            let mid = unshare(&mut mid.node);
            let chunk_at = place(mid, id);
            let chunk = unshare(&mut mid[chunk_at].node);
            let Ok(position) = chunk.ids().binary_search(&id) else {
                return false;
            };
            chunk.remove(position);
            settle_chunk(mid, chunk_at);
            settle_mid::<C, M>(top, mid_at);
        }
        self.len -= 1;
        self.settle_last();
        true
    }

    /// Joins the last chunk with the one before it, while the two are small or it is empty.
    fn settle_last(&mut self) {
        while let Some(before) = self.top.last().and_then(|mid| mid.node.last())
            && (self.last.len == 0 || before.node.len + self.last.len <= C / 2)
        {
            let top = unshare(&mut self.top);
            let mid_at = top.len() - 1;
            let mid = unshare(&mut top[mid_at].node);
            let Some(mut before) = mid.pop() else { return };
            unshare(&mut before.node).append(&self.last);
            self.last = before.node;
            settle_mid::<C, M>(top, mid_at);
        }
    }

    #[cfg(test)]
    pub(super) fn check_invariants(&self) {
        let mut ids: Vec<u32> = Vec::new();
        for mid in self.top.iter() {
            assert!((1..=M).contains(&mid.node.len()));
            assert_eq!(mid.first, mid.node[0].first);
            for chunk in mid.node.iter() {
                assert!((1..=C).contains(&chunk.node.len));
                assert_eq!(chunk.first, chunk.node.ids[0]);
                ids.extend(chunk.node.ids());
            }
            for pair in mid.node.windows(2) {
                assert!(pair[0].node.len + pair[1].node.len > C / 2);
            }
        }
        if let Some(before) = self.top.last().and_then(|mid| mid.node.last()) {
            assert!(before.node.len + self.last.len > C / 2);
        }
        ids.extend(self.last.ids());
        for pair in self.top.windows(2) {
            assert!(pair[0].node.len() + pair[1].node.len() > M / 2);
        }
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(ids.len(), self.len);
    }
}

impl<const C: usize> Chunk<C> {
    fn empty() -> Self {
        Chunk {
            len: 0,
            ids: [0; C],
        }
    }

    fn of_one(id: u32) -> Self {
        let mut chunk = Chunk::empty();
        chunk.insert(0, id);
        chunk
    }

    #[inline]
    pub(super) fn ids(&self) -> &[u32] {
        &self.ids[..self.len]
    }

    fn insert(&mut self, position: usize, id: u32) {
        if position < self.len {
            self.ids.copy_within(position..self.len, position + 1);
        }
        self.ids[position] = id;
        self.len += 1;
    }

    fn remove(&mut self, position: usize) {
        self.ids.copy_within(position + 1..self.len, position);
        self.len -= 1;
    }

    /// Splits a full chunk in half and adds an id to the half where it belongs; the upper half.
    fn split_and_insert(&mut self, position: usize, id: u32) -> Self {
        let middle = C / 2;
        let mut upper = Chunk {
            len: C - middle,
            ids: [0; C],
        };
        upper.ids[..C - middle].copy_from_slice(&self.ids[middle..]);
        self.len = middle;
        if position <= middle {
            self.insert(position, id);
        } else {
            upper.insert(position - middle, id);
        }
        upper
    }

    fn append(&mut self, other: &Self) {
        self.ids[self.len..self.len + other.len].copy_from_slice(other.ids());
        self.len += other.len;
    }
}

impl<const C: usize> Child<Chunk<C>> {
    fn of_chunk(chunk: Arc<Chunk<C>>) -> Self {
        Child {
            first: chunk.ids[0],
            node: chunk,
        }
    }
}

impl<const C: usize> Child<Mid<C>> {
    fn of_mid(mid: Mid<C>) -> Self {
        Child {
            first: mid[0].first,
            node: Arc::new(mid),
        }
    }
}

impl<T> Clone for Child<T> {
    fn clone(&self) -> Self {
        Child {
            first: self.first,
            node: self.node.clone(),
        }
    }
}

/// The child below which an id stands or belongs: the last that starts at or before it, or the very first.
#[inline]
fn place<T>(children: &[Child<T>], id: u32) -> usize {
    children
        .partition_point(|child| child.first <= id)
        .saturating_sub(1)
}

/// Adds a child to a node of at most `M`; what did not fit, as the node that follows it.
fn insert_child<T, const M: usize>(
    children: &mut Vec<Child<T>>,
    at: usize,
    child: Child<T>,
) -> Option<Vec<Child<T>>> {
    if children.len() < M {
        children.insert(at, child);
        return None;
    }
    let mut upper = children.split_off(M / 2);
    if at <= M / 2 {
        children.insert(at, child);
    } else {
        upper.insert(at - M / 2, child);
    }
    Some(upper)
}

/// After a chunk lost an id: takes it out when it is empty, and joins it with a neighbour when the two are small.
fn settle_chunk<const C: usize>(mid: &mut Mid<C>, at: usize) {
    if mid[at].node.len == 0 {
        mid.remove(at);
        return;
    }
    mid[at].first = mid[at].node.ids[0];
    if !join_chunks(mid, at) && at > 0 {
        join_chunks(mid, at - 1);
    }
}

/// Joins the chunk at `left` with the next one, if there is one and the two are small; whether it did.
fn join_chunks<const C: usize>(mid: &mut Mid<C>, left: usize) -> bool {
    let [first, second, ..] = &mut mid[left..] else {
        return false;
    };
    if first.node.len + second.node.len > C / 2 {
        return false;
    }
    unshare(&mut first.node).append(&second.node);
    mid.remove(left + 1);
    true
}

/// After a node lost an id or a chunk: takes it out when it is empty, and joins it with its neighbours while they are
/// small. Joining two nodes can join the two chunks that meet, which makes the node smaller again.
fn settle_mid<const C: usize, const M: usize>(top: &mut Vec<Child<Mid<C>>>, mut at: usize) {
    if top[at].node.is_empty() {
        top.remove(at);
        return;
    }
    top[at].first = top[at].node[0].first;
    loop {
        if join_mids::<C, M>(top, at) {
            continue;
        }
        if at == 0 || !join_mids::<C, M>(top, at - 1) {
            return;
        }
        at -= 1;
    }
}

/// Joins the node at `left` with the next one, if there is one and the two are small; whether it did.
fn join_mids<const C: usize, const M: usize>(top: &mut Vec<Child<Mid<C>>>, left: usize) -> bool {
    let [first, second, ..] = &mut top[left..] else {
        return false;
    };
    if first.node.len() + second.node.len() > M / 2 {
        return false;
    }
    let mid = unshare(&mut first.node);
    let seam = mid.len() - 1;
    mid.extend(second.node.iter().cloned());
    join_chunks(mid, seam);
    top.remove(left + 1);
    true
}
