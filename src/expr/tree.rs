//! A postfix list of operations, seen as the tree it stands for.
//!
//! A node is named by the position of its operation, which is the last of its part of the list. One pass notes where
//! each part begins; the parts of a node's operands then lie end to end before it.

use crate::expr::Op;

/// The operations with the beginning of each node's part.
pub(super) struct Tree<'a> {
    ops: &'a [Op],
    starts: Vec<usize>,
}

impl<'a> Tree<'a> {
    /// O(operations).
    pub(super) fn new(ops: &'a [Op]) -> Self {
        let mut starts = Vec::with_capacity(ops.len());
        for (node, op) in ops.iter().enumerate() {
            let start = (0..op.arity()).fold(node, |start, _| starts[start - 1]);
            starts.push(start);
        }
        debug_assert_eq!(starts.last(), Some(&0), "one value is left");
        Tree { ops, starts }
    }

    /// The operation of a node.
    pub(super) fn op(&self, node: usize) -> &'a Op {
        &self.ops[node]
    }

    /// The node that everything else is an operand of.
    pub(super) fn root(&self) -> usize {
        self.ops.len() - 1
    }

    /// The operations of a node and of everything below it.
    pub(super) fn part(&self, node: usize) -> &'a [Op] {
        &self.ops[self.starts[node]..=node]
    }

    /// All nodes, operands before what takes them.
    pub(super) fn nodes(&self) -> std::ops::Range<usize> {
        0..self.ops.len()
    }

    /// The operands of a node, last to first.
    pub(super) fn operands_backwards(&self, node: usize) -> impl Iterator<Item = usize> {
        let mut end = node;
        (0..self.ops[node].arity()).map(move |_| {
            let operand = end - 1;
            end = self.starts[operand];
            operand
        })
    }
}
