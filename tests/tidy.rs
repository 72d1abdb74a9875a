//! What the compiler does not check: layers, file headers, paths in `ARCHITECTURE.md` and rule numbers.
//!
//! A check is one function from a [`Source`] to its [`Fault`]s. It comes with two tests: one runs it over the
//! repository, one over planted lines, so that a check that finds nothing any more is noticed. Checks read tokens, not
//! lines, and so are not misled by comments, literals and line breaks.
//!
//! Deliberately not here: what clippy and rustdoc already say.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

/// The layers, lowest first, each with the layers that it may import besides itself. A file or folder directly under
/// `src/` is a layer of that name; `lib.rs` is the front door and belongs to none.
const LAYERS: &[(&str, &[&str])] = &[
    ("value", &[]),
    ("storage", &["value"]),
    ("error", &["value"]),
    ("expr", &["value", "error"]),
    ("schema", &["value", "error", "expr"]),
    ("ddl", &["value", "error", "expr", "schema"]),
    ("association", &["value", "error", "expr", "schema"]),
    ("engine", &["value", "storage", "error", "expr", "schema"]),
    (
        "query",
        &["value", "error", "expr", "schema", "association", "engine"],
    ),
    (
        "model",
        &[
            "value",
            "error",
            "expr",
            "schema",
            "ddl",
            "association",
            "engine",
            "query",
        ],
    ),
    (
        "typed",
        &[
            "value",
            "error",
            "expr",
            "schema",
            "ddl",
            "association",
            "engine",
            "query",
            "model",
        ],
    ),
];

/// What stands before the number of a rule.
const RULE_PREFIXES: &[&str] = &[
    "NM-", "AS-", "FK-", "SY-", "BT-", "HO-", "HM-", "BTM-", "SC-", "PO-", "MX-", "TX-", "CR-",
    "EL-", "PA-", "HK-", "ER-", "RI-", "BY-", "D-", "D",
];

/// The groups of rules of which a test must cite each one, by prefix, with the numbers that exist. A further group is one
/// more line.
const RULES_TO_CITE: &[(&str, &[RangeInclusive<u32>])] = &[
    (
        "RI-",
        &[
            1..=8,
            10..=24,
            30..=32,
            35..=35,
            40..=45,
            50..=55,
            60..=62,
            70..=73,
            80..=86,
            90..=93,
            95..=95,
        ],
    ),
    ("D-", &[1..=8]),
    ("SC-", &[1..=15]),
    ("PO-", &[1..=5]),
    ("PA-", &[1..=7]),
    ("BY-", &[1..=20]),
    ("NM-", &[1..=20]),
    ("AS-", &[1..=15]),
    ("FK-", &[1..=27]),
    ("SY-", &[1..=10]),
    ("BT-", &[1..=16]),
    ("HO-", &[1..=15]),
    ("HM-", &[1..=21]),
    ("BTM-", &[1..=36]),
    ("MX-", &[1..=7]),
    ("TX-", &[1..=3]),
    ("CR-", &[1..=17]),
    ("HK-", &[1..=2]),
    ("EL-", &[1..=53]),
];

/// Rules of what is not built yet. Whoever builds it cites them and takes them out here.
const RULES_AWAITED: &[&str] = &["EL-2", "EL-36"];

/// A test that names more rules than this tests too much.
const RULES_PER_COMMENT_MAX: usize = 4;

// The repository is tidy.

#[test]
fn imports_run_downwards() {
    assert_tidy(&["src"], layering);
}

#[test]
fn no_path_climbs_out_of_its_layer() {
    assert_tidy(&["src"], climbing);
}

#[test]
fn no_import_of_our_own_is_a_glob() {
    assert_tidy(&["src"], globs);
}

#[test]
fn rows_change_in_one_place() {
    assert_tidy(&["src"], mutations);
}

#[test]
fn models_write_rows_in_one_place() {
    assert_tidy(&["src"], writes_of_models);
}

#[test]
fn trusted_text_comes_from_one_place() {
    assert_tidy(&["src"], trusted_text);
}

#[test]
fn only_storage_names_im() {
    assert_tidy(&["src"], persistent_maps);
}

