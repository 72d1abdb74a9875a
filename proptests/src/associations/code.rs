//! A graph and steps as relata code that can be pasted.

use std::fmt::{self, Write};

use relata::value::Value;

use crate::associations::graph::{
    Association, Attribute, Graph, Key, Model, PrimaryKey, Sort, Unique,
};
use crate::associations::machine::Difference;
use crate::associations::steps::{Call, Name, Named, Row, Source, Step, Target, Verb};
use crate::shape::{Kind, Timing};

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n", self.message)?;
        f.write_str(&declarations(&self.program.graph))?;
        for step in &self.program.steps {
            writeln!(f, "{}", self::step(step))?;
        }
        Ok(())
    }
}

/// The declarations of a graph.
pub fn declarations(graph: &Graph) -> String {
    let mut code = "let mut models = Models::new();\n".to_owned();
    for model in &graph.models {
        code += &self::model(model);
    }
    for association in &graph.associations {
        code += &self::association(association);
    }
    if graph.watched {
        code += "// Every model has the hooks of `watch`.\n";
    }
    code + "let mut db = models.sync()?;\n"
}

fn model(model: &Model) -> String {
    let name = &model.name;
    let mut code =
        format!("models.define(ModelDef::new({name:?}).freeze_table_name().timestamps(false)");
    for (name, kind) in model.key_columns() {
        let numbered = match model.key {
            PrimaryKey::Numbered => ".auto_increment()",
            _ => "",
        };
        code += &format!(
            "\n    .attribute(Attribute::new({name:?}, {}).primary_key(){numbered})",
            data_type(kind)
        );
    }
    for attribute in &model.attributes {
        code += &self::attribute(attribute);
    }
    if let Some((name, value)) = &model.default_scope {
        let filter = match value {
            Value::Null => "is_null()".to_owned(),
            value => format!("eq({})", literal(value)),
        };
        code += &format!("\n    .default_scope(Scope::new().filter(col({name:?}).{filter}))");
    }
    if model.soft_delete {
        code += ".soft_delete()";
    }
    code + ");\n"
}

fn attribute(attribute: &Attribute) -> String {
    let mut code = format!(
        "\n    .attribute(Attribute::new({:?}, {})",
        attribute.name,
        data_type(attribute.kind)
    );
    code += settings(attribute.nullable, attribute.unique);
    code += &default(attribute.default.as_ref());
    code + ")"
}

fn association(association: &Association) -> String {
    let (call, name) = match &association.sort {
        Sort::BelongsTo => ("belongs_to", "BelongsTo"),
        Sort::HasOne => ("has_one", "HasOne"),
        Sort::HasMany => ("has_many", "HasMany"),
        Sort::BelongsToMany(_) => ("belongs_to_many", "BelongsToMany"),
    };
    let mut code = format!(
        "models.{call}({:?}, {name}::new({:?}).foreign_key({})",
        association.source,
        association.target,
        key(&association.key)
    );
    if association.aliased {
        code += &format!(".alias({:?})", association.alias);
    }
    let refers = match &association.sort {
        Sort::BelongsTo => "target_keys",
        _ => "source_keys",
    };
    code += &list(refers, &association.key.refers);
    if let Sort::BelongsToMany(junction) = &association.sort {
        code += &format!(".other_key({})", key(&junction.other));
        code += &list("target_keys", &junction.other.refers);
        code += &format!(
            "\n    .through(Through::new({:?}).timestamps(false)",
            junction.through
        );
        match &junction.unique {
            None => {}
            Some(Unique::Attributes(names)) => {
                code += &format!(
                    ".unique(Uniqueness::Attributes(vec!{names:?}.into_iter().map(Into::into).collect()))"
                );
            }
            Some(unique) => code += &format!(".unique(Uniqueness::{unique:?})"),
        }
        code += &scope(&junction.scope);
        if junction.soft_delete {
            code += ".soft_delete()";
        }
        code.push(')');
    }
    code += &scope(&association.scope);
    if !association.constraints {
        code += ".constraints(false)";
    }
    if let Some(rule) = association.on_delete {
        code += &format!(".on_delete(Action::{rule:?})");
    }
    if let Some(rule) = association.on_update {
        code += &format!(".on_update(Action::{rule:?})");
    }
    if association.timing != Timing::Immediate {
        code += &format!(".deferrable(Deferral::{:?})", association.timing);
    }
    code + ");\n"
}

fn key(key: &Key) -> String {
    let attribute = |name: &String| {
        let mut code = match key.named {
            true => format!("KeyAttribute::named({name:?})"),
            false => format!("KeyAttribute::unnamed() /* {name} */"),
        };
        code += settings(key.nullable, key.unique);
        code + &default(key.default.as_ref())
    };
    match &key.names[..] {
        [one] => attribute(one),
        names => format!(
            "[{}]",
            names.iter().map(attribute).collect::<Vec<_>>().join(", ")
        ),
    }
}

fn settings(nullable: Option<bool>, unique: bool) -> &'static str {
    match (nullable, unique) {
        (None, false) => "",
        (None, true) => ".unique()",
        (Some(true), false) => ".nullable()",
        (Some(true), true) => ".nullable().unique()",
        (Some(false), false) => ".not_null()",
        (Some(false), true) => ".not_null().unique()",
    }
}

fn default(value: Option<&Value>) -> String {
    value.map_or(String::new(), |value| {
        format!(".default({})", literal(value))
    })
}

