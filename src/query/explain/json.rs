//! An explanation as JSON: each node an object with the fields that say something, each list in order.
//!
//! Members are named as the fields are; what is not there is left out, as are `false` and empty lists. Times are in
//! nanoseconds, as `time_ns`.

use std::io;
use std::io::Write;
use std::time::Duration;

use crate::query::explain::{
    Actual, Explained, Explanation, Means, Method, MissingIndex, Operation, Ordered, Step, StepSide,
};
use crate::query::json::{Writer, flat_text};

impl Explanation {
    /// The tree as a JSON object, without spaces: the node of the root, with `time_ns` if the request was run. Its members
    /// are named as the fields are, words such as `edges_to_children` as their variants; what says nothing is left out.
    ///
    /// ```
    /// use relata::{Attribute, DataType, Models, select};
    ///
    /// let mut models = Models::new();
    /// models.define_with("Author", |it| it.attribute(Attribute::new("name", DataType::Text)));
    /// let db = models.sync()?;
    ///
    /// let json = select("Author").explain(&db)?.to_json();
    /// assert!(json.starts_with(r#"{"root":{"operation":"select","model":"Author","table":"Authors","#));
    /// # Ok::<(), relata::Error>(())
    /// ```
    pub fn to_json(&self) -> String {
        flat_text(|out| Object::begin(&mut Writer::new(out, false))?.explanation(self))
    }

    /// The same, indented by two spaces.
    pub fn to_json_pretty(&self) -> String {
        flat_text(|out| Object::begin(&mut Writer::new(out, true))?.explanation(self))
    }
}

/// An object that is being written.
struct Object<'w, W> {
    writer: &'w mut Writer<W>,
    is_empty: bool,
}

impl<'w, W: Write> Object<'w, W> {
    fn begin(writer: &'w mut Writer<W>) -> io::Result<Self> {
        writer.open("{")?;
        Ok(Object {
            writer,
            is_empty: true,
        })
    }

    fn end(self) -> io::Result<()> {
        self.writer.close("}", self.is_empty)
    }

    fn name(&mut self, name: &str) -> io::Result<&mut Writer<W>> {
        self.writer.name(name, self.is_empty)?;
        self.is_empty = false;
        Ok(self.writer)
    }