#[test]
fn every_file_says_what_it_is_for() {
    let folders = ["src", "tests", "benches", "examples", "proptests", "fuzz"];
    assert_tidy(&folders, header);
}

#[test]
fn rule_comments_name_rules() {
    assert_tidy(&["src", "tests", "proptests"], rules);
}

#[test]
fn a_test_cites_each_rule() {
    let folders = ["src", "tests", "proptests"];
    let sources: Vec<_> = folders.into_iter().flat_map(rust_files).collect();
    let cited: BTreeSet<&str> = sources.iter().flat_map(cited_rules).collect();
    let uncited: Vec<_> = rules_to_cite()
        .filter(|rule| !cited.contains(&**rule) && !RULES_AWAITED.contains(&&**rule))
        .collect();
    assert!(
        uncited.is_empty(),
        "no test cites {}; allowed: `// rules: RI-7, D-2` above `#[test]`",
        uncited.join(", ")
    );
    let built: Vec<_> = RULES_AWAITED
        .iter()
        .filter(|rule| cited.contains(**rule))
        .collect();
    assert!(
        built.is_empty(),
        "a test cites {built:?}: take them out of RULES_AWAITED"
    );
}

#[test]
fn rules_that_are_cited_exist() {
    assert_tidy(&["src", "tests", "proptests"], unknown_rules);
}

#[test]
fn architecture_names_paths_that_exist() {
    let path = "ARCHITECTURE.md";
    let text = fs::read_to_string(root().join(path)).expect("ARCHITECTURE.md can be read");
    let source = Source::new(path, &text);
    assert!(!named_paths(&source).is_empty(), "{path} names no path");
    assert_no_faults(&paths(&source));
}

// The checks find what they are for.

#[test]
fn the_table_of_layers_has_no_way_up() {
    for (position, (layer, allowed)) in LAYERS.iter().enumerate() {
        let below = &LAYERS[..position];
        for name in *allowed {
            assert!(
                below.iter().any(|(lower, _)| lower == name),
                "`{layer}` stands on `{name}`, which is not below it"
            );
        }
        assert!(
            *layer == "engine" || !allowed.contains(&"storage"),
            "`{layer}` names storage"
        );
    }
}

#[test]
fn imports_that_run_upwards_are_found() {
    let file = "src/engine/mutation.rs";
    assert_clean(layering, file, "use crate::storage::RowId;");
    assert_clean(layering, file, "use crate::engine::{Undo, Snapshot};");
    assert_clean(
        layering,
        file,
        "// use crate::query::Plan;\nlet s = \"crate::query::Plan\";",
    );
    assert_clean(layering, "src/lib.rs", "pub use crate::model::Database;");
    assert_clean(layering, "src/error.rs", "use crate::value::Value;");

    assert_faulty(layering, file, "use crate::query::Plan;");
    assert_faulty(layering, file, "pub use crate::query::Plan;");
    assert_faulty(
        layering,
        file,
        "let quote = '\"'; let plan = crate::query::plan();",
    );
    assert_faulty(layering, file, "use crate::{\n    value::Value,\n};");
    assert_faulty(layering, file, "use crate::*;");
    assert_faulty(layering, file, "use crate::Value;");
    assert_faulty(layering, file, "use crate as relata;");
    assert_faulty(
        layering,
        "src/query/plan.rs",
        "use crate::storage::TableStore;",
    );
    assert_faulty(
        layering,
        "src/association/has.rs",
        "use crate::engine::Snapshot;",
    );
    assert_faulty(layering, "src/error.rs", "use crate::schema::Schema;");
    assert_faulty(layering, "src/nowhere.rs", "//! A layer without a row.");
}

#[test]
fn paths_that_climb_out_of_their_layer_are_found() {
    assert_clean(climbing, "src/query/plan.rs", "use super::Select;");
    assert_clean(climbing, "src/query/mod.rs", "pub(super) fn run() {}");
    assert_clean(
        climbing,
        "src/query/mod.rs",
        "mod inner {\n    use super::Select;\n}",
    );

    assert_faulty(
        climbing,
        "src/query/plan.rs",
        "use super::super::engine::Undo;",
    );
    assert_faulty(climbing, "src/query/mod.rs", "use super::engine::Undo;");
    assert_faulty(
        climbing,
        "src/query/mod.rs",
        "mod inner {\n    use super::super::engine;\n}",
    );
    assert_faulty(
        climbing,
        "src/query/mod.rs",
        "mod inner {}\nuse super::engine;",
    );
}

