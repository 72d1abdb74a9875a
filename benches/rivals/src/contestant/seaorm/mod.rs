//! SeaORM over SQLite: what a Rust program with models takes.
//!
//! The tables are made as for `sqlite`, so that what differs is the mapping. Its synchronous build, so that no runtime
//! stands in between. Trees are read level by level with its loader, and only the columns asked
//! for where whole rows are not. Keys are integers.

mod entities;

use std::collections::HashMap;

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    Database, DatabaseConnection, DatabaseTransaction, DbBackend, LoaderTrait, QueryOrder,
    QuerySelect, Set, Statement, TransactionTrait, TryInsertResult,
};

use crate::contestant::seaorm::entities::{author, comment, post, post_tag, tag};
use crate::contestant::sqlite::schema;
use crate::contestant::{
    Contestant, Failure, OnDelete, POSTS_BEST, Result, Roots, SCORE_ABOVE, Tally,
};
use crate::data::{Author, Comment, Data, Pair, Post, Tag};
use crate::digest::{nest, text_sum};
use crate::requests::{Isolated, Update, WRITES_PER_TRANSACTION};

/// Rows in one statement: SQLite takes 32,766 values, and a row has six at most.
const ROWS_AT_ONCE: usize = 5_000;

/// Authors whose tree is read at once: the loader names the key of each of their posts as a value.
const AUTHORS_AT_ONCE: usize = 2_000;

/// A SeaORM connection.
#[derive(Debug)]
pub(crate) struct SeaOrm {
    connection: DatabaseConnection,
}

impl SeaOrm {
    pub(crate) fn new() -> Result<Self> {
        // It turns foreign keys on.
        let connection = Database::connect("sqlite::memory:")?;
        connection.execute_unprepared("PRAGMA temp_store = MEMORY")?;
        Ok(SeaOrm { connection })
    }

    fn total_changes(&self) -> Result<u64> {
        let statement = Statement::from_string(DbBackend::Sqlite, "SELECT total_changes()");
        let row = self.connection.query_one_raw(statement)?;
        let row = row.ok_or_else(|| Failure::broken("SQLite does not tell its changes"))?;
        Ok(row.try_get_by_index::<i64>(0)?.cast_unsigned())
    }

    /// The posts of authors with what is below them, in turn for each author.
    fn tree_sum(&self, authors: &[author::Model]) -> Result<u64> {
        let db = &self.connection;
        let mut sum = 0_u64;
        for authors in authors.chunks(AUTHORS_AT_ONCE) {
            let posts: Vec<Vec<post::Model>> = authors.load_many(post::Entity, db)?;
            let counts: Vec<usize> = posts.iter().map(Vec::len).collect();
            let posts: Vec<post::Model> = posts.into_iter().flatten().collect();
            let comments = posts.load_many(comment::Entity, db)?;
            let tags = posts.load_many(tag::Entity, db)?;
            let mut posts = posts.iter().zip(comments.iter().zip(&tags));
            for (author, count) in authors.iter().zip(counts) {
                let under_author = posts.by_ref().take(count).map(|(post, (comments, tags))| {
                    let comments = comments.iter().map(|it| it.row().read());
                    let tags = tags.iter().map(|it| it.row().read());
                    nest(post.row().read(), wrapping_sum(comments.chain(tags)))
                });
                sum = sum.wrapping_add(nest(author.row().read(), wrapping_sum(under_author)));
            }
        }
        Ok(sum)
    }

    fn best_posts_of(&self, country: i64) -> Result<u64> {
        let db = &self.connection;
        let authors = author::Entity::find()
            .filter(author::Column::Country.eq(country))
            .order_by_asc(author::Column::Id)
            .all(db)?;
        let best = post::Entity::find()
            .filter(post::Column::Score.gt(SCORE_ABOVE))
            .order_by_desc(post::Column::Score)
            .order_by_asc(post::Column::Id);
        let mut posts: Vec<Vec<post::Model>> = authors.load_many(best, db)?;
        for posts in &mut posts {
            posts.truncate(POSTS_BEST as usize);
        }
        let keys = posts.iter().flatten().map(|post| post.id);
        let comments: Vec<(i64, i64)> = comment::Entity::find()
            .select_only()
            .column(comment::Column::PostId)
            .column_as(comment::Column::Id.count(), "comments")
            .filter(comment::Column::PostId.is_in(keys))
            .group_by(comment::Column::PostId)
            .into_tuple()
            .all(db)?;
        let comments: HashMap<i64, i64> = comments.into_iter().collect();
        let authors = authors.iter().zip(&posts).map(|(author, posts)| {
            let posts = posts.iter().zip(1_u64..).map(|(post, place)| {
                let comments = comments.get(&post.id).copied().unwrap_or(0);
                nest(nest(post.row().read(), comments.cast_unsigned()), place)
            });
            nest(author.row().read(), wrapping_sum(posts))
        });
        Ok(wrapping_sum(authors))
    }

