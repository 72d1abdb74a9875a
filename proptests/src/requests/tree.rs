//! What a request gives, as a tree, and that tree as JSON.

use std::fmt::Write;

use relata::value::Value;

/// A row with what is below it.
#[derive(Clone, Debug, PartialEq)]
pub struct Tree {
    /// The columns that are shown, in order.
    pub values: Vec<(String, Value)>,
    /// The name of the junction and the columns of its row that are shown.
    pub through: Option<(String, Vec<(String, Value)>)>,
    /// What was included.
    pub below: Vec<(String, Below)>,
    /// What was counted.
    pub counts: Vec<(String, usize)>,
    /// What a recursive include leads to again, if that was looked for.
    pub again: Option<(String, Below)>,
    /// Of a row that stands elsewhere under the same row, its key; nothing is below it here.
    pub reference: Option<Vec<(String, Value)>>,
}

/// What was included of one association.
#[derive(Clone, Debug, PartialEq)]
pub enum Below {
    /// One row, if there is one.
    One(Option<Box<Tree>>),
    /// Many rows.
    Many(Vec<Tree>),
}

/// The rows as JSON without spaces.
pub fn json(trees: &[Tree]) -> String {
    let mut text = String::new();
    array(&mut text, trees);
    text
}

fn array(text: &mut String, trees: &[Tree]) {
    list(text, "[", trees, "]", object);
}

fn object(text: &mut String, tree: &Tree) {
    if let Some(key) = &tree.reference {
        let mut members: Vec<(&str, String)> = key.iter().map(cell).collect();
        members.push(("_reference", "true".to_owned()));
        text.push_str(&braces(members));
        return;
    }
    let mut members: Vec<(&str, String)> = tree.values.iter().map(cell).collect();
    if let Some((name, values)) = &tree.through {
        members.push((name, braces(values.iter().map(cell).collect())));
    }
    members.extend(tree.below.iter().map(included));
    if !tree.counts.is_empty() {
        let counts = tree.counts.iter();
        let counts = counts.map(|(name, count)| (&**name, count.to_string()));
        members.push(("_count", braces(counts.collect())));
    }
    members.extend(tree.again.iter().map(included));
    text.push_str(&braces(members));
}

fn included((name, below): &(String, Below)) -> (&str, String) {
    let mut shown = String::new();
    match below {
        Below::Many(trees) => array(&mut shown, trees),
        Below::One(Some(tree)) => object(&mut shown, tree),
        Below::One(None) => shown.push_str("null"),
    }
    (name, shown)
}

fn braces(members: Vec<(&str, String)>) -> String {
    let mut text = String::new();
    list(&mut text, "{", &members, "}", |text, (name, shown)| {
        string(text, name);
        text.push(':');
        text.push_str(shown);
    });
    text
}

fn list<T>(text: &mut String, open: &str, items: &[T], close: &str, one: fn(&mut String, &T)) {
    text.push_str(open);
    for (position, item) in items.iter().enumerate() {
        if position > 0 {
            text.push(',');
        }
        one(text, item);
    }
    text.push_str(close);
}

fn cell((name, value): &(String, Value)) -> (&str, String) {
    let mut text = String::new();
    match value {
        Value::Null => text.push_str("null"),
        Value::Float(number) if !number.is_finite() => text.push_str("null"),
        // There is one zero (RI-7), and an exponent has a sign.
        Value::Float(number) => {
            let digits = format!("{:?}", number + 0.0);
            text.push_str(&match digits.split_once('e') {
                Some((digits, power)) if !power.starts_with('-') => format!("{digits}e+{power}"),
                _ => digits,
            });
        }
        Value::Text(content) => string(&mut text, content),
        Value::Bytes(bytes) => {
            text.push('"');
            bytes.iter().for_each(|byte| _ = write!(text, "{byte:02x}"));
            text.push('"');
        }
        Value::Uuid(_) | Value::Timestamp(_) | Value::Date(_) => _ = write!(text, "\"{value}\""),
        Value::Bool(_) | Value::Int(_) | Value::Json(_) => _ = write!(text, "{value}"),
    }
    (name, text)
}

fn string(text: &mut String, content: &str) {
    text.push('"');
    for character in content.chars() {
        match character {
            '"' | '\\' => text.extend(['\\', character]),
            '\n' => text.push_str("\\n"),
            _ => text.push(character),
        }
    }
    text.push('"');
}