#[test]
fn globs_are_found() {
    let file = "src/query/plan.rs";
    assert_clean(globs, file, "use proptest::prelude::*;");
    assert_clean(globs, file, "use super::*;");
    assert_clean(globs, file, "use crate::engine::Snapshot;\nlet a = b * c;");

    assert_faulty(globs, file, "use crate::engine::*;");
    assert_faulty(globs, file, "use super::inner::*;");
    assert_faulty(
        globs,
        file,
        "pub use self::include::{\n    resolve::*,\n    Include,\n};",
    );
}

#[test]
fn writes_outside_their_place_are_found() {
    let write = "state.table_mut(table).remove(row);";
    assert_clean(mutations, "src/engine/mutation.rs", write);
    assert_clean(
        mutations,
        "src/engine/statement/mod.rs",
        "writer.delete_row(table, row)",
    );
    assert_faulty(mutations, "src/engine/statement/mod.rs", write);
    assert_faulty(mutations, "src/engine/changes.rs", "state.edge_mut(key)");
}

#[test]
fn writes_past_the_lifecycle_of_a_model_are_found() {
    let write = "self.engine_mut().insert_rows(model.table, rows)?;";
    assert_clean(writes_of_models, "src/model/lifecycle/create.rs", write);
    assert_clean(writes_of_models, "src/engine/transaction/by_id.rs", write);
    assert_clean(
        writes_of_models,
        "src/model/nested.rs",
        "self.create_row(model, cells, None)",
    );
    assert_faulty(writes_of_models, "src/model/nested.rs", write);
    let delete = "transaction.engine_mut().delete_rows(table, &rows)";
    assert_faulty(writes_of_models, "src/model/link/has.rs", delete);
}

#[test]
fn trusted_text_from_elsewhere_is_found() {
    let call = "TextRef::from_validated(bytes)";
    assert_clean(trusted_text, "src/storage/row_ref.rs", call);
    assert_clean(trusted_text, "src/engine/read.rs", "TextRef::from(text)");
    assert_faulty(trusted_text, "src/engine/read.rs", call);
    assert_faulty(trusted_text, "src/storage/heap.rs", call);
}

#[test]
fn im_outside_storage_is_found() {
    assert_clean(
        persistent_maps,
        "src/storage/ordered.rs",
        "use im::ordmap::OrdMap;",
    );
    assert_clean(persistent_maps, "src/engine/read.rs", "let im = 1;");

    assert_faulty(
        persistent_maps,
        "src/engine/read.rs",
        "use im::ordmap::OrdMap;",
    );
    assert_faulty(
        persistent_maps,
        "src/engine/read.rs",
        "fn f(m: ::im::OrdMap<u8, u8>) {}",
    );
    assert_faulty(persistent_maps, "src/lib.rs", "pub use im;");
}

#[test]
fn files_without_a_header_are_found() {
    assert_clean(header, "tests/a.rs", "//! Why.\n");

    assert_faulty(header, "tests/a.rs", "");
    assert_faulty(header, "tests/a.rs", "// Why.\n");
    assert_faulty(header, "tests/a.rs", "use std::fmt;\n//! Why.\n");
}

#[test]
fn paths_that_do_not_exist_are_found() {
    let file = "ARCHITECTURE.md";
    assert_clean(
        paths,
        file,
        "`src/value/mod.rs`, `Cargo.toml`, `src/value/`",
    );
    assert_clean(
        paths,
        file,
        "`value::Value`, `crate::a/b`, `cargo run a/b`, `Value`",
    );
    assert_clean(paths, file, "```text\n`nowhere/at/all.rs`\n```");

    assert_faulty(paths, file, "It is in `src/value/nowhere.rs`.");
    assert_faulty(paths, file, "See `NOWHERE.md`.");
    assert_faulty(paths, file, "See `nowhere.toml` and `Cargo.toml`.");
    assert_faulty(paths, file, "```text\n```\n`nowhere/`");
    assert_faulty(paths, file, "`/tmp`, `/etc/hosts`");
    assert_eq!(
        paths(&Source::new(file, "one\ntwo `x/y.rs`\n"))[0].line,
        2,
        "the line is counted from 1"
    );
}

