//! Works out the computed attributes of the rows that are part of a result.

use crate::error::Result;
use crate::expr::Failed;
use crate::query::level::Level;
use crate::query::plan::{Keep, Plan};
use crate::value::Value;

/// By node, the values of its computed attributes, row after row: nothing for a node that has none.
///
/// # Errors
/// `Evaluation` for the first row for which one has no value.
pub(crate) fn work_out(
    plan: &Plan,
    given: &[Value],
    levels: &[Level<'_>],
) -> Result<Vec<Vec<Value>>> {
    let is_any = plan
        .nodes
        .iter()
        .any(|it| !it.node.attributes.computed.is_empty());
    if !is_any {
        return Ok(Vec::new());
    }
    let nodes = plan.nodes.iter().zip(levels);
    let values = nodes.map(|(planned, level)| {
        let computed = &planned.node.attributes.computed;
        if planned.keep != Keep::Rows || computed.is_empty() {
            return Ok(Vec::new());
        }
        let mut values = Vec::with_capacity(computed.len() * level.len());
        for position in 0..level.len() {
            level.rows.look_ahead(position);
            let row = level.rows.view(position);
            for attribute in computed {
                let value = attribute.value.value_with(&row, given);
                let error = |failed: Failed| attribute.value.error(failed);
                values.push(value.map_err(error)?);
            }
        }
        Ok(values)
    });
    values.collect()
}
