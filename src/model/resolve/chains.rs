//! Chains: each path of keys as a path of associations, none of which is a chain.
//!
//! A step may be a chain that is declared later, and the name of a chain may follow from its last step. So paths are
//! followed in turns, each as far as it goes, until none gets any further; what is left then waits for itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::association::chain::STEPS_MAX;
use crate::association::inflection::pluralize;
use crate::association::naming::accessors::Accessors;
use crate::association::naming::nearest::nearest;
use crate::association::naming::{multi_names, single_key};
use crate::association::{Alias, Names};
use crate::error::{Limit, Problem, ProblemKind};
use crate::model::registry::{DeclaredChain, Models};
use crate::model::resolve::Drafted;
use crate::model::resolve::associations::{Association, Owner, collision, duplicate};
use crate::model::resolve::calls::Call;
use crate::model::resolve::draft::Draft;

/// One chain by positions.
#[derive(Debug)]
pub(super) struct Chain {
    pub(super) key: String,
    pub(super) source: usize,
    pub(super) target: usize,
    /// The positions of associations that are no chains.
    pub(super) steps: Vec<usize>,
    pub(super) accessors: Accessors,
    /// How many associations stand before it.
    pub(super) after: usize,
}

/// All chains, in the order of their declarations. Of associations that were refused nothing is known: where there is one,
/// a step that is not found is no problem of its own.
pub(super) fn draft(
    models: &Models,
    calls: &[Call<'_>],
    drafted: &Drafted,
    draft: &mut Draft,
) -> Vec<Chain> {
    let mut declared = models.associations.iter();
    let all_there = drafted.associations.len() == calls.len()
        && declared.all(|(_, declared)| calls.iter().any(|call| call.declares(declared)));
    let mut following = Following::new(models, drafted, draft);
    following.follow_all();
    let mut found = Vec::new();
    let mut taken = BTreeSet::new();
    for path in &following.paths {
        match &path.state {
            State::Done(names) => {
                let key = following.key(path, names);
                let source = &draft.models[path.source];
                let is_new = taken.insert((path.source, key));
                match is_new && !following.is_taken(path.source, key) {
                    false => {
                        let named = path.declared.chain.alias.is_some();
                        let detail = duplicate(path, named, key, &source.name);
                        path.report(ProblemKind::Association, detail, draft);
                    }
                    true => match collision(path, key, source) {
                        Some(detail) => path.report(ProblemKind::Association, detail, draft),
                        None => {
                            let after = models.associations.get(path.declared.after);
                            let after = after.and_then(|(_, next)| {
                                calls.iter().position(|call| call.declares(next))
                            });
                            let after = after.unwrap_or(calls.len());
                            found.push(following.chain(path, names, after));
                        }
                    },
                }
            }
            State::Refused(_, ProblemKind::Unknown) if !all_there => {}
            State::Refused(detail, kind) => {
                path.report(*kind, format!("{path}: {detail}"), draft);
            }
            State::Under | State::Dropped => {}
        }
    }
    draft.problems.extend(following.rings());
    found
}

/// What there is to follow paths in.
struct Following<'a> {
    associations: &'a [Association],
    owners: &'a [Owner],
    /// Their positions, by source and key.
    named: BTreeMap<(usize, &'a str), usize>,
    model_names: Vec<String>,
    paths: Vec<Path<'a>>,
}

/// A chain on its way.
struct Path<'a> {
    declared: &'a DeclaredChain,
    source: usize,
    /// The model reached.
    at: usize,
    /// How many of its declared steps are behind it.
    passed: usize,
    /// Those, written out.
    steps: Vec<usize>,
    /// What the last of those leads to is called.
    names: Option<Names>,
    state: State,
}

enum State {
    Under,
    /// What one and several of its targets are called.
    Done(Names),
    Refused(String, ProblemKind),
    /// It has a step that was refused, and that was told.
    Dropped,
}

/// What a step's key stands for.
enum Step {
    Association(usize),
    /// A chain that is done.
    Chain(usize),
    /// A chain that is not done, and may turn out to have another key.
    Waits(usize),
    Refused,
    Unknown,
}