fn list(method: &str, names: &[String]) -> String {
    match names.is_empty() {
        true => String::new(),
        false => format!(".{method}({names:?})"),
    }
}

fn scope(cells: &[(String, Value)]) -> String {
    let cells = cells.iter();
    cells.fold(String::new(), |mut code, (name, value)| {
        let _ = write!(code, ".scope({name:?}, {})", literal(value));
        code
    })
}

/// A step as one or a few lines.
pub fn step(step: &Step) -> String {
    match step {
        Step::Begin => "let mut db = db.begin();".to_owned(),
        Step::Commit => "db.commit()?;".to_owned(),
        Step::Rollback => "db.rollback();".to_owned(),
        Step::Create { model, values } => format!("db.create({model:?}, {})?;", named(values)),
        Step::Update { row, values } => {
            format!("db.update(&mut {}, {})?;", instance(row), named(values))
        }
        Step::Destroy { row, forced } => {
            let forced = if *forced { "_forced" } else { "" };
            format!("db.destroy{forced}(&{})?;", instance(row))
        }
        Step::Restore { row } => format!("db.restore(&mut {})?;", instance(row)),
        Step::DestroyWhere {
            model,
            attribute,
            value,
        } => format!(
            "db.destroy_where({model:?}, col({attribute:?}).eq({}))?;",
            literal(value)
        ),
        Step::EditJunction {
            source,
            association,
            position,
            values,
        } => {
            let source = instance(source);
            let mut code =
                format!("let mut targets = db.related(&{source}, {association:?})?.get()?;\n");
            code += &format!("let junction = targets[{position}].junction_mut().unwrap();\n");
            for (name, value) in values {
                code += &format!("junction.set({name:?}, {})?;\n", literal(value));
            }
            code + "db.save(junction)?;"
        }
        Step::Call(call) => self::call(call),
    }
}

fn call(call: &Call) -> String {
    let source = match &call.source {
        Source::Row(row) => instance(row),
        Source::Unsaved { model, values } => format!("db.build({model:?}, {})?", named(values)),
    };
    let mut code = format!("let source = {source};\n");
    let mut targets = Vec::new();
    for (position, Target { name, through }) in call.targets.iter().enumerate() {
        let stands = match name {
            Name::Key(key) => format!("Key::from(vec![{}])", literals(key)),
            Name::Row(row) => {
                code += &format!("let target{position} = {};\n", instance(row));
                format!("&target{position}")
            }
            Name::Unsaved { model, values } => {
                code += &format!(
                    "let target{position} = db.build({model:?}, {})?;\n",
                    named(values)
                );
                format!("&target{position}")
            }
        };
        targets.push(match through.is_empty() {
            true => stands,
            false => format!("({stands}, {})", named(through)),
        });
    }
    let targets = format!("targets![{}]", targets.join(", "));
    code += &format!("db.related(&source, {:?})?", call.association);
    if call.destroy_previous {
        code += ".destroy_previous()";
    }
    let filter = call.filter.as_ref();
    let filter = filter.map(|(name, value)| format!("col({name:?}).eq({})", literal(value)));
    let values = named(&call.values);
    let attributes = call.attributes.as_ref().map(named);
    code += &match (call.verb, attributes, filter) {
        (Verb::Get, _, None) => ".get()?;".to_owned(),
        (Verb::Get, _, Some(filter)) => format!(".get_where({filter})?;"),
        (Verb::One, ..) => ".one()?;".to_owned(),
        (Verb::Has, ..) => format!(".has({targets})?;"),
        (Verb::Count, _, None) => ".count()?;".to_owned(),
        (Verb::Count, _, Some(filter)) => format!(".count_where({filter})?;"),
        (Verb::Set, None, _) => format!(".set({targets})?;"),
        (Verb::Set, Some(given), _) => format!(".set_with({targets}, {given})?;"),
        (Verb::Add, None, _) => format!(".add({targets})?;"),
        (Verb::Add, Some(given), _) => format!(".add_with({targets}, {given})?;"),
        (Verb::Remove, ..) => format!(".remove({targets})?;"),
        (Verb::Create, None, _) => format!(".create({values})?;"),
        (Verb::Create, Some(given), _) => format!(".create_with({values}, {given})?;"),
    };
    code
}

fn instance(row: &Row) -> String {
    let note = match row.stale {
        true => " /* as it was first read */",
        false => "",
    };
    let key = match &row.key[..] {
        [one] => literal(one),
        all => format!("({})", literals(all)),
    };
    format!("db.find({:?}, {key})?.unwrap(){note}", row.model)
}

fn named(values: &Named) -> String {
    let values = values.iter();
    let values = values.map(|(name, value)| format!("{name}: {}", literal(value)));
    format!("values! {{ {} }}", values.collect::<Vec<_>>().join(", "))
}

fn literals(values: &[Value]) -> String {
    let values: Vec<String> = values
        .iter()
        .map(|value| format!("{}.into()", literal(value)))
        .collect();
    values.join(", ")
}

fn literal(value: &Value) -> String {
    match value {
        Value::Null => "Value::Null".to_owned(),
        Value::Int(number) => number.to_string(),
        Value::Text(text) => format!("{:?}", &**text),
        other => format!("{other:?}"),
    }
}

fn data_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Int => "DataType::Int",
        _ => "DataType::Text",
    }
}