#[test]
fn rule_comments_of_unknown_form_are_found() {
    let file = "tests/a.rs";
    assert_clean(rules, file, "// rules: RI-7");
    assert_clean(rules, file, "    // rules: BTM-24, D4, D-2, BY-10");
    assert_clean(rules, file, "let s = \"// rules: nonsense\"; // and so on");
    assert_clean(rules, file, "/// rules: prose in a doc comment");

    assert_faulty(rules, file, "// rules: RI-1, RI-2, RI-3, RI-4, RI-5");
    assert_faulty(rules, file, "// rules: XX-1");
    assert_faulty(rules, file, "// rules: RI7");
    assert_faulty(rules, file, "// rules: RI-");
    assert_faulty(rules, file, "// rules: RI-7a");
    assert_faulty(rules, file, "// rules: RI-1 to RI-3");
    assert_faulty(rules, file, "// rules:");
    assert_faulty(rules, file, "// Rules: RI-1");
    assert_faulty(rules, file, "fn f() {} //rules: RI-1");
}

#[test]
fn citations_stand_on_tests() {
    let cited = |text: &str| {
        let source = Source::new("tests/a.rs", text);
        let rules = cited_rules(&source);
        rules.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let both = ["RI-7", "D-2"];
    assert_eq!(
        cited("// rules: RI-7, D-2\n// Broken, x.\n#[test]\nfn f() {}"),
        both
    );
    assert_eq!(
        cited("fn g() {}\n\n// rules: RI-7, D-2\n#[test]\nfn f() {}"),
        both
    );
    assert_eq!(cited("// rules: RI-7\n// Broken, x.\nfn f() {}"), [""; 0]);
    assert_eq!(cited("// rules: RI-7\n#[cfg(test)]\nmod tests {}"), [""; 0]);
    assert_eq!(
        cited("// rules: RI-7\nfn f() {}\n#[test]\nfn g() {}"),
        [""; 0]
    );
    assert_eq!(cited("\"\n// rules: RI-7\n#[test]\n\""), [""; 0]);
}

#[test]
fn rules_that_do_not_exist_are_found() {
    let file = "tests/a.rs";
    assert_clean(unknown_rules, file, "// rules: RI-1, RI-24, RI-95, D-8");
    assert_clean(unknown_rules, file, "// rules: ER-999, BY-10, D4");

    assert_faulty(unknown_rules, file, "// rules: RI-9");
    assert_faulty(unknown_rules, file, "// rules: RI-1, RI-96");
    assert_faulty(unknown_rules, file, "// rules: D-9");
}

#[test]
fn comments_and_literals_hide_nothing_after_them() {
    let hidden = [
        r##"// crate"##,
        r##"/* crate /* crate */ crate */"##,
        r##""crate \" crate""##,
        r###"r#"crate " crate"#"###,
        r##"br"crate \""##,
        r##"b"crate""##,
        r##"'"'"##,
        r##"'\''"##,
        r##"b'"'"##,
        r##"'\u{22}'"##,
    ];
    for text in hidden {
        let source = Source::new("src/a.rs", &format!("{text}\n&'a r#type"));
        let words: Vec<_> = source.code().iter().map(|token| token.text).collect();
        assert_eq!(
            words.join(" ").trim_start_matches("b "),
            "& ' a r # type",
            "after {text}"
        );
        assert!(
            source.code().iter().any(|token| token.line == 2),
            "after {text}"
        );
    }
}

// The checks.

/// `crate::` is followed by a layer that this one may import, and by nothing else.
fn layering(source: &Source) -> Vec<Fault> {
    let Some(layer) = source.layer() else {
        return Vec::new();
    };
    let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| *name == layer) else {
        let message = format!("`{layer}` is no layer: give it a row in LAYERS of tests/tidy.rs");
        return vec![source.fault(1, message)];
    };
    let code = source.code();
    let mut faults = Vec::new();
    for (at, token) in code.iter().enumerate() {
        if token.text != "crate" {
            continue;
        }
        let message = match (text_at(&code, at + 1), text_at(&code, at + 2)) {
            ("as", _) => "`crate` gets another name".to_owned(),
            ("::", "{") => "`crate::{` hides the layers".to_owned(),
            ("::", "*") => "`crate::*` hides the layers".to_owned(),
            ("::", name) if name == layer || allowed.contains(&name) => continue,
            ("::", name) if LAYERS.iter().any(|(other, _)| *other == name) => {
                format!("`{layer}` imports `{name}`")
            }
            ("::", name) => format!("`{name}` is taken from the root, not from its layer"),
            _ => continue,
        };
        faults.push(source.fault(
            token.line,
            format!(
                "{message}; allowed: `crate::layer::Name` with layer of {}",
                list(layer, allowed)
            ),
        ));
    }
    faults
}