impl<'a> Following<'a> {
    fn new(models: &'a Models, drafted: &'a Drafted, draft: &Draft) -> Self {
        let associations = &drafted.associations;
        let named = associations.iter().enumerate();
        let named = named.map(|(position, it)| ((it.source, it.key.as_str()), position));
        let paths = models.chains.iter().map(|declared| {
            let source = draft.by_name.get(&declared.source).copied();
            let steps = declared.chain.steps.len();
            let refused = match source {
                None => Some((
                    format!("{} is not a defined model", declared.source),
                    ProblemKind::Unknown,
                )),
                Some(_) if steps == 0 => Some((
                    "a chain needs at least one step".to_owned(),
                    ProblemKind::Association,
                )),
                Some(_) => None,
            };
            Path {
                declared,
                source: source.unwrap_or_default(),
                at: source.unwrap_or_default(),
                passed: 0,
                steps: Vec::new(),
                names: None,
                state: refused.map_or(State::Under, |(detail, kind)| State::Refused(detail, kind)),
            }
        });
        Following {
            associations,
            owners: &drafted.owners,
            named: named.collect(),
            model_names: draft.models.iter().map(|it| it.name.clone()).collect(),
            paths: paths.collect(),
        }
    }

    /// In turns, until none gets any further.
    fn follow_all(&mut self) {
        loop {
            let mut moved = false;
            for position in 0..self.paths.len() {
                while matches!(self.paths[position].state, State::Under) && self.step(position) {
                    moved = true;
                }
            }
            if !moved {
                return;
            }
        }
    }

    /// One step further, if it is known where that leads.
    fn step(&mut self, position: usize) -> bool {
        let path = &self.paths[position];
        let steps = &path.declared.chain.steps;
        let Some(key) = steps.get(path.passed) else {
            let names = self.names_of(path);
            self.paths[position].state = State::Done(names);
            return true;
        };
        let (passed, at, names) = match self.find(path.at, key) {
            Step::Association(found) => {
                let association = &self.associations[found];
                (vec![found], association.target, association.names.clone())
            }
            Step::Chain(found) => {
                let chain = &self.paths[found];
                let State::Done(names) = &chain.state else {
                    return false;
                };
                (chain.steps.clone(), chain.at, names.clone())
            }
            Step::Waits(_) => return false,
            Step::Refused => {
                self.paths[position].state = State::Dropped;
                return true;
            }
            Step::Unknown => {
                self.paths[position].state = self.unknown(path.at, key);
                return true;
            }
        };
        let path = &mut self.paths[position];
        path.steps.extend(passed);
        path.passed += 1;
        path.at = at;
        path.names = Some(names);
        if path.steps.len() > STEPS_MAX {
            let detail = format!("more than {STEPS_MAX} steps, with those of the chains in it");
            path.state = State::Refused(detail, ProblemKind::Limit(Limit::ChainSteps));
        }
        true
    }

    /// What a key stands for in a model. A chain that may still be of that key is waited for.
    fn find(&self, model: usize, key: &str) -> Step {
        if let Some(&found) = self.named.get(&(model, key)) {
            return Step::Association(found);
        }
        let mut step = Step::Unknown;
        for (position, path) in self.paths.iter().enumerate() {
            if path.source != model {
                continue;
            }
            match &path.state {
                State::Done(names) if self.key(path, names) == key => return Step::Chain(position),
                State::Done(_) => {}
                State::Under if path.may_be(key) => step = Step::Waits(position),
                State::Refused(..) | State::Dropped if path.may_be(key) => step = Step::Refused,
                State::Under | State::Refused(..) | State::Dropped => {}
            }
        }
        step
    }

    fn is_taken(&self, source: usize, key: &str) -> bool {
        self.named.contains_key(&(source, key)) || self.owner(source, key).is_some()
    }

    fn owner(&self, source: usize, key: &str) -> Option<&Owner> {
        let mut owners = self.owners.iter();
        owners.find(|owner| owner.source == source && owner.key == key)
    }

