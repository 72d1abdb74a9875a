//! A path of other associations, followed one after the other.

use crate::association::Alias;

/// The most steps of a chain, those of the chains in it counted each.
pub(crate) const STEPS_MAX: usize = 64;

/// Declares that each source has what a path of associations leads to: a country has the posts of its users, by way of
/// its `users` and their `posts`. For reading: nothing says which user a new post of a country would be of.
///
/// Each step is the key of an association of the model that the step before leads to; the first is one of the source. A
/// step may be of any kind, another chain included. What the path finds is what including its steps one below the other
/// finds, with the scopes of each step and without what was softly deleted on the way, and each target once.
///
/// A chain leads to one target at most if each of its steps does. It is called as its last step is, in the plural where
/// it leads to many; or as its alias says.
///
/// ```
/// use relata::{Attribute, Chain, DataType, Models, include, select, values};
///
/// let mut models = Models::new();
/// models
///     .define_with("Country", |it| it.attribute(Attribute::new("name", DataType::Text)))
///     .define("User")
///     .define_with("Post", |it| it.attribute(Attribute::new("title", DataType::Text)));
/// models.has_many("Country", "User").has_many("User", "Post");
/// models.chain("Country", Chain::new(["Users", "Posts"]));
///
/// let mut db = models.sync()?;
/// let norway = db.create("Country", values! { name: "Norway" })?;
/// for title in ["Fjord", "Fell"] {
///     let user = db.related(&norway, "Users")?.create(values! {})?;
///     db.related(&user, "Posts")?.create(values! { title: title })?;
/// }
/// assert_eq!(db.related(&norway, "Posts")?.count()?, 2);
/// let countries = select("Country").include(include("Posts").limit(1)).run(&db)?;
/// let country = countries.get(0).expect("there is a country");
/// assert_eq!(country.many("Posts")?.len(), 1);
/// # Ok::<(), relata::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Chain {
    pub(crate) steps: Vec<String>,
    pub(crate) alias: Option<Alias>,
}

impl Chain {
    /// Over the associations of these keys, in this order: at least one, and 64 at most.
    pub fn new(steps: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Chain {
            steps: steps.into_iter().map(Into::into).collect(),
            alias: None,
        }
    }

    /// Under this name instead of that of the last step. A text is the singular of a chain to one and the plural of a
    /// chain to many; a pair is both.
    pub fn alias(mut self, alias: impl Into<Alias>) -> Self {
        self.alias = Some(alias.into());
        self
    }
}

impl<S: Into<String>, const LENGTH: usize> From<[S; LENGTH]> for Chain {
    fn from(steps: [S; LENGTH]) -> Self {
        Chain::new(steps)
    }
}