/// `super::` stays below the root, so that [`layering`] sees every way from one layer to another.
fn climbing(source: &Source) -> Vec<Fault> {
    let code = source.code();
    let mut faults = Vec::new();
    let mut open_braces = 0;
    // For each inline module around the token, the count of braces open inside it.
    let mut inline_modules = Vec::new();
    let mut climbed = 0;
    for (at, token) in code.iter().enumerate() {
        match token.text {
            "{" => {
                open_braces += 1;
                if at >= 2 && code[at - 2].text == "mod" {
                    inline_modules.push(open_braces);
                }
            }
            "}" => {
                inline_modules.pop_if(|braces| *braces == open_braces);
                open_braces -= 1;
            }
            _ => {}
        }
        match token.text {
            "super" if text_at(&code, at + 1) == "::" => {
                climbed += 1;
                if climbed == source.module_depth() + inline_modules.len() {
                    let message = "`super` leaves the layer; allowed: `crate::layer::Name`";
                    faults.push(source.fault(token.line, message));
                }
            }
            "::" if climbed > 0 && text_at(&code, at + 1) == "super" => {}
            _ => climbed = 0,
        }
    }
    faults
}

/// Our own names are imported one by one. Globs of other crates are clippy's business (it lets preludes through).
fn globs(source: &Source) -> Vec<Fault> {
    let code = source.code();
    let mut faults = Vec::new();
    for (at, token) in code.iter().enumerate() {
        let own = matches!(text_at(&code, at + 1), "crate" | "self" | "super");
        // A test module beside its code may take in the whole of it.
        let parent = (2..5)
            .map(|ahead| text_at(&code, at + ahead))
            .eq(["::", "*", ";"]);
        if token.text != "use" || !own || (parent && text_at(&code, at + 1) == "super") {
            continue;
        }
        let import = code[at..].iter().take_while(|token| token.text != ";");
        for star in import.filter(|token| token.text == "*") {
            let message = "a glob import hides what is used; allowed: names, one by one";
            faults.push(source.fault(star.line, message));
        }
    }
    faults
}

/// Tables and edges are opened for writing where they are defined and in `engine/mutation.rs`.
fn mutations(source: &Source) -> Vec<Fault> {
    if source.layer() == Some("storage") || MUTATION_FILES.contains(&source.path.as_str()) {
        return Vec::new();
    }
    let code = source.code();
    let opens = code
        .iter()
        .filter(|token| matches!(token.text, "table_mut" | "edge_mut" | "children_mut"));
    let message = "rows and edges are written; allowed: in src/engine/mutation.rs only";
    opens
        .map(|token| source.fault(token.line, message))
        .collect()
}

/// Rows of models are written where rules are judged and hooks run.
fn writes_of_models(source: &Source) -> Vec<Fault> {
    let in_model = source.layer() == Some("model");
    if !in_model || source.path.starts_with("src/model/lifecycle/") {
        return Vec::new();
    }
    let writes = ["insert_row", "insert_rows", "update_rows", "delete_rows"];
    let code = source.code();
    let calls = code.iter().filter(|token| writes.contains(&token.text));
    let message = "rows are written past rules and hooks; allowed: in src/model/lifecycle/ only";
    calls
        .map(|token| source.fault(token.line, message))
        .collect()
}

