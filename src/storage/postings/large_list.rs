//! One long list of ids, in counted chunks under two levels of counted nodes.
//!
//! Adding or removing an id while a clone is held copies one chunk, one node of at most `M` chunks and the top: for a
//! million ids a kilobyte and two short vectors of pointers. Two levels and no more: the top grows with the list, by one
//! entry per `M * C` ids.
//!
//! Ids appended in ascending order leave full chunks and nodes behind; anywhere else a full one splits in half.
//!
//! Invariants: ids ascend; no chunk and no node is empty; beside each child stands its smallest id; two neighbouring
//! chunks of a node hold more than `C / 2` ids together, and two neighbouring nodes more than `M / 2` chunks.

use triomphe::Arc;

use crate::storage::unshare;

use super::children::Chunks;

/// A sorted set of ids.
#[derive(Clone, Debug)]
pub(super) struct LargeList<const C: usize, const M: usize> {
    len: usize,
    top: Arc<Vec<Child<Mid<C>>>>,
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
        Chunks::of_nodes(&self.top)
    }

    pub(super) fn contains(&self, id: u32) -> bool {
        let Some(mid) = self.top.get(place(&self.top, id)) else {
            return false;
        };
        let chunk = &mid.node[place(&mid.node, id)].node;
        chunk.ids().binary_search(&id).is_ok()
    }

    /// Adds an id; whether it was not there yet.
    pub(super) fn insert(&mut self, id: u32) -> bool {
        // Rows mostly come in the order of their ids.
        if self.has_room_at_the_end(id) {
            self.append(id);
            return true;
        }
        let top = unshare(&mut self.top);
        if top.is_empty() {
            top.push(Child::of_mid(vec![Child::of_chunk(Chunk::of_one(id))]));
            self.len = 1;
            return true;
        }
        let mid_at = place(top, id);
        let is_last_mid = mid_at + 1 == top.len();
        let mid = unshare(&mut top[mid_at].node);
        let chunk_at = place(mid, id);
        let is_last_chunk = is_last_mid && chunk_at + 1 == mid.len();
        let chunk = unshare(&mut mid[chunk_at].node);
        let Err(position) = chunk.ids().binary_search(&id) else {
            return false;
        };
        let added = if chunk.len < C {
            chunk.insert(position, id);
            None
        } else if is_last_chunk && position == C {
            Some(Chunk::of_one(id))
        } else {
            Some(chunk.split_and_insert(position, id))
        };
        mid[chunk_at].first = mid[chunk_at].node.ids[0];
        let added = added.and_then(|chunk| {
            let child = Child::of_chunk(chunk);
            insert_child::<_, M>(mid, chunk_at + 1, child, is_last_mid)
        });
        top[mid_at].first = top[mid_at].node[0].first;
        if let Some(mid) = added {
            top.insert(mid_at + 1, Child::of_mid(mid));
        }
        self.len += 1;
        true
    }

    /// Whether an id belongs behind all others, and the last chunk has room.
    #[inline]
    fn has_room_at_the_end(&self, id: u32) -> bool {
        let last = self.top.last().and_then(|mid| mid.node.last());
        last.is_some_and(|chunk| {
            chunk.node.len < C && chunk.node.ids().last().is_some_and(|last| *last < id)
        })
    }

    fn append(&mut self, id: u32) {
        if let Some(mid) = unshare(&mut self.top).last_mut()
            && let Some(chunk) = unshare(&mut mid.node).last_mut()
        {
            let chunk = unshare(&mut chunk.node);
            chunk.ids[chunk.len] = id;
            chunk.len += 1;
            self.len += 1;
        }
    }

    /// Takes an id out; whether it was there.
    pub(super) fn remove(&mut self, id: u32) -> bool {
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
        self.len -= 1;
        settle_chunk(mid, chunk_at);
        settle_mid::<C, M>(top, mid_at);
        true
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
        for pair in self.top.windows(2) {
            assert!(pair[0].node.len() + pair[1].node.len() > M / 2);
        }
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(ids.len(), self.len);
    }
}

impl<const C: usize> Chunk<C> {
    fn of_one(id: u32) -> Self {
        let mut chunk = Chunk {
            len: 1,
            ids: [0; C],
        };
        chunk.ids[0] = id;
        chunk
    }

    #[inline]
    pub(super) fn ids(&self) -> &[u32] {
        &self.ids[..self.len]
    }

    fn insert(&mut self, position: usize, id: u32) {
        self.ids.copy_within(position..self.len, position + 1);
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
    fn of_chunk(chunk: Chunk<C>) -> Self {
        Child {
            first: chunk.ids[0],
            node: Arc::new(chunk),
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
    is_last_node: bool,
) -> Option<Vec<Child<T>>> {
    if children.len() < M {
        children.insert(at, child);
        return None;
    }
    if is_last_node && at == M {
        return Some(vec![child]);
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
