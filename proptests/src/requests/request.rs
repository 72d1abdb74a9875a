//! A request as plain data: what relata's builder is told, what the reference answers and what SQL is written from.

use std::collections::BTreeSet;

use relata::value::Value;

/// A read of a model.
#[derive(Clone, Debug)]
pub struct Request {
    /// The model.
    pub model: usize,
    /// What of it.
    pub body: Body,
}

/// What a root and an include have in common.
#[derive(Clone, Debug, Default)]
pub struct Body {
    /// All have to be true.
    pub filters: Vec<Filter>,
    /// By what, before the primary key.
    pub order: Vec<Order>,
    /// At most so many rows, under each parent.
    pub limit: Option<usize>,
    /// Without so many first rows, under each parent.
    pub offset: Option<usize>,
    /// The columns that are shown; all if none is said.
    pub attributes: Option<Vec<usize>>,
    /// What is shown below, no two of one association.
    pub includes: Vec<Include>,
    /// The owners that are shown below, behind that; no association of theirs is among it.
    pub owners: Vec<OwnerInclude>,
    /// What is counted below, no two of one association.
    pub counts: Vec<Include>,
    /// Which scopes of the model.
    pub scope: ScopeChoice,
    /// With rows that were softly deleted.
    pub with_deleted: bool,
}

/// The rows of an association.
#[derive(Clone, Debug)]
pub struct Include {
    /// Which.
    pub association: usize,
    /// Whether a source without any is left out, if that is said.
    pub required: Option<bool>,
    /// What has to be true of junction rows.
    pub through_filters: Vec<Filter>,
    /// The columns of the junction that are shown; all if none is said.
    pub through_attributes: Option<Vec<usize>>,
    /// Over junction rows that were softly deleted as well.
    pub through_with_deleted: bool,
    /// Whether it goes on below itself.
    pub recursion: Option<Recursion>,
    /// Which rows of the target, and what of them.
    pub body: Body,
}

/// The owner of a row, of whichever model it is.
#[derive(Clone, Debug)]
pub struct OwnerInclude {
    /// Which.
    pub owner: usize,
    /// Whether a row without any is left out.
    pub required: bool,
    /// What is said of the owners of each model, in their order. None of them says what is required.
    pub members: Vec<Include>,
}

/// How far a recursive include goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recursion {
    /// To this depth at most.
    pub depth_max: Option<usize>,
}

/// Which scopes of a model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ScopeChoice {
    /// The default scope.
    #[default]
    Default,
    /// None.
    None,
    /// These, by their numbers.
    Named(Vec<usize>),
}

/// A column to order by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The associations to one that lead to its row; none for the row itself.
    pub path: Vec<usize>,
    /// Which.
    pub column: usize,
    /// From high to low.
    pub descending: bool,
    /// Whether nulls stand first, if that is said.
    pub nulls_first: Option<bool>,
}

/// What is true, false or unknown of a row.
#[derive(Clone, Debug)]
pub enum Filter {
    /// True when all are.
    All(Vec<Filter>),
    /// True when one is.
    Any(Vec<Filter>),
    /// True when it is false.
    Not(Box<Filter>),
    /// True when it is unknown.
    Unknown(Box<Filter>),
    /// True when both are true or both are false.
    Same(Box<Filter>, Box<Filter>),
    /// A column of booleans.
    Holds(usize),
    /// A constant.
    Constant(Option<bool>),
    /// A comparison.
    Compare(Comparison, Term, Term),
    /// Subject, low, high.
    Between(Term, Term, Term),
    /// One of a list.
    In(Term, Vec<Value>),
    /// Text and pattern.
    Like(Term, Term),
    /// Whether there is no value.
    IsNull(Term),
    /// Something about associated rows. Never unknown.
    Related(Box<Related>),
}

/// A question about the rows at the end of a path.
#[derive(Clone, Debug)]
pub struct Related {
    /// The associations that lead there, one at least.
    pub path: Vec<usize>,
    /// Which of them it is about.
    pub filters: Vec<Filter>,
    /// What is asked.
    pub question: RelatedQuestion,
}