/// Bytes are called a text without a check where a typed cell is read, and nowhere else.
fn trusted_text(source: &Source) -> Vec<Fault> {
    if ["src/value/text.rs", "src/storage/row_ref.rs"].contains(&source.path.as_str()) {
        return Vec::new();
    }
    let code = source.code();
    let calls = code.iter().filter(|token| token.text == "from_validated");
    let message = "unchecked bytes become a text; allowed: in src/storage/row_ref.rs only";
    calls
        .map(|token| source.fault(token.line, message))
        .collect()
}

/// Where tables and edges may be opened for writing.
const MUTATION_FILES: [&str; 2] = ["src/engine/mutation.rs", "src/engine/state.rs"];

/// `im` is named in `storage` alone.
fn persistent_maps(source: &Source) -> Vec<Fault> {
    if source.layer() == Some("storage") {
        return Vec::new();
    }
    let code = source.code();
    let mut faults = Vec::new();
    for (at, token) in code.iter().enumerate() {
        let is_path = text_at(&code, at + 1) == "::";
        let is_import = at > 0 && matches!(code[at - 1].text, "use" | "crate");
        if token.text == "im" && (is_path || is_import) {
            let message = "the crate `im` is named; allowed: in src/storage/ only";
            faults.push(source.fault(token.line, message));
        }
    }
    faults
}

/// A file opens with its purpose.
fn header(source: &Source) -> Vec<Fault> {
    if source.text.starts_with("//!") {
        return Vec::new();
    }
    vec![source.fault(
        1,
        "the file does not say what it is for; allowed: `//!` on the first line",
    )]
}

/// A path named in a document exists.
fn paths(source: &Source) -> Vec<Fault> {
    named_paths(source)
        .into_iter()
        .filter(|(_, path)| path.starts_with('/') || !root().join(path).exists())
        .map(|(line, path)| {
            let message = format!("`{path}` does not exist; allowed: paths from the root");
            source.fault(line, message)
        })
        .collect()
}

/// A `// rules:` comment names a few rules and nothing else.
fn rules(source: &Source) -> Vec<Fault> {
    let mut faults = Vec::new();
    for comment in source.comments() {
        let Some(named) = named_rules(&comment) else {
            continue;
        };
        let message = if !comment.text.starts_with("// rules: ") {
            "the comment is misspelt".to_owned()
        } else if let Some(name) = named.iter().find(|name| !is_rule(name)) {
            format!("`{name}` is no rule")
        } else if named.len() > RULES_PER_COMMENT_MAX {
            format!("{} rules in one comment", named.len())
        } else {
            continue;
        };
        faults.push(source.fault(
            comment.line,
            format!(
                "{message}; allowed: `// rules: RI-7, BTM-24, D4`, at most {RULES_PER_COMMENT_MAX}, with a prefix of {}",
                RULE_PREFIXES.join(" ")
            ),
        ));
    }
    faults
}

/// A rule of a group whose numbers are known is one of those.
fn unknown_rules(source: &Source) -> Vec<Fault> {
    let mut faults = Vec::new();
    for comment in source.comments() {
        for name in named_rules(&comment).into_iter().flatten() {
            let listed = RULES_TO_CITE.iter().any(|(prefix, _)| {
                let number = name.strip_prefix(prefix);
                number.is_some_and(|number| number.parse::<u32>().is_ok())
            });
            if listed && !rules_to_cite().any(|rule| rule == name) {
                let message = format!("there is no rule {name}; allowed: those of RULES_TO_CITE");
                faults.push(source.fault(comment.line, message));
            }
        }
    }
    faults
}

// What the checks stand on.

/// A text with its path from the root of the repository, with `/` between names.
struct Source {
    path: String,
    text: String,
}

/// One thing that is wrong, and what would be right.
struct Fault {
    path: String,
    line: usize,
    message: String,
}

/// A piece of Rust code. A literal is none: what it holds is not code.
struct Token<'a> {
    kind: Kind,
    text: &'a str,
    line: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Space,
    Comment,
    Literal,
    Word,
    Mark,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.message)
    }
}

