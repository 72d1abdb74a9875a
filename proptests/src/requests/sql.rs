//! A world and requests on it as SQL, as SQLite understands it.
//!
//! Each table has its columns without a type, so that SQLite converts nothing, and the number of each row beside them.
//! A [settled](crate::requests::settle) request is one statement that gives one text, in the form of
//! [`Answer::numbers`](crate::requests::naive::Answer): a required include is an EXISTS, and what is included is a
//! correlated subquery with its own order, limit and offset, its rows put together as text. Of what is included under
//! a limit, rows are numbered by a window function instead, in every second one.
//!
//! How values are said: booleans, timestamps and dates as integers, uuids as their bytes, JSON as its text.

use std::fmt::Write;

use relata::value::Value;

use crate::requests::request::{
    Body, Filter, Function, Include, OwnerInclude, Related, RelatedQuestion, Request, Term,
};
use crate::requests::settle;
use crate::requests::world::{Key, Model, Sort, World, is_nan};

/// Creates the tables of a world and fills them.
pub fn world(world: &World) -> Vec<String> {
    let mut statements = Vec::new();
    for model in &world.models {
        let columns = model.columns.iter().map(|column| quoted(&column.name));
        let columns: Vec<String> = columns.collect();
        let (name, columns) = (quoted(&model.name), columns.join(", "));
        statements.push(format!(
            "CREATE TABLE {name} (_n INTEGER PRIMARY KEY, {columns})"
        ));
        let rows = model.rows.iter().enumerate().map(|(number, row)| {
            let cells: Vec<String> = row.iter().map(literal).collect();
            format!("({number}, {})", cells.join(", "))
        });
        let rows: Vec<String> = rows.collect();
        if !rows.is_empty() {
            statements.push(format!("INSERT INTO {name} VALUES {}", rows.join(", ")));
        }
    }
    statements
}

/// What a settled request gives, as the numbers of rows.
pub fn request(world: &World, request: &Request) -> String {
    let model = &world.models[request.model];
    let mut writer = Writer::new(world);
    let table = writer.table();
    let (item, wheres) = writer.parts(model, &request.body, &table);
    let source = Source {
        from: format!("{} AS {table}", quoted(&model.name)),
        wheres,
        order: writer.order(model, &request.body, &table),
    };
    source.texts(&item, &request.body, false)
}

/// How many roots a settled request has.
pub fn count(world: &World, request: &Request) -> String {
    let model = &world.models[request.model];
    let mut writer = Writer::new(world);
    let table = writer.table();
    let wheres = writer.wheres(model, &request.body, &table);
    format!(
        "SELECT count(*) FROM {} AS {table} WHERE {}",
        quoted(&model.name),
        conjunction(&wheres)
    )
}

struct Writer<'w> {
    world: &'w World,
    /// How many tables have a name so far.
    tables: usize,
    /// Which row stands beside the one that a filter is about: the association to many, and its table; none for no row.
    beside: Option<(usize, Option<String>)>,
}

/// Rows that are read, and how they are ordered.
struct Source {
    from: String,
    wheres: Vec<String>,
    order: String,
}

impl Source {
    /// The text of all its rows, one after the other.
    fn texts(&self, item: &str, body: &Body, is_single: bool) -> String {
        let wheres = conjunction(&self.wheres);
        let (from, order) = (&self.from, &self.order);
        let offset = body.offset.unwrap_or(0);
        let limit = body
            .limit
            .map_or("-1".to_owned(), |limit| limit.to_string());
        let rows = match (is_single, body.limit) {
            (true, _) => {
                let first = format!(
                    "SELECT {item} AS item FROM {from} WHERE {wheres} ORDER BY {order} LIMIT 1"
                );
                format!("SELECT item FROM ({first}) LIMIT {limit} OFFSET {offset}")
            }
            (false, Some(limit)) if limit % 2 == 1 => {
                let numbered = format!(
                    "SELECT {item} AS item, row_number() OVER (ORDER BY {order}) AS place \
                     FROM {from} WHERE {wheres}"
                );
                let end = offset + limit;
                format!(
                    "SELECT item FROM ({numbered}) WHERE place > {offset} AND place <= {end} \
                     ORDER BY place LIMIT -1"
                )
            }
            (false, _) => format!(
                "SELECT {item} AS item FROM {from} WHERE {wheres} \
                 ORDER BY {order} LIMIT {limit} OFFSET {offset}"
            ),
        };
        format!("SELECT coalesce(group_concat(item, ''), '') FROM ({rows})")
    }
}