/// What is asked about associated rows.
#[derive(Clone, Debug)]
pub enum RelatedQuestion {
    /// Whether there are any.
    Exists,
    /// Whether this is true of one.
    Any(Filter),
    /// Whether this is true of none.
    None(Filter),
    /// Whether this is true of all.
    All(Filter),
    /// How their number compares with another.
    Count(Comparison, i64),
}

/// What is compared.
#[derive(Clone, Debug)]
pub enum Term {
    /// A column.
    Column(usize),
    /// A column of the row to which a path of associations to one leads; null where there is none.
    Path(Vec<usize>, usize),
    /// A constant.
    Constant(Value),
    /// What a function gives for a column.
    Worked(Function, usize),
}

/// Functions of one column, of those that no value makes fail.
#[derive(Clone, Debug)]
pub enum Function {
    /// How many characters or bytes.
    Length,
    /// In small letters.
    Lower,
    /// In capital letters.
    Upper,
    /// Without spaces at its ends.
    Trim,
    /// Characters from one on, so many.
    Substr(usize, usize),
    /// With another text in the place of one.
    Replace(&'static str, &'static str),
    /// With a text behind it.
    Concat(&'static str),
    /// This in the place of null.
    Coalesce(Value),
    /// Null in the place of this.
    NullIf(Value),
    /// Divided by this, cut towards zero.
    Divide(i64),
    /// What is left of that.
    Remainder(i64),
}

/// The six comparisons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `<>`
    Unequal,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
}

impl Comparison {
    /// All of them.
    pub const ALL: [Comparison; 6] = [
        Comparison::Equal,
        Comparison::Unequal,
        Comparison::Less,
        Comparison::AtMost,
        Comparison::Greater,
        Comparison::AtLeast,
    ];

    /// As SQL writes it.
    pub fn symbol(self) -> &'static str {
        match self {
            Comparison::Equal => "=",
            Comparison::Unequal => "<>",
            Comparison::Less => "<",
            Comparison::AtMost => "<=",
            Comparison::Greater => ">",
            Comparison::AtLeast => ">=",
        }
    }
}

impl Related {
    /// The filters in it.
    fn parts(&self) -> Vec<&Filter> {
        let mut parts: Vec<&Filter> = self.filters.iter().collect();
        match &self.question {
            RelatedQuestion::Any(filter)
            | RelatedQuestion::None(filter)
            | RelatedQuestion::All(filter) => parts.push(filter),
            RelatedQuestion::Exists | RelatedQuestion::Count(..) => {}
        }
        parts
    }
}

impl Function {
    /// What it is called.
    pub fn name(&self) -> &'static str {
        match self {
            Function::Length => "length",
            Function::Lower => "lower",
            Function::Upper => "upper",
            Function::Trim => "trim",
            Function::Substr(..) => "substr",
            Function::Replace(..) => "replace",
            Function::Concat(_) => "concat",
            Function::Coalesce(_) => "coalesce",
            Function::NullIf(_) => "nullif",
            Function::Divide(_) => "divide",
            Function::Remainder(_) => "remainder",
        }
    }
}

impl Order {
    /// Whether nulls stand first, said or not (EL-32).
    pub fn nulls_first(&self) -> bool {
        self.nulls_first.unwrap_or(self.descending)
    }
}

impl Body {
    /// Every include and count, at whatever depth.
    pub fn below(&self) -> Vec<&Include> {
        let mut found = Vec::new();
        let of_owners = self.owners.iter().flat_map(|owner| &owner.members);
        for include in self.includes.iter().chain(&self.counts).chain(of_owners) {
            found.push(include);
            found.extend(include.body.below());
        }
        found
    }

    /// Shows the number of every association that it speaks of.
    pub fn associations(&mut self, show: &mut dyn FnMut(&mut usize)) {
        for order in &mut self.order {
            order.path.iter_mut().for_each(&mut *show);
        }
        for filter in &mut self.filters {
            filter.associations(show);
        }
        let of_owners = self.owners.iter_mut().flat_map(|owner| &mut owner.members);
        for include in self
            .includes
            .iter_mut()
            .chain(&mut self.counts)
            .chain(of_owners)
        {
            show(&mut include.association);
            include.body.associations(show);
        }
    }

