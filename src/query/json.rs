//! A result as nested JSON, written without building a tree.
//!
//! Each row is an object: its attributes, then the junction row that led to it under the name of the junction's model,
//! then what was included under the keys of the associations, an object or null for one row and an array for many, the
//! owner in one of several models as one object whichever model it is of, then
//! what was counted, under the keys of the associations in an object `_count`.
//! Timestamps (RFC 3339), dates and uuids are texts; bytes are a text of hexadecimal digits; a float that JSON has no
//! number for (NaN, infinities) is null; JSON documents stand as they are.
//!
//! Writing goes as deep as the includes of the request, which are limited.

use std::io;
use std::io::Write;

use crate::query::aggregate::Groups;
use crate::query::resolve::IncludeNode;
use crate::query::{Record, Records, Rows};
use crate::value::ValueRef;

impl Rows<'_> {
    /// The rows as a JSON array, without spaces.
    pub fn to_json(&self) -> String {
        text(|out| self.write_json(out))
    }

    /// The rows as a JSON array, indented by two spaces.
    pub fn to_json_pretty(&self) -> String {
        text(|out| Writer::new(out, true).array(self.iter()))
    }

    /// Writes the rows as a JSON array, without spaces. Small pieces are written one by one: give a buffer.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write_json(&self, out: impl Write) -> io::Result<()> {
        Writer::new(out, false).array(self.iter())
    }
}

impl Record<'_> {
    /// The row as a JSON object, without spaces.
    pub fn to_json(&self) -> String {
        text(|out| Writer::new(out, false).object(*self))
    }

    /// The row as a JSON object, indented by two spaces.
    pub fn to_json_pretty(&self) -> String {
        text(|out| Writer::new(out, true).object(*self))
    }
}

impl Groups {
    /// The groups as a JSON array of objects, without spaces.
    pub fn to_json(&self) -> String {
        text(|out| Writer::new(out, false).groups(self))
    }

    /// The groups as a JSON array of objects, indented by two spaces.
    pub fn to_json_pretty(&self) -> String {
        text(|out| Writer::new(out, true).groups(self))
    }
}

fn text(write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> String {
    let mut out = Vec::new();
    write(&mut out).expect("writing to a vector does not fail");
    String::from_utf8(out).expect("every piece written is text")
}

struct Writer<W> {
    out: W,
    pretty: bool,
    /// How many brackets are open.
    depth: usize,
}

impl<W: Write> Writer<W> {
    fn new(out: W, pretty: bool) -> Self {
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
            self.object(record)?;
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

    fn object(&mut self, record: Record<'_>) -> io::Result<()> {
        self.open("{")?;
        let mut is_empty = true;
        for (name, value) in record.attributes() {
            self.name(name, is_empty)?;
            self.value(value)?;
            is_empty = false;
        }
        if let Some(through) = record.through() {
            self.name(through.model(), is_empty)?;
            self.object(through)?;
            is_empty = false;
        }
        for (name, single, mut records) in record.named_includes() {
            self.name(name, is_empty)?;
            is_empty = false;
            match (single, records.len()) {
                (false, _) => self.array(records)?,
                (true, 0) => self.raw("null")?,
                (true, _) => records.try_for_each(|record| self.object(record))?,
            }
        }
        let mut counts = record.counts().peekable();
        if counts.peek().is_some() {
            self.name("_count", is_empty)?;
            is_empty = false;
            self.counts(counts)?;
        }
        self.close("}", is_empty)
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

    fn name(&mut self, name: &str, is_first: bool) -> io::Result<()> {
        self.begin_item(is_first)?;
        self.string(name)?;
        self.raw(if self.pretty { ": " } else { ":" })
    }

    fn string(&mut self, text: &str) -> io::Result<()> {
        Ok(serde_json::to_writer(&mut self.out, text)?)
    }

    fn open(&mut self, bracket: &str) -> io::Result<()> {
        self.depth += 1;
        self.raw(bracket)
    }

    fn close(&mut self, bracket: &str, is_empty: bool) -> io::Result<()> {
        self.depth -= 1;
        if !is_empty {
            self.new_line()?;
        }
        self.raw(bracket)
    }

    fn begin_item(&mut self, is_first: bool) -> io::Result<()> {
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

    fn raw(&mut self, text: &str) -> io::Result<()> {
        self.out.write_all(text.as_bytes())
    }
}