impl<'w> Writer<'w> {
    fn new(world: &'w World) -> Self {
        Writer {
            world,
            tables: 0,
            beside: None,
        }
    }

    fn table(&mut self) -> String {
        self.tables += 1;
        format!("t{}", self.tables)
    }

    /// The text of a row, and what has to be true of it.
    fn parts(&mut self, model: &Model, body: &Body, table: &str) -> (String, Vec<String>) {
        let item = self.item(model, body, table, None);
        (item, self.wheres(model, body, table))
    }

    fn item(&mut self, model: &Model, body: &Body, table: &str, link: Option<&str>) -> String {
        let mut item = format!("'(' || {table}._n");
        if let Some(link) = link {
            _ = write!(item, " || ':' || {link}._n");
        }
        for include in body.includes.iter().filter(|it| it.body.is_shown()) {
            _ = write!(
                item,
                " || '[' || ({}) || ']'",
                self.included(model, body, include, table)
            );
        }
        for owner in &body.owners {
            let members = owner.members.iter();
            let texts = members.map(|member| self.included(model, body, member, table));
            let texts: Vec<String> = texts.map(|text| format!("({text})")).collect();
            _ = write!(item, " || '[' || {} || ']'", texts.join(" || "));
        }
        for counted in &body.counts {
            let association = &self.world.associations[counted.association];
            let (source, _, _) = self.source(counted, table);
            let (from, wheres) = (&source.from, conjunction(&source.wheres));
            let count = match association.is_single() {
                true => format!("EXISTS (SELECT 1 FROM {from} WHERE {wheres})"),
                false => format!("(SELECT count(*) FROM {from} WHERE {wheres})"),
            };
            _ = write!(item, " || '#' || {count}");
        }
        item + " || ')'"
    }

    fn included(&mut self, model: &Model, body: &Body, include: &Include, table: &str) -> String {
        let association = &self.world.associations[include.association];
        let is_single = association.is_single();
        let (mut source, target, link) = self.source(include, table);
        for said in &body.filters {
            if self.world.to_many(said) == Some(include.association) {
                let target = Some(target.clone());
                let narrowed =
                    self.filter_beside(model, body, said, table, include.association, target);
                source.wheres.push(narrowed);
            }
        }
        let below = &self.world.models[association.target];
        let item = self.item(below, &include.body, &target, link.as_deref());
        source.texts(&item, &include.body, is_single)
    }