    /// How many levels of includes there are.
    pub fn depth(&self) -> usize {
        let depths = self.includes.iter().map(|include| 1 + include.body.depth());
        depths.max().unwrap_or(0)
    }

    /// Whether something of these rows is seen: with no attributes, only by what is below (EL-14).
    pub fn is_shown(&self) -> bool {
        let none = self.attributes.as_ref().is_some_and(Vec::is_empty);
        let below = self.includes.iter().any(|include| include.body.is_shown());
        !none || below || !self.counts.is_empty() || !self.owners.is_empty()
    }

    /// Everything that is shown below, what is of an owner among it.
    pub fn includes_and_members(&self) -> impl Iterator<Item = &Include> {
        let of_owners = self.owners.iter().flat_map(|owner| &owner.members);
        self.includes.iter().chain(of_owners)
    }

    /// The paths over which its filters and its order read columns.
    fn paths(&self) -> Vec<Vec<usize>> {
        let paths = self.filters.iter().flat_map(Filter::paths);
        let paths = paths.chain(self.order.iter().map(|order| &*order.path));
        let paths = paths.filter(|path| !path.is_empty());
        paths.map(<[usize]>::to_vec).collect()
    }

    /// Takes back the recursions over which, or in which, a filter or an order reads columns: what is left of rows would be
    /// said of one depth.
    pub fn untangle(&mut self) {
        for path in self.paths() {
            let mut includes = &mut self.includes;
            for step in path {
                let Some(include) = includes.iter_mut().find(|it| it.association == step) else {
                    break;
                };
                include.recursion = None;
                includes = &mut include.body.includes;
            }
        }
        let of_owners = self.owners.iter_mut().flat_map(|owner| &mut owner.members);
        for include in self
            .includes
            .iter_mut()
            .chain(&mut self.counts)
            .chain(of_owners)
        {
            if !include.body.paths().is_empty() {
                include.recursion = None;
            }
            include.body.untangle();
        }
    }
}

impl Filter {
    /// The terms that all have to be true.
    pub fn terms(&self) -> Vec<&Filter> {
        match self {
            Filter::All(terms) => terms.iter().flat_map(Filter::terms).collect(),
            Filter::Any(terms) if terms.len() == 1 => terms[0].terms(),
            other => vec![other],
        }
    }

    /// Whether it reads more than its row.
    pub fn reaches(&self) -> bool {
        let path = |term: &Term| matches!(term, Term::Path(..));
        self.has(&|it| matches!(it, Filter::Related(_)) || it.operands().into_iter().any(path))
    }

    /// The paths over which it reads columns.
    pub fn paths(&self) -> Vec<&[usize]> {
        let mut paths: Vec<&[usize]> = match self {
            Filter::Related(_) => Vec::new(),
            _ => self.parts().into_iter().flat_map(Filter::paths).collect(),
        };
        paths.extend(self.operands().into_iter().filter_map(|term| match term {
            Term::Path(path, _) => Some(&**path),
            Term::Column(_) | Term::Worked(..) | Term::Constant(_) => None,
        }));
        paths
    }

    /// The columns of its row that it reads, if it reads nothing else.
    pub fn columns(&self) -> Vec<usize> {
        let mut columns: Vec<usize> = self.parts().iter().flat_map(|it| it.columns()).collect();
        if let Filter::Holds(column) = self {
            columns.push(*column);
        }
        columns.extend(self.operands().into_iter().filter_map(|term| match term {
            Term::Column(column) | Term::Worked(_, column) => Some(*column),
            Term::Path(..) | Term::Constant(_) => None,
        }));
        columns
    }

    /// The constants in it.
    pub fn constants(&self) -> Vec<&Value> {
        let mut constants: Vec<&Value> =
            self.parts().iter().flat_map(|it| it.constants()).collect();
        if let Filter::In(_, values) = self {
            constants.extend(values);
        }
        constants.extend(self.operands().into_iter().filter_map(|term| match term {
            Term::Column(_) | Term::Path(..) => None,
            Term::Worked(Function::Coalesce(value) | Function::NullIf(value), _) => Some(value),
            Term::Worked(..) => None,
            Term::Constant(value) => Some(value),
        }));
        constants
    }

