//! A desktop application: a document of layers and groups, with labelled undo and redo.
//!
//! Each action of the user is a transaction. What it changed is kept with its label; undo applies the inverted changes,
//! redo the changes themselves. Deleting a layer takes its groups along, and undo brings them back under their keys.
#![expect(clippy::print_stdout, reason = "an example tells what it does")]

use relata::{Attribute, Changes, DataType, Database, HasMany, Models, Result, Transaction};
use relata::{tree, values};

/// A document, and the way back and forth.
struct Document {
    db: Database,
    done: Vec<(String, Changes)>,
    undone: Vec<(String, Changes)>,
}

impl Document {
    fn new() -> Result<Self> {
        let named = |name: &str| Attribute::new(name, DataType::Text).not_null();
        let mut models = Models::new();
        models.define_with("Layer", |it| {
            it.attribute(named("name").unique()).timestamps(false)
        });
        models.define_with("Group", |it| it.attribute(named("name")).timestamps(false));
        let groups = HasMany::new("Group").alias("groups");
        models.has_many("Layer", groups.on_delete("CASCADE"));
        let parts = HasMany::new("Group").alias("parts").foreign_key("WholeId");
        models.has_many("Group", parts.on_delete("CASCADE"));
        Ok(Document {
            db: models.sync()?,
            done: Vec::new(),
            undone: Vec::new(),
        })
    }

    /// One action of the user: all of it happens, or nothing.
    fn act(
        &mut self,
        label: &str,
        body: impl FnOnce(&mut Transaction<'_>) -> Result<()>,
    ) -> Result<()> {
        let mut tx = self.db.begin();
        body(&mut tx)?;
        let changes = tx.commit_with_changes()?;
        self.done.push((label.to_owned(), changes));
        self.undone.clear();
        Ok(())
    }

    /// Takes the last action back; its label.
    fn undo(&mut self) -> Result<Option<String>> {
        let Some((label, changes)) = self.done.pop() else {
            return Ok(None);
        };
        self.db.apply(&changes.invert())?;
        self.undone.push((label.clone(), changes));
        Ok(Some(label))
    }

    /// Does again what was taken back last.
    fn redo(&mut self) -> Result<()> {
        if let Some((label, changes)) = self.undone.pop() {
            self.db.apply(&changes)?;
            self.done.push((label, changes));
        }
        Ok(())
    }
}

#[cfg_attr(test, test)]
fn main() -> Result<()> {
    let mut document = Document::new()?;
    document.act("Add layer", |tx| {
        let layer = tree! { name: "Sky", groups: [{ name: "Clouds", parts: [{ name: "Left" }] }] };
        tx.create_tree("Layer", layer).map(drop)
    })?;
    let drawn = document.db.dump();
    document.act("Rename group", |tx| {
        let mut group = tx.find("Group", 1)?.expect("the group was drawn");
        tx.update(&mut group, values! { name: "Cumulus" })
    })?;
    document.act("Delete layer", |tx| {
        let layer = tx.find("Layer", 1)?.expect("the layer was added");
        tx.destroy(&layer).map(drop)
    })?;
    assert_eq!(document.db.count("Group")?, 0);

    // An action that fails is no action: a second layer of that name cannot be.
    let failed = document.act("Add layer", |tx| {
        tx.create("Layer", values! { name: "Sea" })?;
        tx.create("Layer", values! { name: "Sea" }).map(drop)
    });
    println!("refused: {}", failed.unwrap_err());
    assert_eq!(document.undo()?.as_deref(), Some("Delete layer"));
    assert_eq!(document.undo()?.as_deref(), Some("Rename group"));
    assert_eq!(document.db.dump(), drawn);
    document.redo()?;
    println!("one redone:\n{}", document.db.dump_of("Group")?);
    Ok(())
}