    fn text<'t>(&mut self, name: &str, text: impl Into<Option<&'t str>>) -> io::Result<()> {
        match text.into() {
            Some(text) => self.name(name)?.string(text),
            None => Ok(()),
        }
    }

    fn number(&mut self, name: &str, number: Option<u64>) -> io::Result<()> {
        match number {
            Some(number) => self.name(name)?.raw(&number.to_string()),
            None => Ok(()),
        }
    }

    fn time(&mut self, time: Option<Duration>) -> io::Result<()> {
        let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.number("time_ns", time.map(nanos))
    }

    fn flag(&mut self, name: &str, is_set: bool) -> io::Result<()> {
        match is_set {
            true => self.name(name)?.raw("true"),
            false => Ok(()),
        }
    }

    fn list<T>(
        &mut self,
        name: &str,
        items: &[T],
        mut write: impl FnMut(&mut Writer<W>, &T) -> io::Result<()>,
    ) -> io::Result<()> {
        if items.is_empty() {
            return Ok(());
        }
        let writer = self.name(name)?;
        writer.open("[")?;
        for (position, item) in items.iter().enumerate() {
            writer.begin_item(position == 0)?;
            write(writer, item)?;
        }
        writer.close("]", false)
    }

    fn texts(&mut self, name: &str, texts: &[String]) -> io::Result<()> {
        self.list(name, texts, |writer, text| writer.string(text))
    }

    fn explanation(mut self, explanation: &Explanation) -> io::Result<()> {
        let writer = self.name("root")?;
        Object::begin(writer)?.node(&explanation.root)?;
        self.time(explanation.time)?;
        self.end()
    }

    /// Calls itself as deep as the request is nested, which is limited.
    fn node(mut self, node: &Explained) -> io::Result<()> {
        self.text("operation", node.operation.word())?;
        self.text("model", &*node.model)?;
        self.text("table", &*node.table)?;
        self.text("association", node.association.as_deref())?;
        self.text("owner", node.owner.as_deref())?;
        self.flag("required", node.required)?;
        self.flag("hidden", !node.shown)?;
        self.list("steps", &node.steps, |writer, step| {
            Object::begin(writer)?.step(step)
        })?;
        self.text("reason", node.reason.as_deref())?;
        self.texts("filters", &node.filters)?;
        self.texts("joined_filters", &node.joined_filters)?;
        if let Some(order) = &node.order {
            Object::begin(self.name("order")?)?.order(order)?;
        }
        self.number("limit", node.limit.map(|limit| limit as u64))?;
        self.number("offset", Some(node.offset as u64).filter(|it| *it > 0))?;
        self.texts("attributes", &node.attributes)?;
        if let Some(recursive) = &node.recursive {
            let mut object = Object::begin(self.name("recursive")?)?;
            object.text("under", &*recursive.under)?;
            object.number("depth_max", recursive.depth_max.map(|it| it as u64))?;
            object.end()?;
        }
        self.flag("unread", node.unread)?;
        if let Some(split) = &node.split {
            let mut object = Object::begin(self.name("split")?)?;
            object.number("rows", Some(split.rows))?;
            object.number("from", Some(split.from))?;
            object.end()?;
        }
        self.number("stops_after", node.stops_after)?;
        self.number("estimated_rows", Some(node.estimated_rows))?;
        if let Some(actual) = &node.actual {
            Object::begin(self.name("actual")?)?.actual(actual)?;
        }
        self.list("below", &node.below, |writer, node| {
            Object::begin(writer)?.node(node)
        })?;
        self.end()
    }

    fn step(mut self, step: &Step) -> io::Result<()> {
        self.text("method", step.method.word())?;
        self.text("table", &*step.table)?;
        self.text("by", step.by.as_deref())?;
        self.text("condition", step.condition.as_deref())?;
        self.number("look_ups", step.look_ups)?;
        self.list("parts", &step.parts, |writer, step| {
            Object::begin(writer)?.step(step)
        })?;
        self.number("table_rows", step.table_rows)?;
        if let Some(index) = &step.missing_index {
            Object::begin(self.name("missing_index")?)?.missing_index(index)?;
        }
        self.text("side", step.side.word())?;
        self.text("of_chain", step.of_chain.as_deref())?;
        self.text("far_end", step.far_end.as_deref())?;
        self.texts("filters", &step.filters)?;
        self.flag("lowest", step.lowest)?;
        self.text("reason", step.reason.as_deref())?;
        self.end()
    }

    fn missing_index(mut self, index: &MissingIndex) -> io::Result<()> {
        self.text("name", &*index.name)?;
        self.text("table", &*index.table)?;
        self.texts("columns", &index.columns)?;
        self.end()
    }

    fn order(mut self, order: &Ordered) -> io::Result<()> {
        self.text("by", &*order.by)?;
        self.text("means", order.means.word())?;
        self.text("taken_by", order.taken_by.as_deref())?;
        self.end()
    }

    fn actual(mut self, actual: &Actual) -> io::Result<()> {
        self.number("rows", Some(actual.rows))?;
        self.number("rows_read", Some(actual.rows_read))?;
        self.number("probes", Some(actual.probes))?;
        self.time(Some(actual.time))?;
        self.end()
    }
}

impl Operation {
    fn word(self) -> &'static str {
        match self {
            Operation::Select => "select",
            Operation::Include => "include",
            Operation::Join => "join",
            Operation::Count => "count",
            Operation::Exists => "exists",
            Operation::Aggregate => "aggregate",
        }
    }
}

impl Method {
    fn word(self) -> &'static str {
        match self {
            Method::PrimaryKey => "primary_key",
            Method::UniqueKey => "unique_key",
            Method::KeyRange => "key_range",
            Method::Children => "children",
            Method::Index => "index",
            Method::IndexRange => "index_range",
            Method::Intersection => "intersection",
            Method::Scan => "scan",
            Method::Given => "given",
            Method::EdgeToParent => "edge_to_parent",
            Method::EdgesToChildren => "edges_to_children",
            Method::NumberOfRows => "number_of_rows",
            Method::NumberOfEdges => "number_of_edges",
            Method::LookUpInKey => "look_up_in_key",
            Method::LookUpInIndex => "look_up_in_index",
            Method::FirstOfIndex => "first_of_index",
            Method::MatchingScan => "matching_scan",
            Method::ScanForEach => "scan_for_each",
        }
    }
}

impl StepSide {
    fn word(self) -> Option<&'static str> {
        match self {
            StepSide::Direct => None,
            StepSide::Junction => Some("junction"),
            StepSide::Target => Some("target"),
        }
    }
}

impl Means {
    fn word(self) -> &'static str {
        match self {
            Means::AsFound => "as_found",
            Means::Backwards => "backwards",
            Means::Index => "index",
            Means::IndexBackwards => "index_backwards",
            Means::Sort => "sort",
            Means::SortOfUnordered => "sort_of_unordered",
            Means::SortOfUnsettled => "sort_of_unsettled",
        }
    }
}
