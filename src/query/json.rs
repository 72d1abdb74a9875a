//! A result as nested JSON, written without building a tree.
//!
//! Each row is an object: its attributes, then the junction row that led to it under the name of the junction's model,
//! then what was included under the keys of the associations, an object or null for one row and an array for many, the
//! owner in one of several models as one object whichever model it is of, then
//! what was counted, under the keys of the associations in an object `_count`. What a recursive include leads to again
//! comes last, and a reference to a row that stands elsewhere is an object of its primary key and `_reference`, which is
//! true.
//!
//! Timestamps (RFC 3339), dates and uuids are texts; bytes are a text of hexadecimal digits; a float that JSON has no
//! number for (NaN, infinities) is null; JSON documents stand as they are.
//!
//! Writing calls itself as deep as the includes of the request are nested, which is limited; down a recursive include it
//! goes step by step, to a depth of [`RECURSION_DEPTH_MAX`]. What is deeper is refused, and read as a walk
//! ([`Rows::depth_first`]).

use std::io;
use std::io::Write;

use crate::error::{Error, Limit, RequestError, RequestKind, Result};
use crate::query::aggregate::Groups;
use crate::query::node::IncludeNode;
use crate::query::{Record, Records, Rows};
use crate::value::ValueRef;

/// How deep a recursive include may go. Many readers of JSON call themselves for each bracket, and give up long before the
/// two thousand of this depth unless they are told otherwise.
const RECURSION_DEPTH_MAX: usize = 1_000;

impl Rows<'_> {
    /// The rows as a JSON array, without spaces.
    ///
    /// # Errors
    /// `Limit` for a recursive include that is deeper than 1,000.
    pub fn to_json(&self) -> Result<String> {
        text(|out| Writer::new(out, false).array(self.iter()))
    }

    /// The rows as a JSON array, indented by two spaces.
    ///
    /// # Errors
    /// As [`to_json`](Rows::to_json).
    pub fn to_json_pretty(&self) -> Result<String> {
        text(|out| Writer::new(out, true).array(self.iter()))
    }

    /// Writes the rows as a JSON array, without spaces. Small pieces are written one by one: give a buffer.
    ///
    /// # Errors
    /// Those of the writer; before anything is written, one that holds the [`Error`] of [`to_json`](Rows::to_json).
    pub fn write_json(&self, out: impl Write) -> io::Result<()> {
        self.check_depth()?;
        Writer::new(out, false).array(self.iter())
    }

    fn check_depth(&self) -> io::Result<()> {
        for (position, planned) in self.plan().nodes.iter().enumerate() {
            let recursed = self.level(position).recursed.as_ref();
            if recursed.is_some_and(|it| it.depth() > RECURSION_DEPTH_MAX)
                && let Some(include) = &planned.node.include
            {
                return Err(too_deep(include, &self.plan().model(planned).name));
            }
        }
        Ok(())
    }
}

impl Record<'_> {
    /// The row as a JSON object, without spaces.
    ///
    /// # Errors
    /// As [`Rows::to_json`].
    pub fn to_json(&self) -> Result<String> {
        text(|out| Writer::new(out, false).object(*self, 0))
    }

    /// The row as a JSON object, indented by two spaces.
    ///
    /// # Errors
    /// As [`Rows::to_json`].
    pub fn to_json_pretty(&self) -> Result<String> {
        text(|out| Writer::new(out, true).object(*self, 0))
    }
}

impl Groups {
    /// The groups as a JSON array of objects, without spaces.
    pub fn to_json(&self) -> String {
        flat_text(|out| Writer::new(out, false).groups(self))
    }

    /// The groups as a JSON array of objects, indented by two spaces.
    pub fn to_json_pretty(&self) -> String {
        flat_text(|out| Writer::new(out, true).groups(self))
    }
}