    /// The rows below those of a table, and the names of the target's and the junction's table.
    fn source(&mut self, include: &Include, above: &str) -> (Source, String, Option<String>) {
        let association = &self.world.associations[include.association];
        let model = &self.world.models[association.target];
        let table = self.table();
        let mut source = Source {
            from: format!("{} AS {table}", quoted(&model.name)),
            wheres: Vec::new(),
            order: self.order(model, &include.body, &table),
        };
        let mut link = None;
        let key = &association.key;
        match &association.sort {
            Sort::BelongsTo => {
                let holder = &self.world.models[association.source];
                source
                    .wheres
                    .push(joined(key, holder, above, model, &table));
                let guard = self.world.guard(include.association);
                source.wheres.extend(guard.map(|(column, value)| {
                    format!(
                        "{} = {}",
                        self::column(holder, column, above),
                        literal(value)
                    )
                }));
            }
            Sort::HasOne | Sort::HasMany => {
                let parent = &self.world.models[association.source];
                source
                    .wheres
                    .push(joined(key, model, &table, parent, above));
            }
            Sort::BelongsToMany(junction) => {
                let between = self.table();
                let through = &self.world.models[junction.model];
                let parent = &self.world.models[association.source];
                _ = write!(source.from, ", {} AS {between}", quoted(&through.name));
                _ = write!(source.order, ", {}", key_order(through, &between));
                let wheres = &mut source.wheres;
                wheres.push(joined(key, through, &between, parent, above));
                wheres.push(joined(&junction.other, through, &between, model, &table));
                wheres.extend(seen(through, include.through_with_deleted, &between));
                wheres.extend(cells(through, &junction.scope, &between));
                for said in &include.through_filters {
                    wheres.push(self.filter(through, &Body::default(), said, &between));
                }
                link = Some(between);
            }
            Sort::Chain(chain) => {
                let steps = &chain.steps;
                let reached = self.reached(steps, &include.body, above, &table);
                source.wheres.push(reached);
            }
        }
        source
            .wheres
            .extend(cells(model, &association.scope, &table));
        if let Some(condition) = &association.condition {
            let body = Body::default();
            source
                .wheres
                .push(self.filter(model, &body, condition, &table));
        }
        let wheres = self.wheres(model, &include.body, &table);
        source.wheres.extend(wheres);
        (source, table, link)
    }

    /// What has to be true of the rows of a table.
    fn wheres(&mut self, model: &Model, body: &Body, table: &str) -> Vec<String> {
        let mut wheres: Vec<String> = seen(model, body.with_deleted, table).into_iter().collect();
        for said in &body.filters {
            let said = match self.world.to_many(said) {
                Some(step) => self.over_many(model, body, said, table, step),
                None => self.filter(model, body, said, table),
            };
            wheres.push(said);
        }
        for include in body.includes.iter().filter(|it| it.required == Some(true)) {
            let (source, _, _) = self.source(include, table);
            let (from, required) = (&source.from, conjunction(&source.wheres));
            wheres.push(format!("EXISTS (SELECT 1 FROM {from} WHERE {required})"));
        }
        for OwnerInclude { members, .. } in body.owners.iter().filter(|it| it.required) {
            let exist = members.iter().map(|member| {
                let (source, _, _) = self.source(member, table);
                let (from, required) = (&source.from, conjunction(&source.wheres));
                format!("EXISTS (SELECT 1 FROM {from} WHERE {required})")
            });
            let exist: Vec<String> = exist.collect();
            wheres.push(format!("({})", exist.join(" OR ")));
        }
        wheres
    }

    /// BY-8: whether steps lead from the row of one table to that of another; the last one as the body says.
    fn reached(&mut self, steps: &[usize], body: &Body, above: &str, table: &str) -> String {
        let [step, rest @ ..] = steps else {
            return "1".to_owned();
        };
        let association = &self.world.associations[*step];
        let mut include = settle::bare(self.world, *step);
        if rest.is_empty() {
            let terms = body.filters.iter().flat_map(Filter::terms);
            include.body = Body {
                filters: terms.filter(|term| !term.reaches()).cloned().collect(),
                with_deleted: body.with_deleted,
                ..Body::default()
            };
        }
        let (source, below, _) = self.source(&include, above);
        let (from, wheres, order) = (source.from, conjunction(&source.wheres), source.order);
        let on = |writer: &mut Self, below: &str| match rest.is_empty() {
            true => format!("{below}._n = {table}._n"),
            false => writer.reached(rest, body, below, table),
        };
        if !association.is_single() {
            let on = on(self, &below);
            return format!("EXISTS (SELECT 1 FROM {from} WHERE {wheres} AND {on})");
        }
        let one = self.table();
        let model = quoted(&self.world.models[association.target].name);
        let on = on(self, &one);
        let lowest =
            format!("SELECT {below}._n FROM {from} WHERE {wheres} ORDER BY {order} LIMIT 1");
        format!("EXISTS (SELECT 1 FROM {model} AS {one} WHERE {one}._n = ({lowest}) AND {on})")
    }

