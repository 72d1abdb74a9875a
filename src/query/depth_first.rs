//! A result as a walk, depth first: every row comes before what was included below it.
//!
//! What is to be visited lies on a stack of its own, so that a walk may be stopped, kept and continued, and its depth
//! costs no call. It holds the rest of one include for each level, not the rows.

use crate::query::{Record, Records, Rows};

/// The rows of a result, depth first. See [`Rows::depth_first`].
#[derive(Clone, Debug)]
pub struct DepthFirst<'r> {
    /// The rest of what is to be visited, the next one last.
    stack: Vec<Siblings<'r>>,
    /// The row that was visited last, whose includes come next.
    last: Option<(usize, Record<'r>)>,
}

/// A row, and where it stands.
#[derive(Clone, Copy, Debug)]
pub struct Visit<'r> {
    /// How many rows stand above it.
    pub depth: usize,
    /// The association by which it was included; none for a row of the root.
    pub association: Option<&'r str>,
    /// The row.
    pub record: Record<'r>,
}

#[derive(Clone, Debug)]
struct Siblings<'r> {
    depth: usize,
    association: Option<&'r str>,
    records: Records<'r>,
}

impl Rows<'_> {
    /// Every row of the result, each before what was included below it, as one walk. Includes come in the order of the
    /// request. Junction rows and counts are read from their records.
    ///
    /// ```
    /// # use relata::{HasMany, Models, select, tree, Attribute, DataType};
    /// # let mut models = Models::new();
    /// # models.define_with("Folder", |it| it.attribute(Attribute::new("name", DataType::Text)));
    /// # models.has_many("Folder", HasMany::new("Folder").alias("folders"));
    /// # let mut db = models.sync()?;
    /// db.create_tree("Folder", tree! { name: "src", folders: [{ name: "query" }, { name: "model" }] })?;
    ///
    /// let rows = select("Folder").filter(relata::col("name").eq("src")).include("folders").run(&db)?;
    /// let mut text = String::new();
    /// for visit in rows.depth_first() {
    ///     text += &format!("{}{}\n", "  ".repeat(visit.depth), visit.record.get_as::<&str>("name")?);
    /// }
    /// assert_eq!(text, "src\n  query\n  model\n");
    /// # Ok::<(), relata::Error>(())
    /// ```
    pub fn depth_first(&self) -> DepthFirst<'_> {
        DepthFirst {
            stack: vec![Siblings {
                depth: 0,
                association: None,
                records: self.iter(),
            }],
            last: None,
        }
    }
}

impl<'r> DepthFirst<'r> {
    /// Leaves out what is below the row that was visited last.
    pub fn skip_below(&mut self) {
        self.last = None;
    }

    /// Puts what was included below the last row on the stack, the first include on top.
    fn descend(&mut self) {
        let Some((depth, record)) = self.last.take() else {
            return;
        };
        let first = self.stack.len();
        let below = record.includes().map(|(include, records)| Siblings {
            depth: depth + 1,
            association: Some(include.name()),
            records,
        });
        self.stack.extend(below);
        self.stack[first..].reverse();
    }
}

impl<'r> Iterator for DepthFirst<'r> {
    type Item = Visit<'r>;

    fn next(&mut self) -> Option<Visit<'r>> {
        self.descend();
        loop {
            let siblings = self.stack.last_mut()?;
            if let Some(record) = siblings.records.next() {
                let visit = Visit {
                    depth: siblings.depth,
                    association: siblings.association,
                    record,
                };
                self.last = Some((visit.depth, record));
                return Some(visit);
            }
            self.stack.pop();
        }
    }
}