/// The text of what has nothing below it.
pub(super) fn flat_text(write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> String {
    text(write).expect("only what is deep is refused")
}

fn text(write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> Result<String> {
    let mut out = Vec::new();
    match write(&mut out) {
        Ok(()) => Ok(String::from_utf8(out).expect("every piece written is text")),
        Err(error) => {
            let refused = error.downcast::<Error>();
            Err(refused.expect("writing to a vector does not fail"))
        }
    }
}

#[cold]
fn too_deep(include: &IncludeNode, model: &str) -> io::Error {
    let detail = format!(
        "{} goes deeper than the {RECURSION_DEPTH_MAX} of nested JSON: read it with Rows::depth_first",
        include.association.key
    );
    let kind = RequestKind::Limit(Limit::JsonDepth);
    io::Error::other(Error::from(RequestError::new(kind, model, detail)))
}

/// Rows below a row of a recursive include that are being written.
struct Open<'r> {
    include: &'r IncludeNode,
    records: Records<'r>,
    is_empty: bool,
}

/// Writes brackets, names and values, indented or not.
pub(super) struct Writer<W> {
    out: W,
    pretty: bool,
    /// How many brackets are open.
    depth: usize,
}

impl<W: Write> Writer<W> {
    pub(super) fn new(out: W, pretty: bool) -> Self {
        Writer {
            out,
            pretty,
            depth: 0,
        }
    }

    fn array(&mut self, records: Records<'_>) -> io::Result<()> {
        self.open("[")?;
        let mut is_empty = true;
        for record in records {
            self.begin_item(is_empty)?;
            self.object(record, 1)?;
            is_empty = false;
        }
        self.close("]", is_empty)
    }

    fn groups(&mut self, groups: &Groups) -> io::Result<()> {
        self.open("[")?;
        for (position, group) in groups.iter().enumerate() {
            self.begin_item(position == 0)?;
            self.open("{")?;
            let named = groups.names().iter().zip(group.values());
            for (place, (name, value)) in named.enumerate() {
                self.name(name, place == 0)?;
                self.value(value.as_ref())?;
            }
            self.close("}", groups.names().is_empty())?;
        }
        self.close("]", groups.is_empty())
    }

    /// A row, at some depth of a recursive include if it is of one, with what is below it. What it leads to again is written
    /// from a stack of its own.
    fn object(&mut self, record: Record<'_>, depth: usize) -> io::Result<()> {
        let mut open: Vec<Open<'_>> = Vec::new();
        open.extend(self.begin_object(record)?);
        while let Some(last) = open.last_mut() {
            let (single, is_empty) = (last.include.association.is_single(), last.is_empty);
            let Some(record) = last.records.next() else {
                if !single {
                    self.close("]", is_empty)?;
                }
                open.pop();
                self.close("}", false)?;
                continue;
            };
            last.is_empty = false;
            if !single {
                self.begin_item(is_empty)?;
            }
            let begun = self.begin_object(record)?;
            // One depth for each that is open, and one for those that were begun.
            if begun.is_some() && depth + open.len() + 1 > RECURSION_DEPTH_MAX {
                return Err(too_deep(open[0].include, record.model()));
            }
            open.extend(begun);
        }
        Ok(())
    }

    /// A row up to the rows that it leads to again, if there are any; else the whole.
    fn begin_object<'r>(&mut self, record: Record<'r>) -> io::Result<Option<Open<'r>>> {
        self.open("{")?;
        let mut is_empty = true;
        if record.is_reference() {
            for (name, value) in record.key_attributes() {
                self.name(name, is_empty)?;
                self.value(value)?;
                is_empty = false;
            }
            self.name("_reference", is_empty)?;
            self.raw("true")?;
            self.close("}", false)?;
            return Ok(None);
        }
        for (name, value) in record.attributes() {
            self.name(name, is_empty)?;
            self.value(value)?;
            is_empty = false;
        }
        if let Some(through) = record.through() {
            self.name(through.model(), is_empty)?;
            self.object(through, 1)?;
            is_empty = false;
        }
        for (name, single, mut records) in record.named_includes() {
            self.name(name, is_empty)?;
            is_empty = false;
            match (single, records.len()) {
                (false, _) => self.array(records)?,
                (true, 0) => self.raw("null")?,
                (true, _) => records.try_for_each(|record| self.object(record, 1))?,
            }
        }
        let mut counts = record.counts().peekable();
        if counts.peek().is_some() {
            self.name("_count", is_empty)?;
            is_empty = false;
            self.counts(counts)?;
        }
        if let Some((include, records)) = record.again() {
            self.name(&include.association.key, is_empty)?;
            is_empty = false;
            match (include.association.is_single(), records.len()) {
                (false, 0) => self.raw("[]")?,
                (true, 0) => self.raw("null")?,
                (single, _) => {
                    if !single {
                        self.open("[")?;
                    }
                    return Ok(Some(Open {
                        include,
                        records,
                        is_empty: true,
                    }));
                }
            }
        }
        self.close("}", is_empty)?;
        Ok(None)
    }

    fn counts<'r>(
        &mut self,
        counts: impl Iterator<Item = (&'r IncludeNode, usize)>,
    ) -> io::Result<()> {
        self.open("{")?;
        for (position, (include, count)) in counts.enumerate() {
            self.name(&include.association.key, position == 0)?;
            write!(self.out, "{count}")?;
        }
        self.close("}", false)
    }

    fn value(&mut self, value: ValueRef<'_>) -> io::Result<()> {
        match value {
            ValueRef::Null => self.raw("null"),
            ValueRef::Bool(v) => write!(self.out, "{v}"),
            ValueRef::Int(v) => write!(self.out, "{v}"),
            ValueRef::Float(v) => Ok(serde_json::to_writer(&mut self.out, &v)?),
            ValueRef::Text(v) => self.string(v.as_str()),
            ValueRef::Bytes(v) => {
                self.raw("\"")?;
                v.iter()
                    .try_for_each(|byte| write!(self.out, "{byte:02x}"))?;
                self.raw("\"")
            }
            ValueRef::Uuid(v) => write!(self.out, "\"{v}\""),
            ValueRef::Timestamp(v) => write!(self.out, "\"{v}\""),
            ValueRef::Date(v) => write!(self.out, "\"{v}\""),
            ValueRef::Json(v) => self.raw(v.as_str()),
        }
    }

    pub(super) fn name(&mut self, name: &str, is_first: bool) -> io::Result<()> {
        self.begin_item(is_first)?;
        self.string(name)?;
        self.raw(if self.pretty { ": " } else { ":" })
    }

    pub(super) fn string(&mut self, text: &str) -> io::Result<()> {
        Ok(serde_json::to_writer(&mut self.out, text)?)
    }

    pub(super) fn open(&mut self, bracket: &str) -> io::Result<()> {
        self.depth += 1;
        self.raw(bracket)
    }

    pub(super) fn close(&mut self, bracket: &str, is_empty: bool) -> io::Result<()> {
        self.depth -= 1;
        if !is_empty {
            self.new_line()?;
        }
        self.raw(bracket)
    }

    pub(super) fn begin_item(&mut self, is_first: bool) -> io::Result<()> {
        if !is_first {
            self.raw(",")?;
        }
        self.new_line()
    }

    fn new_line(&mut self) -> io::Result<()> {
        if !self.pretty {
            return Ok(());
        }
        self.raw("\n")?;
        (0..self.depth).try_for_each(|_| self.raw("  "))
    }

    pub(super) fn raw(&mut self, text: &str) -> io::Result<()> {
        self.out.write_all(text.as_bytes())
    }
}
