//! What functions in checks are in the SQL of other databases, and which of them mean something else there.

use relata::ddl::Dialect;
use relata::expr::{Expr, JsonStep, Unit, coalesce, col, concat, val};
use relata::schema::{CheckDef, ColumnDef, Schema, TableDef};
use relata::value::{DataType, Value};

/// The text of a check, or why there is none.
fn written(expr: &Expr, dialect: Dialect) -> Result<String, String> {
    let columns = [
        ("id", DataType::Int),
        ("f", DataType::Float),
        ("t", DataType::Text),
        ("at", DataType::Timestamp),
        ("day", DataType::Date),
        ("doc", DataType::Json),
    ];
    let mut table = TableDef::new("r");
    for (name, data_type) in columns {
        let column = ColumnDef::new(name, data_type);
        table = table.column(if name == "id" {
            column.primary_key()
        } else {
            column
        });
    }
    let table = table.check(CheckDef::new("k", expr.clone()));
    let schema = Schema::builder().table(table).build().unwrap();
    let part = schema.ddl_in_part(dialect).unwrap();
    if let Some(problem) = part.left_out.first() {
        let (_, reason) = problem.detail.split_once("check k: ").unwrap();
        return Err(reason.to_owned());
    }
    let text = &part.statements[0];
    let (_, check) = text.split_once("CONSTRAINT \"k\" CHECK (").unwrap();
    let end = check.find(")\n").or(check.find("),\n")).unwrap();
    Ok(check[..end].to_owned())
}

// Broken, a row would pass a check in one database and not in the other.
#[test]
fn functions_are_written_where_they_mean_the_same() {
    let cases = [
        (
            (col("id") + 1).gt(col("id") * col("f")),
            Ok("(\"id\" + 1::bigint) > (\"id\" * \"f\")"),
            Err("+ is no error there where it overflows"),
        ),
        (
            (col("id") % 2).eq(0),
            Ok("(\"id\" % 2::bigint) = 0"),
            Err("mod by zero is null there"),
        ),
        (
            col("f").round().eq(1.0),
            Ok("round(\"f\") = '1.0'::double precision"),
            Err("round takes halves away from zero there"),
        ),
        (col("id").round().eq(1), Ok("\"id\" = 1"), Ok("\"id\" = 1")),
        (
            col("id").abs().lt(9),
            Ok("abs(\"id\") < 9"),
            Ok("abs(\"id\") < 9"),
        ),
        (
            col("t").trim().length().gt(2),
            Ok("length(btrim(\"t\")) > 2"),
            Ok("length(trim(\"t\")) > 2"),
        ),
        (
            col("t").lower().eq("a"),
            Err("lower depends on the collation there"),
            Err("lower knows only the letters of ASCII there"),
        ),
        (
            col("t").substr_of(2, 3).eq("a"),
            Ok("substr(\"t\", 2, 3) = 'a'"),
            Ok("substr(\"t\", 2, 3) = 'a'"),
        ),
        (
            col("t").substr(0).eq("a"),
            Ok("substr(\"t\", 0) = 'a'"),
            Err("substr counts from the end there"),
        ),
        (
            concat([col("t"), val("a")]).eq("a"),
            Ok("(coalesce(\"t\", '') || coalesce('a', '')) = 'a'"),
            Ok("(coalesce(\"t\", '') || coalesce('a', '')) = 'a'"),
        ),
        (
            col("t")
                .replace("a", "b")
                .ne(col("t").replace("b", "a").nullif("c")),
            Ok("replace(\"t\", 'a', 'b') <> nullif(replace(\"t\", 'b', 'a'), 'c')"),
            Ok("replace(\"t\", 'a', 'b') <> nullif(replace(\"t\", 'b', 'a'), 'c')"),
        ),
        (
            coalesce([col("f"), col("id")]).gt(1),
            Ok("coalesce(\"f\", \"id\") > 1"),
            Err("coalesce of int and float, which may give int there"),
        ),
        (
            col("at").hour().lt(9),
            Ok("extract(hour from (\"at\" AT TIME ZONE 'UTC'))::bigint < 9"),
            Err("hour has numbers before it there, not times"),
        ),
        (
            col("day")
                .plus(1, Unit::Month)
                .gt(col("day").date_trunc(Unit::Year)),
            Ok(
                "(\"day\"::timestamp + interval '1 month')::date > (date_trunc('year', \"day\"::timestamp))::date",
            ),
            Err("date_add has numbers before it there, not times"),
        ),
        (
            col("doc").json_exists(["a'b"]),
            Ok("(CASE WHEN \"doc\" IS NOT NULL THEN (\"doc\" -> 'a''b') IS NOT NULL END)"),
            Err("json_exists means something else there"),
        ),
        (
            col("doc").json_get([JsonStep::from(0)]).is_null(),
            Err("a position in an array, which a scalar has there too"),
            Err("json_get means something else there"),
        ),
        (
            col("t").ilike("a%"),
            Err("ilike, which knows other letters there"),
            Err("ilike, which knows other letters there"),
        ),
        (
            col("t").like_escape("a!%\\%", '!'),
            Ok("\"t\" LIKE E'a\\\\%\\\\\\\\%'"),
            Ok("\"t\" GLOB 'a%\\*'"),
        ),
        (
            coalesce([col("t"), val(Value::Null)]).is_null(),
            Ok("coalesce(\"t\", NULL) IS NULL"),
            Ok("coalesce(\"t\", NULL) IS NULL"),
        ),
    ];
    for (expr, postgres, sqlite) in cases {
        for (dialect, expected) in [(Dialect::PostgreSql, postgres), (Dialect::Sqlite, sqlite)] {
            let expected = expected.map(str::to_owned).map_err(str::to_owned);
            assert_eq!(written(&expr, dialect), expected, "{expr}");
        }
    }
}