impl Source {
    fn new(path: &str, text: &str) -> Self {
        Source {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    fn fault(&self, line: usize, message: impl Into<String>) -> Fault {
        Fault {
            path: self.path.clone(),
            line,
            message: message.into(),
        }
    }

    /// The names from `src/` down to this module: none for the root, the layer first for all others.
    fn modules(&self) -> impl Iterator<Item = &str> {
        let below = self.path.strip_prefix("src/").unwrap_or("");
        let stem = below.strip_suffix(".rs").unwrap_or(below);
        stem.split('/')
            .filter(|name| !matches!(*name, "" | "lib" | "mod"))
    }

    fn layer(&self) -> Option<&str> {
        self.modules().next()
    }

    fn module_depth(&self) -> usize {
        self.modules().count()
    }

    fn code(&self) -> Vec<Token<'_>> {
        let mut tokens = self.tokens();
        tokens.retain(|token| matches!(token.kind, Kind::Word | Kind::Mark));
        tokens
    }

    fn comments(&self) -> Vec<Token<'_>> {
        let mut tokens = self.tokens();
        tokens.retain(|token| token.kind == Kind::Comment);
        tokens
    }

    fn tokens(&self) -> Vec<Token<'_>> {
        let mut tokens = Vec::new();
        let mut rest = self.text.as_str();
        let mut line = 1;
        while !rest.is_empty() {
            let (kind, length) = first_token(rest);
            let (text, tail) = rest.split_at(length);
            tokens.push(Token { kind, text, line });
            line += text.matches('\n').count();
            rest = tail;
        }
        tokens
    }
}

/// The kind and the length in bytes of what a text that is not empty begins with.
fn first_token(text: &str) -> (Kind, usize) {
    if text.starts_with("//") {
        return (Kind::Comment, text.find('\n').unwrap_or(text.len()));
    }
    if text.starts_with("/*") {
        return (Kind::Comment, block_comment_length(text));
    }
    if let Some(length) = literal_length(text) {
        return (Kind::Literal, length);
    }
    if text.starts_with("::") {
        return (Kind::Mark, 2);
    }
    match word_length(text) {
        0 => {
            let first = text.chars().next().map_or(1, char::len_utf8);
            let is_space = text.starts_with(char::is_whitespace);
            (if is_space { Kind::Space } else { Kind::Mark }, first)
        }
        length => (Kind::Word, length),
    }
}

fn word_length(text: &str) -> usize {
    text.find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(text.len())
}

/// Block comments nest.
fn block_comment_length(text: &str) -> usize {
    let mut open = 0;
    let mut at = 0;
    while at < text.len() {
        let rest = &text.as_bytes()[at..];
        if rest.starts_with(b"/*") {
            open += 1;
            at += 2;
        } else if rest.starts_with(b"*/") {
            open -= 1;
            at += 2;
            if open == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    text.len()
}

/// The length of the string or character that a text begins with. A lifetime is neither.
fn literal_length(text: &str) -> Option<usize> {
    let prefix = &text[..word_length(text)];
    let rest = &text[prefix.len()..];
    match prefix {
        "r" | "br" | "cr" => {
            let hashes = rest.len() - rest.trim_start_matches('#').len();
            let inside = rest[hashes..].strip_prefix('"')?;
            let end = format!("\"{}", "#".repeat(hashes));
            let length = inside.find(&end).map_or(inside.len(), |at| at + end.len());
            Some(text.len() - inside.len() + length)
        }
        "b" | "c" => Some(prefix.len() + quoted_length(rest)?),
        "" => quoted_length(rest).or_else(|| character_length(rest)),
        _ => None,
    }
}

fn quoted_length(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text.strip_prefix('"')?.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(at + 2),
            _ => {}
        }
    }
    Some(text.len())
}

fn character_length(text: &str) -> Option<usize> {
    let inside = text.strip_prefix('\'')?;
    let first = inside.chars().next()?;
    if first == '\\' {
        let escaped = inside[1..].chars().next()?;
        let after = 1 + escaped.len_utf8();
        return inside[after..].find('\'').map(|at| 1 + after + at + 1);
    }
    inside[first.len_utf8()..]
        .starts_with('\'')
        .then_some(first.len_utf8() + 2)
}

fn text_at<'a>(code: &[Token<'a>], at: usize) -> &'a str {
    code.get(at).map_or("", |token| token.text)
}

/// The paths between backticks, outside fenced blocks. Something with `::` is a Rust path, something with a space a
/// command.
fn named_paths(source: &Source) -> Vec<(usize, &str)> {
    let mut fenced = false;
    let mut named = Vec::new();
    for (index, line) in source.text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            let spans = line.split('`').skip(1).step_by(2);
            named.extend(
                spans
                    .filter(|span| is_path(span))
                    .map(|span| (index + 1, span)),
            );
        }
    }
    named
}