    fn in_transactions<T>(
        &self,
        requests: &[T],
        write: impl Fn(&DatabaseTransaction, &T) -> Result<u64>,
    ) -> Result<Tally> {
        let mut checksum = 0;
        for batch in requests.chunks(WRITES_PER_TRANSACTION) {
            let transaction = self.connection.begin()?;
            for request in batch {
                checksum += write(&transaction, request)?;
            }
            transaction.commit()?;
        }
        Ok(Tally::of(requests, checksum))
    }
}

impl Contestant<i64> for SeaOrm {
    fn name(&self) -> &'static str {
        "seaorm"
    }

    fn load(&mut self, data: &Data<i64>, on_delete: OnDelete) -> Result<()> {
        *self = SeaOrm::new()?;
        let tables = schema::tables::<i64>(on_delete);
        self.connection.execute_unprepared(&tables)?;
        let transaction = self.connection.begin()?;
        insert::<author::Entity, _>(&transaction, &data.authors, |row| author::ActiveModel {
            id: Set(row.key),
            name: Set(row.name.clone()),
            country: Set(row.country),
            rating: Set(row.rating),
            age: Set(row.age),
            motto: Set(row.motto.clone()),
        })?;
        insert::<post::Entity, _>(&transaction, &data.posts, |row| post::ActiveModel {
            id: Set(row.key),
            author_id: Set(row.author),
            title: Set(row.title.clone()),
            score: Set(row.score),
            weight: Set(row.weight),
            edition: Set(row.edition),
        })?;
        insert::<comment::Entity, _>(&transaction, &data.comments, |row| comment::ActiveModel {
            id: Set(row.key),
            post_id: Set(row.post),
            body: Set(row.body.clone()),
            likes: Set(row.likes),
            heat: Set(row.heat),
            edition: Set(row.edition),
        })?;
        insert::<tag::Entity, _>(&transaction, &data.tags, |row| tag::ActiveModel {
            id: Set(row.key),
            name: Set(row.name.clone()),
            color: Set(row.color),
            weight: Set(row.weight),
            rank: Set(row.rank),
            note: Set(row.note.clone()),
        })?;
        insert::<post_tag::Entity, _>(&transaction, &data.pairs, pair)?;
        Ok(transaction.commit()?)
    }

    fn unload(&mut self) -> Result<()> {
        *self = SeaOrm::new()?;
        Ok(())
    }

    fn fingerprint(&mut self) -> Result<u64> {
        let db = &self.connection;
        let authors = author::Entity::find().all(db)?;
        let posts = post::Entity::find().all(db)?;
        let comments = comment::Entity::find().all(db)?;
        let tags = tag::Entity::find().all(db)?;
        let pairs = post_tag::Entity::find().all(db)?;
        let pairs = pairs.iter().map(|it| Pair {
            post: it.post_id,
            tag: it.tag_id,
        });
        let rows = authors.iter().map(|it| it.row().fingerprint());
        let rows = rows.chain(posts.iter().map(|it| it.row().fingerprint()));
        let rows = rows.chain(comments.iter().map(|it| it.row().fingerprint()));
        let rows = rows.chain(tags.iter().map(|it| it.row().fingerprint()));
        Ok(wrapping_sum(rows.chain(pairs.map(|it| it.fingerprint()))))
    }

    fn find(&mut self, posts: &[i64]) -> Result<Tally> {
        Tally::sum_over(posts, |&post| {
            let found = post::Entity::find_by_id(post)
                .select_only()
                .columns([post::Column::Score, post::Column::Title])
                .into_tuple()
                .one(&self.connection)?;
            let found: Option<(i64, String)> = found;
            let (score, title) = found.ok_or_else(|| Failure::broken("a post is missing"))?;
            Ok(nest(score.cast_unsigned(), text_sum(&title)))
        })
    }

    fn children(&mut self, authors: &[i64]) -> Result<Tally> {
        Tally::sum_over(authors, |&author| {
            let posts: Vec<(i64, i64)> = post::Entity::find()
                .select_only()
                .columns([post::Column::Id, post::Column::Score])
                .filter(post::Column::AuthorId.eq(author))
                .into_tuple()
                .all(&self.connection)?;
            let posts = posts
                .iter()
                .map(|(key, score)| (key.cast_unsigned(), score));
            Ok(wrapping_sum(
                posts.map(|(key, score)| nest(key, score.cast_unsigned())),
            ))
        })
    }

    fn tree(&mut self, roots: Roots) -> Result<Tally> {
        let authors = author::Entity::find();
        let authors = match roots {
            Roots::CountryBelow(country) => authors.filter(author::Column::Country.lt(country)),
            Roots::All => authors,
        };
        Ok(Tally {
            operations: 1,
            checksum: self.tree_sum(&authors.all(&self.connection)?)?,
        })
    }

    fn trees(&mut self, authors: &[i64]) -> Result<Tally> {
        Tally::sum_over(authors, |&author| {
            let author = author::Entity::find_by_id(author).all(&self.connection)?;
            self.tree_sum(&author)
        })
    }

    fn best_posts(&mut self, countries: &[i64]) -> Result<Tally> {
        Tally::sum_over(countries, |&country| self.best_posts_of(country))
    }

    fn has(&mut self, pairs: &[Pair<i64>]) -> Result<Tally> {
        Tally::sum_over(pairs, |pair| {
            let found = post_tag::Entity::find_by_id((pair.post, pair.tag))
                .select_only()
                .column(post_tag::Column::PostId)
                .into_tuple::<i64>()
                .one(&self.connection)?;
            Ok(u64::from(found.is_some()))
        })
    }

    /// One connection for all threads, which take turns.
    fn find_threaded(&mut self, _posts: &[i64], _threads: usize) -> Result<Tally> {
        Err(Failure::NotOffered)
    }

    fn update(&mut self, updates: &[Update<i64>]) -> Result<Tally> {
        self.in_transactions(updates, write)
    }

    fn savepoints(&mut self, sets: &[Isolated<i64>]) -> Result<Tally> {
        let transaction = self.connection.begin()?;
        let tally = Tally::sum_over(sets, |set| {
            let savepoint = transaction.begin()?;
            let mut rows = 0;
            for update in set {
                rows += write(&savepoint, update)?;
            }
            savepoint.rollback()?;
            Ok(rows)
        })?;
        transaction.rollback()?;
        Ok(tally)
    }

    fn add(&mut self, pairs: &[Pair<i64>]) -> Result<Tally> {
        let mut skip = OnConflict::columns([post_tag::Column::PostId, post_tag::Column::TagId]);
        let skip = skip.do_nothing().to_owned();
        self.in_transactions(pairs, |transaction, added| {
            let added = post_tag::Entity::insert(pair(added))
                .on_conflict(skip.clone())
                .try_insert()
                .exec_without_returning(transaction)?;
            Ok(match added {
                TryInsertResult::Inserted(rows) => rows,
                TryInsertResult::Empty | TryInsertResult::Conflicted => 0,
            })
        })
    }

    fn delete_authors(&mut self, country_below: i64) -> Result<Tally> {
        let before = self.total_changes()?;
        author::Entity::delete_many()
            .filter(author::Column::Country.lt(country_below))
            .exec(&self.connection)?;
        let rows = self.total_changes()? - before;
        Ok(Tally {
            operations: usize::try_from(rows)?,
            checksum: rows,
        })
    }
}