    /// BY-19: true beside a row below, or beside none if there is none.
    fn over_many(
        &mut self,
        model: &Model,
        body: &Body,
        said: &Filter,
        table: &str,
        step: usize,
    ) -> String {
        let mut includes = body.includes_and_members();
        let include = includes
            .find(|include| include.association == step)
            .cloned();
        let include = include.unwrap_or_else(|| settle::bare(self.world, step));
        let (source, below, _) = self.source(&include, table);
        let (from, wheres) = (source.from, conjunction(&source.wheres));
        let beside = self.filter_beside(model, body, said, table, step, Some(below));
        let alone = self.filter_beside(model, body, said, table, step, None);
        let rows = format!("SELECT 1 FROM {from} WHERE {wheres}");
        format!("(EXISTS ({rows} AND {beside}) OR NOT EXISTS ({rows}) AND {alone})")
    }

    fn filter_beside(
        &mut self,
        model: &Model,
        body: &Body,
        said: &Filter,
        table: &str,
        step: usize,
        below: Option<String>,
    ) -> String {
        let outer = self.beside.replace((step, below));
        let said = self.filter(model, body, said, table);
        self.beside = outer;
        said
    }

    fn order(&mut self, model: &Model, body: &Body, table: &str) -> String {
        let mut parts = Vec::new();
        for order in &body.order {
            parts.push(format!(
                "{}{} NULLS {}",
                self.cell(model, body, &order.path, order.column, table),
                if order.descending { " DESC" } else { "" },
                if order.nulls_first() { "FIRST" } else { "LAST" },
            ));
        }
        parts.push(key_order(model, table));
        parts.join(", ")
    }

    /// A column of a table, or of the row to which a path leads from there.
    fn cell(
        &mut self,
        model: &Model,
        body: &Body,
        path: &[usize],
        at: usize,
        table: &str,
    ) -> String {
        let [step, rest @ ..] = path else {
            return column(model, at, table);
        };
        let mut includes = body.includes_and_members();
        let included = includes.find(|include| include.association == *step);
        let include = included.cloned();
        let include = include.unwrap_or_else(|| settle::bare(self.world, *step));
        let target = &self.world.models[self.world.associations[*step].target];
        if let Some((beside, below)) = self.beside.clone()
            && beside == *step
        {
            return match below {
                Some(below) => self.cell(target, &include.body, rest, at, &below),
                None => "NULL".to_owned(),
            };
        }
        let (source, below, _) = self.source(&include, table);
        let cell = self.cell(target, &include.body, rest, at, &below);
        let (from, wheres, order) = (source.from, conjunction(&source.wheres), source.order);
        format!("(SELECT {cell} FROM {from} WHERE {wheres} ORDER BY {order} LIMIT 1)")
    }

    fn filter(&mut self, model: &Model, body: &Body, said: &Filter, table: &str) -> String {
        let mut operand = |term: &Term| match term {
            Term::Column(at) => column(model, *at, table),
            Term::Path(path, at) => self.cell(model, body, path, *at, table),
            Term::Constant(value) => literal(value),
            Term::Worked(function, at) => worked(function, &column(model, *at, table)),
        };
        match said {
            Filter::All(parts) => self.joined(model, body, parts, table, " AND ", "1"),
            Filter::Any(parts) => self.joined(model, body, parts, table, " OR ", "0"),
            Filter::Not(it) => format!("(NOT {})", self.filter(model, body, it, table)),
            Filter::Unknown(it) => format!("({} IS NULL)", self.filter(model, body, it, table)),
            Filter::Same(a, b) => {
                let a = self.filter(model, body, a, table);
                format!("({a} = {})", self.filter(model, body, b, table))
            }
            Filter::Holds(at) => column(model, *at, table),
            Filter::Constant(truth) => literal(&(*truth).into()),
            Filter::Compare(comparison, a, b) => {
                format!("({} {} {})", operand(a), comparison.symbol(), operand(b))
            }
            Filter::Between(subject, low, high) => {
                let (subject, low, high) = (operand(subject), operand(low), operand(high));
                format!("({subject} BETWEEN {low} AND {high})")
            }
            Filter::In(subject, values) => {
                let values: Vec<String> = values.iter().map(literal).collect();
                format!("({} IN ({}))", operand(subject), values.join(", "))
            }
            Filter::Like(text, pattern) => {
                format!("({} LIKE {} ESCAPE '\\')", operand(text), operand(pattern))
            }
            Filter::IsNull(term) => format!("({} IS NULL)", operand(term)),
            Filter::Related(related) => self.related(related, table),
        }
    }

