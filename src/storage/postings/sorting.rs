//! Sorts many edges by parent and child, for [`Postings::insert_sorted`](super::Postings::insert_sorted).
//!
//! Edges of new rows come in the order of the children nearly always. Then it is enough to deal them out by parent, some bits at
//! a time from the lowest, which moves each edge two or three times and compares none: a third of what sorting 300,000
//! edges takes, and half for a few hundred.

use std::mem;

use crate::storage::postings::Edge;

/// Bits of the parent that are dealt out by at a time: so many places to write to stay in the cache.
const DIGIT_BITS_MAX: u32 = if cfg!(relata_tiny) { 2 } else { 11 };

/// Fewer are sorted by comparing them.
const DEALT_MIN: usize = if cfg!(relata_tiny) { 4 } else { 128 };

/// Sorts edges.
pub(crate) fn sort_edges(edges: &mut Vec<Edge>) {
    if edges.len() < DEALT_MIN || !edges.is_sorted_by_key(|edge| edge.child()) {
        edges.sort_unstable();
        return;
    }
    let parents = edges.iter().map(|edge| edge.parent().0);
    let (lowest, highest) = parents.fold((u32::MAX, 0), |(lowest, highest), parent| {
        (lowest.min(parent), highest.max(parent))
    });
    let bits = (highest - lowest).checked_ilog2().map_or(0, |log| log + 1);
    let passes = bits.div_ceil(DIGIT_BITS_MAX);
    if passes == 0 {
        return;
    }
    let digit_bits = bits.div_ceil(passes);
    let mut places = vec![0_usize; 1 << digit_bits];
    let mask = places.len() - 1;
    let mut dealt = edges.clone();
    for pass in 0..passes {
        let digit = |edge: Edge| {
            let above = (edge.parent().0 - lowest) >> (pass * digit_bits);
            above as usize & mask
        };
        deal(edges, &mut dealt, &mut places, digit);
        mem::swap(edges, &mut dealt);
    }
}

/// Writes edges in the order of their digits, those with the same one in the order in which they are.
fn deal(edges: &[Edge], dealt: &mut [Edge], places: &mut [usize], digit: impl Fn(Edge) -> usize) {
    places.fill(0);
    for edge in edges {
        places[digit(*edge)] += 1;
    }
    let mut before = 0;
    for place in &mut *places {
        before += mem::replace(place, before);
    }
    for edge in edges {
        let place = &mut places[digit(*edge)];
        dealt[*place] = *edge;
        *place += 1;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::sort_edges;
    use crate::storage::{Edge, RowId};

    /// Edges of ascending children, under parents of which few or many bits differ.
    fn any_edges() -> impl Strategy<Value = Vec<Edge>> {
        let parents = prop_oneof![
            Just((0_u32, 1_u32)),
            Just((5, 3)),
            Just((70_000, 5_000)),
            Just((0, u32::MAX)),
        ];
        parents.prop_flat_map(|(lowest, count)| {
            let parent = lowest..=lowest + (count - 1);
            prop::collection::vec(parent, 0..600).prop_map(|parents| {
                let pairs = parents.into_iter().zip(0..);
                pairs
                    .map(|(parent, child)| Edge::new(RowId(parent), RowId(child)))
                    .collect()
            })
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn edges_are_sorted_in_whatever_order_they_come(edges in any_edges(), ascend in any::<bool>()) {
            let mut edges = edges;
            if !ascend {
                edges.reverse();
            }
            let mut expected = edges.clone();
            expected.sort();
            sort_edges(&mut edges);
            prop_assert_eq!(edges, expected);
        }
    }
}