fn insert<E: EntityTrait, R>(
    transaction: &DatabaseTransaction,
    rows: &[R],
    model: impl Fn(&R) -> E::ActiveModel + Copy,
) -> Result<()> {
    for rows in rows.chunks(ROWS_AT_ONCE) {
        E::insert_many(rows.iter().map(model)).exec_without_returning(transaction)?;
    }
    Ok(())
}

fn pair(pair: &Pair<i64>) -> post_tag::ActiveModel {
    post_tag::ActiveModel {
        post_id: Set(pair.post),
        tag_id: Set(pair.tag),
    }
}

fn write(transaction: &DatabaseTransaction, update: &Update<i64>) -> Result<u64> {
    let written = post::Entity::update_many()
        .col_expr(post::Column::Score, Expr::value(update.score))
        .filter(post::Column::Id.eq(update.post))
        .exec(transaction)?;
    Ok(written.rows_affected)
}

fn wrapping_sum(numbers: impl Iterator<Item = u64>) -> u64 {
    numbers.fold(0, u64::wrapping_add)
}

impl author::Model {
    fn row(&self) -> Author<i64, &str> {
        Author {
            key: self.id,
            name: &self.name,
            country: self.country,
            rating: self.rating,
            age: self.age,
            motto: &self.motto,
        }
    }
}

impl post::Model {
    fn row(&self) -> Post<i64, &str> {
        Post {
            key: self.id,
            author: self.author_id,
            title: &self.title,
            score: self.score,
            weight: self.weight,
            edition: self.edition,
        }
    }
}

impl comment::Model {
    fn row(&self) -> Comment<i64, &str> {
        Comment {
            key: self.id,
            post: self.post_id,
            body: &self.body,
            likes: self.likes,
            heat: self.heat,
            edition: self.edition,
        }
    }
}

impl tag::Model {
    fn row(&self) -> Tag<i64, &str> {
        Tag {
            key: self.id,
            name: &self.name,
            color: self.color,
            weight: self.weight,
            rank: self.rank,
            note: &self.note,
        }
    }
}