    fn joined(
        &mut self,
        model: &Model,
        body: &Body,
        parts: &[Filter],
        table: &str,
        by: &str,
        none: &str,
    ) -> String {
        let mut texts = Vec::new();
        for part in parts {
            texts.push(self.filter(model, body, part, table));
        }
        match texts.is_empty() {
            true => none.to_owned(),
            false => format!("({})", texts.join(by)),
        }
    }

    /// BY-6.
    fn related(&mut self, related: &Related, table: &str) -> String {
        let filters = &related.filters;
        let mut number = |also: Option<(&Filter, &str)>, is_cut| {
            self.number(&related.path, filters, also, is_cut, table)
        };
        match &related.question {
            RelatedQuestion::Exists => format!("({} > 0)", number(None, false)),
            RelatedQuestion::Any(said) => format!("({} > 0)", number(Some((said, "")), false)),
            RelatedQuestion::None(said) => format!("({} = 0)", number(Some((said, "")), false)),
            RelatedQuestion::All(said) => {
                let number = number(Some((said, " IS NOT 1")), false);
                format!("({number} = 0)")
            }
            RelatedQuestion::Count(comparison, other) => {
                format!("({} {} {other})", number(None, true), comparison.symbol())
            }
        }
    }

    /// How many rows there are at the end of a path for which filters are true. An association to one leads to the first
    /// row; at the end only if numbers are cut to it.
    fn number(
        &mut self,
        path: &[usize],
        filters: &[Filter],
        also: Option<(&Filter, &str)>,
        is_cut: bool,
        table: &str,
    ) -> String {
        let [step, rest @ ..] = path else {
            return "1".to_owned();
        };
        let association = &self.world.associations[*step];
        let (mut source, below, _) = self.source(&settle::bare(self.world, *step), table);
        if rest.is_empty() {
            let (target, none) = (&self.world.models[association.target], Body::default());
            for said in filters {
                let filter = self.filter(target, &none, said, &below);
                source.wheres.push(filter);
            }
            if let Some((said, is)) = also {
                let filter = self.filter(target, &none, said, &below);
                source.wheres.push(format!("({filter}{is})"));
            }
        }
        let number = self.number(rest, filters, also, is_cut, &below);
        let (from, wheres, order) = (source.from, conjunction(&source.wheres), source.order);
        match association.is_single() && (is_cut || !rest.is_empty()) {
            true => format!(
                "coalesce((SELECT {number} FROM {from} WHERE {wheres} ORDER BY {order} LIMIT 1), 0)"
            ),
            false => format!("(SELECT coalesce(sum({number}), 0) FROM {from} WHERE {wheres})"),
        }
    }
}

fn cells(model: &Model, cells: &[(usize, Value)], table: &str) -> Vec<String> {
    let cells = cells.iter();
    cells
        .map(|(at, value)| format!("{} IS {}", column(model, *at, table), literal(value)))
        .collect()
}

fn seen(model: &Model, with_deleted: bool, table: &str) -> Option<String> {
    let deleted_at = model.deleted_at().filter(|_| !with_deleted)?;
    Some(format!("{} IS NULL", column(model, deleted_at, table)))
}

fn joined(
    key: &Key,
    child: &Model,
    child_table: &str,
    parent: &Model,
    parent_table: &str,
) -> String {
    let pairs = key.columns.iter().zip(&key.refers).map(|(&own, &other)| {
        let own = column(child, own, child_table);
        format!("{own} = {}", column(parent, other, parent_table))
    });
    let pairs: Vec<String> = pairs.collect();
    pairs.join(" AND ")
}