    /// The filters that it is made of.
    pub fn parts(&self) -> Vec<&Filter> {
        match self {
            Filter::All(parts) | Filter::Any(parts) => parts.iter().collect(),
            Filter::Not(part) | Filter::Unknown(part) => vec![part],
            Filter::Same(a, b) => vec![a, b],
            Filter::Related(related) => related.parts(),
            _ => Vec::new(),
        }
    }

    /// Whether a filter in it, or it, is one of these.
    pub fn has(&self, is: &impl Fn(&Filter) -> bool) -> bool {
        is(self) || self.parts().iter().any(|part| part.has(is))
    }

    /// Shows the number of every association that it speaks of.
    pub fn associations(&mut self, show: &mut dyn FnMut(&mut usize)) {
        let term = |term: &mut Term, show: &mut dyn FnMut(&mut usize)| {
            if let Term::Path(path, _) = term {
                path.iter_mut().for_each(show);
            }
        };
        match self {
            Filter::All(parts) | Filter::Any(parts) => {
                parts.iter_mut().for_each(|part| part.associations(show));
            }
            Filter::Not(part) | Filter::Unknown(part) => part.associations(show),
            Filter::Same(a, b) => {
                a.associations(show);
                b.associations(show);
            }
            Filter::Compare(_, a, b) | Filter::Like(a, b) => {
                term(a, show);
                term(b, show);
            }
            Filter::Between(a, b, c) => [a, b, c].into_iter().for_each(|it| term(it, show)),
            Filter::In(a, _) | Filter::IsNull(a) => term(a, show),
            Filter::Related(related) => {
                related.path.iter_mut().for_each(&mut *show);
                let filters = related.filters.iter_mut();
                filters.for_each(|filter| filter.associations(show));
                match &mut related.question {
                    RelatedQuestion::Any(filter)
                    | RelatedQuestion::None(filter)
                    | RelatedQuestion::All(filter) => filter.associations(show),
                    RelatedQuestion::Exists | RelatedQuestion::Count(..) => {}
                }
            }
            Filter::Holds(_) | Filter::Constant(_) => {}
        }
    }

    /// The sorts of filters in it.
    pub fn names(&self) -> BTreeSet<&'static str> {
        let mut names: BTreeSet<_> = self.parts().iter().flat_map(|it| it.names()).collect();
        let path = |term: &&Term| matches!(term, Term::Path(..));
        if self.operands().iter().any(path) {
            names.insert("path");
        }
        names.insert(match self {
            Filter::All(_) => "all",
            Filter::Any(_) => "any",
            Filter::Not(_) => "not",
            Filter::Unknown(_) => "unknown",
            Filter::Same(..) => "same",
            Filter::Holds(_) => "holds",
            Filter::Constant(_) => "constant",
            Filter::Compare(..) => "compare",
            Filter::Between(..) => "between",
            Filter::In(..) => "in",
            Filter::Like(..) => "like",
            Filter::IsNull(_) => "is null",
            Filter::Related(related) => match related.question {
                RelatedQuestion::Exists => "related exists",
                RelatedQuestion::Any(_) => "related any",
                RelatedQuestion::None(_) => "related none",
                RelatedQuestion::All(_) => "related all",
                RelatedQuestion::Count(..) => "related count",
            },
        });
        names
    }

    /// The functions in it.
    pub fn functions(&self) -> Vec<&Function> {
        let mut functions: Vec<&Function> = self
            .parts()
            .into_iter()
            .flat_map(Filter::functions)
            .collect();
        functions.extend(self.operands().into_iter().filter_map(|term| match term {
            Term::Worked(function, _) => Some(function),
            _ => None,
        }));
        functions
    }

    /// What it compares.
    fn operands(&self) -> Vec<&Term> {
        match self {
            Filter::Compare(_, a, b) | Filter::Like(a, b) => vec![a, b],
            Filter::Between(a, low, high) => vec![a, low, high],
            Filter::In(a, _) | Filter::IsNull(a) => vec![a],
            _ => Vec::new(),
        }
    }
}
