//! One question, put to SQLite in several shapes: the fastest is found once and kept.

use std::time::Duration;

use crate::contestant::{Failure, Result};
use crate::timing::time;

/// Ways to ask.
pub(super) trait Shape: Copy + 'static {
    const ALL: &[Self];
}

/// How an include tree is read.
#[derive(Clone, Copy, Debug)]
pub(super) enum Tree {
    /// Authors, posts and comments in one statement of three tables; tags in another.
    Join,
    /// A statement for each level, read side by side in the same order.
    PerLevel,
    /// A statement for the children of each parent.
    PerParent,
}

impl Shape for Tree {
    const ALL: &[Self] = &[Tree::Join, Tree::PerLevel, Tree::PerParent];
}

/// How the best posts of each author are found.
#[derive(Clone, Copy, Debug)]
pub(super) enum BestPosts {
    /// By a window function over all posts in question.
    Window,
    /// A limited statement for each author.
    PerParent,
    /// All posts in question, sorted; the first ones of each author are taken and their comments counted.
    Sorted,
}

impl Shape for BestPosts {
    const ALL: &[Self] = &[BestPosts::Window, BestPosts::PerParent, BestPosts::Sorted];
}

/// The shape that was fastest when all were tried.
#[derive(Debug)]
pub(super) struct Fastest<S> {
    shape: Option<S>,
}

impl<S> Default for Fastest<S> {
    fn default() -> Self {
        Fastest { shape: None }
    }
}

impl<S: Shape> Fastest<S> {
    /// Asks in the fastest shape. The first time, in all of them, which must agree.
    pub(super) fn run(&mut self, ask: impl Fn(S) -> Result<u64>) -> Result<u64> {
        if let Some(shape) = self.shape {
            return ask(shape);
        }
        let mut first = None;
        let mut fastest = Duration::MAX;
        for &shape in S::ALL {
            // Once for the caches and the statements, once for the clock.
            let answer = ask(shape)?;
            if *first.get_or_insert(answer) != answer {
                return Err(Failure::broken("the shapes of a query disagree"));
            }
            let (elapsed, answer) = time(|| ask(shape));
            answer?;
            if elapsed < fastest {
                (fastest, self.shape) = (elapsed, Some(shape));
            }
        }
        first.ok_or_else(|| Failure::broken("a query without a shape"))
    }
}