fn is_path(span: &str) -> bool {
    let looks_like_one = span.contains('/')
        || [".rs", ".md", ".toml"]
            .iter()
            .any(|end| span.ends_with(end));
    looks_like_one && !span.contains("::") && !span.contains(char::is_whitespace)
}

/// Every rule that a test must cite.
fn rules_to_cite() -> impl Iterator<Item = String> {
    RULES_TO_CITE.iter().flat_map(|(prefix, ranges)| {
        let numbers = ranges.iter().cloned().flatten();
        numbers.map(move |number| format!("{prefix}{number}"))
    })
}

/// The rules that comments on tests name: what follows such a comment is at most another comment, then `#[test]`.
fn cited_rules(source: &Source) -> Vec<&str> {
    let mut tokens = source.tokens();
    tokens.retain(|token| token.kind != Kind::Space);
    let mut cited = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        if token.kind == Kind::Comment
            && let Some(named) = named_rules(token)
        {
            let after = tokens[at..]
                .iter()
                .skip_while(|token| token.kind == Kind::Comment);
            if after
                .take(4)
                .map(|token| token.text)
                .eq(["#", "[", "test", "]"])
            {
                cited.extend(named);
            }
        }
    }
    cited
}

/// What stands behind `rules:`, if the comment begins so.
fn named_rules<'a>(comment: &Token<'a>) -> Option<Vec<&'a str>> {
    let is_doc = comment.text.starts_with("///") || comment.text.starts_with("//!");
    let words = comment.text.trim_start_matches('/').trim_start();
    let is_rules = words
        .get(..6)
        .is_some_and(|start| start.eq_ignore_ascii_case("rules:"));
    (!is_doc && is_rules).then(|| words[6..].split(',').map(str::trim).collect())
}

fn is_rule(name: &str) -> bool {
    RULE_PREFIXES
        .iter()
        .filter_map(|prefix| name.strip_prefix(prefix))
        .any(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

fn list(layer: &str, allowed: &[&str]) -> String {
    let mut names = vec![layer];
    names.extend(allowed);
    names.join(", ")
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All Rust files under a folder of the repository, in the order of their paths; none where there is no such folder.
/// What a build leaves behind is not ours.
fn rust_files(folder: &str) -> Vec<Source> {
    let mut sources = Vec::new();
    let mut folders = vec![PathBuf::from(folder)];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(root().join(&folder)) else {
            continue;
        };
        for entry in entries {
            let entry = entry.expect("a folder of the repository can be read");
            let path = folder.join(entry.file_name());
            if entry.path().is_dir() {
                if path.file_name().is_some_and(|name| name != "target") {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(entry.path()).expect("a Rust file is text");
                let names: Vec<_> = path.iter().map(|name| name.to_string_lossy()).collect();
                sources.push(Source {
                    path: names.join("/"),
                    text,
                });
            }
        }
    }
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    sources
}

/// Runs a check over the repository. The first folder must hold something, lest a wrong path makes the check pass.
fn assert_tidy(folders: &[&str], check: fn(&Source) -> Vec<Fault>) {
    assert!(
        !rust_files(folders[0]).is_empty(),
        "no Rust file in {}",
        folders[0]
    );
    let sources = folders.iter().flat_map(|folder| rust_files(folder));
    let faults: Vec<_> = sources.flat_map(|source| check(&source)).collect();
    assert_no_faults(&faults);
}

fn assert_no_faults(faults: &[Fault]) {
    let lines: Vec<_> = faults.iter().map(Fault::to_string).collect();
    assert!(lines.is_empty(), "\n{}\n", lines.join("\n"));
}

fn assert_clean(check: fn(&Source) -> Vec<Fault>, path: &str, text: &str) {
    assert_no_faults(&check(&Source::new(path, text)));
}

fn assert_faulty(check: fn(&Source) -> Vec<Fault>, path: &str, text: &str) {
    let faults = check(&Source::new(path, text));
    assert!(
        !faults.is_empty(),
        "the check does not find {text:?} in {path}"
    );
}