    fn unknown(&self, model: usize, key: &str) -> State {
        let name = &self.model_names[model];
        if let Some(owner) = self.owner(model, key) {
            let members = owner.members.iter();
            let members: Vec<&str> = members.map(|&it| &*self.associations[it].key).collect();
            let detail = format!(
                "{key} of {name} is an owner in one of several models: name the association to one of them, {}",
                members.join(" or ")
            );
            return State::Refused(detail, ProblemKind::Unsupported);
        }
        let mut detail = format!("{key} is no association of {name}");
        let of_model = self.named.keys().filter(|(source, _)| *source == model);
        if let Some(near) = nearest(key, of_model.map(|(_, key)| *key)).first() {
            detail.push_str(&format!("; did you mean {near}?"));
        }
        State::Refused(detail, ProblemKind::Unknown)
    }

    fn is_single(&self, path: &Path<'_>) -> bool {
        let mut steps = path.steps.iter();
        steps.all(|&step| self.associations[step].is_single())
    }

    /// What it is called by its alias, or as its last step.
    fn names_of(&self, path: &Path<'_>) -> Names {
        let alias = path.declared.chain.alias.as_ref();
        let last = path.names.clone().unwrap_or_else(|| Names::new("", ""));
        match self.is_single(path) {
            true => {
                let key = single_key(alias, &last);
                let plural = pluralize(&key);
                Names::new(key, plural)
            }
            false => multi_names(alias, &last),
        }
    }

    fn key<'n>(&self, path: &Path<'_>, names: &'n Names) -> &'n str {
        match self.is_single(path) {
            true => &names.singular,
            false => &names.plural,
        }
    }

    fn chain(&self, path: &Path<'_>, names: &Names, after: usize) -> Chain {
        let key = self.key(path, names).to_owned();
        Chain {
            accessors: match self.is_single(path) {
                true => Accessors::single(&key),
                false => Accessors::multi(names),
            },
            key,
            source: path.source,
            target: path.at,
            steps: path.steps.clone(),
            after,
        }
    }

    /// Each ring of paths that wait for each other. What only leads to one is not told.
    fn rings(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut visited = vec![false; self.paths.len()];
        for start in 0..self.paths.len() {
            let mut way = Vec::new();
            let mut next = Some(start);
            while let Some(position) = next.filter(|&it| !visited[it]) {
                visited[position] = true;
                way.push(position);
                next = self.waits_for(position);
            }
            // Where the way came back to itself, the ring is its end from there.
            let Some(begin) = next.and_then(|next| way.iter().position(|&it| it == next)) else {
                continue;
            };
            let ring = way[begin..].iter().chain(&way[begin..=begin]);
            let texts: Vec<String> = ring.map(|&it| self.paths[it].to_string()).collect();
            let detail = format!(
                "chains in a ring, each a step of the one before: {}",
                texts.join(", ")
            );
            let source = &self.paths[way[begin]].declared.source;
            problems.push(Problem::new(ProblemKind::Association, source, detail));
        }
        problems
    }

    fn waits_for(&self, position: usize) -> Option<usize> {
        let path = &self.paths[position];
        let key = path.declared.chain.steps.get(path.passed)?;
        match (&path.state, self.find(path.at, key)) {
            (State::Under, Step::Waits(next)) => Some(next),
            _ => None,
        }
    }
}

impl Path<'_> {
    fn report(&self, kind: ProblemKind, detail: String, draft: &mut Draft) {
        draft.report(kind, self.declared.source.as_str(), detail);
    }

    /// Whether it could be of this key, whatever its steps turn out to be.
    fn may_be(&self, key: &str) -> bool {
        match (&self.declared.chain.alias, self.declared.chain.steps.last()) {
            (Some(Alias::Text(text)), _) => text == key,
            (Some(Alias::Forms(names)), _) => names.singular == key || names.plural == key,
            (None, Some(last)) => last == key || pluralize(last) == key,
            (None, None) => false,
        }
    }
}

/// As it was written: `Country.chain(users, posts)`.
impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let DeclaredChain { source, chain, .. } = self.declared;
        write!(f, "{source}.chain({})", chain.steps.join(", "))?;
        match &chain.alias {
            None => Ok(()),
            Some(Alias::Text(text)) => write!(f, " as {text}"),
            Some(Alias::Forms(names)) => write!(f, " as {}/{}", names.singular, names.plural),
        }
    }
}
