//! What is tested of the targets of an association, and on the way to those of a chain.

use std::borrow::Cow;
use std::sync::Arc;

use crate::association::link::{Association, Link};
use crate::error::{RequestError, RequestKind, Result};
use crate::expr::{Bound, Expr};
use crate::query::criteria::Criteria;
use crate::query::node::{Node, StepNode};
use crate::query::reach::Draft;
use crate::query::resolve::Resolver;
use crate::query::resolve::filters::{seen, split};

impl Resolver<'_> {
    /// A node of the targets of an association, within its scope and conditions.
    pub(super) fn targets(
        &self,
        association: &Association,
        criteria: &Criteria,
    ) -> Result<(Node, Draft)> {
        let target = self.registry.model(association.target);
        let mut conditioned = Cow::Borrowed(criteria);
        if let Some(conditions) = &association.conditions {
            conditioned.to_mut().filters.push(conditions.expr.clone());
        }
        self.node(target, &conditioned, &association.scope)
    }

    /// The same for a chain, with what is tested on the way: on each step its scope, and what the default scope of its model
    /// filters by, as an include of it would.
    pub(super) fn over_chain(
        &self,
        association: &Association,
        steps: &[Arc<Association>],
        criteria: &Criteria,
    ) -> Result<(Node, Draft)> {
        let (mut node, draft) = self.targets(association, criteria)?;
        for (position, step) in steps.iter().enumerate() {
            let last = position + 1 == steps.len();
            node.steps.push(StepNode {
                one: step.is_single(),
                filter: if last {
                    None
                } else {
                    self.step(association, step)?
                },
                junction: match &step.link {
                    Link::Through(through) => {
                        let model = self.registry.model(through.model);
                        let conditions = through.conditions.iter().map(|it| it.expr.clone());
                        let conditions: Vec<Expr> = conditions.collect();
                        self.filter(model, &through.scope, &conditions)?
                    }
                    Link::ToParent(_) | Link::ToChildren(_) | Link::Chain(_) => None,
                },
            });
        }
        Ok((node, draft))
    }

    /// What rows on the way of a chain are tested for.
    fn step(&self, chain: &Association, step: &Association) -> Result<Option<Bound>> {
        let model = self.registry.model(step.target);
        let said = Criteria::default();
        let scoped = self.scoped(model, &said, false)?;
        let refuse = |what: String| {
            let source = &*self.registry.model(chain.source).name;
            let detail = format!("{} goes over {}, {what}", chain.key, model.name);
            Err(RequestError::new(RequestKind::Unsupported, source, detail).into())
        };
        if !split(model, &scoped.filters).1.is_empty() {
            return refuse("whose default scope filters by associated rows".to_owned());
        }
        for include in &scoped.includes {
            let below =
                self.scoped(self.target(step.target, include)?, &include.criteria, false)?;
            if include.is_required(&below.filters) {
                let key = &include.association;
                return refuse(format!("whose default scope requires {key}"));
            }
        }
        let conditions = step.conditions.iter().map(|it| it.expr.clone());
        let filters: Vec<Expr> = scoped.filters.iter().cloned().chain(conditions).collect();
        self.filter(model, &seen(model, &step.scope, false), &filters)
    }
}