fn key_order(model: &Model, table: &str) -> String {
    if model.key.is_empty() {
        return format!("{table}._n");
    }
    let columns = model.key.iter().map(|&at| column(model, at, table));
    columns.collect::<Vec<_>>().join(", ")
}

fn worked(function: &Function, of: &str) -> String {
    let text = |text: &str| literal(&text.into());
    match function {
        Function::Length | Function::Lower | Function::Upper | Function::Trim => {
            format!("{}({of})", function.name())
        }
        Function::Substr(from, count) => format!("substr({of}, {from}, {count})"),
        Function::Replace(from, to) => format!("replace({of}, {}, {})", text(from), text(to)),
        Function::Concat(end) => format!("(coalesce({of}, '') || {})", text(end)),
        Function::Coalesce(other) => format!("coalesce({of}, {})", literal(other)),
        Function::NullIf(other) => format!("nullif({of}, {})", literal(other)),
        Function::Divide(by) => format!("({of} / {by})"),
        Function::Remainder(by) => format!("({of} % {by})"),
    }
}

/// A value as SQLite is told it.
fn literal(value: &Value) -> String {
    match value {
        Value::Bool(value) => i32::from(*value).to_string(),
        Value::Float(number) if number.is_nan() => "null".to_owned(),
        Value::Float(number) if *number == f64::INFINITY => "9e999".to_owned(),
        Value::Float(number) if *number == f64::NEG_INFINITY => "-9e999".to_owned(),
        Value::Uuid(uuid) => {
            let mut text = "x'".to_owned();
            let bytes = uuid.as_bytes().iter();
            bytes.for_each(|byte| _ = write!(text, "{byte:02x}"));
            text + "'"
        }
        Value::Timestamp(time) => time.as_micros().to_string(),
        Value::Date(date) => date.as_days().to_string(),
        Value::Json(json) => Value::from(json.as_str()).to_string(),
        Value::Null | Value::Int(_) | Value::Float(_) | Value::Text(_) | Value::Bytes(_) => {
            value.to_string()
        }
    }
}

fn conjunction(wheres: &[String]) -> String {
    match wheres.is_empty() {
        true => "1".to_owned(),
        false => wheres.join(" AND "),
    }
}

fn column(model: &Model, at: usize, table: &str) -> String {
    format!("{table}.{}", quoted(&model.columns[at].name))
}

fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

/// Whether SQLite has no word for a request: it takes a NaN for null, matches no text to a pattern that ends in an escape,
/// and leaves letters that are not ASCII as they are.
pub fn departure(world: &World, request: &Request) -> Option<&'static str> {
    let below = request.body.below();
    let below = below.iter();
    if below.clone().any(|include| include.recursion.is_some()) {
        return Some("a recursion is not one query");
    }
    let filters: Vec<&Filter> = below
        .flat_map(|include| include.body.filters.iter().chain(&include.through_filters))
        .chain(&request.body.filters)
        .chain(world.associations.iter().flat_map(|it| &it.condition))
        .collect();
    let mut constants = filters.iter().flat_map(|filter| filter.constants());
    if world.holds_nan() || constants.any(is_nan) {
        return Some("SQLite has no NaN");
    }
    let mut functions = filters.iter().flat_map(|filter| filter.functions());
    if functions.any(|it| matches!(it, Function::Lower | Function::Upper)) && world.holds_letters()
    {
        return Some("SQLite knows the case of ASCII alone");
    }
    let ends_in_escape = |filter: &Filter| match filter {
        Filter::Like(_, Term::Constant(pattern)) => {
            let pattern = pattern.as_str().unwrap_or_default();
            let escapes = pattern.chars().rev().take_while(|it| *it == '\\').count();
            escapes % 2 == 1
        }
        _ => false,
    };
    if filters.iter().any(|filter| filter.has(&ends_in_escape)) {
        return Some("SQLite fits nothing to a pattern that ends in an escape");
    }
    None
}
