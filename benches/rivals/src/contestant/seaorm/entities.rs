//! The tables as SeaORM wants them declared.
#![expect(unreachable_pub, reason = "the derives ask for public items")]

/// An entity with its columns, and the relations that are used.
macro_rules! entity {
    (
        $module:ident, $table:literal,
        { $($(#[$attribute:meta])* $column:ident: $type:ty,)+ }
        { $($(#[$relation_attribute:meta])* $relation:ident,)* }
    ) => {
        pub(super) mod $module {
            use sea_orm::entity::prelude::*;

            #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
            #[sea_orm(table_name = $table)]
            pub struct Model {
                $($(#[$attribute])* pub $column: $type,)+
            }

            #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
            pub enum Relation {
                $($(#[$relation_attribute])* $relation,)*
            }

            impl ActiveModelBehavior for ActiveModel {}
        }
    };
}

entity!(author, "authors", {
    #[sea_orm(primary_key, auto_increment = false)]
    id: i64,
    name: String,
    country: i64,
    rating: f64,
    age: Option<i64>,
    motto: String,
} {
    #[sea_orm(has_many = "super::post::Entity")]
    Posts,
});

entity!(post, "posts", {
    #[sea_orm(primary_key, auto_increment = false)]
    id: i64,
    author_id: Option<i64>,
    title: String,
    score: i64,
    weight: f64,
    edition: Option<i64>,
} {
    #[sea_orm(has_many = "super::comment::Entity")]
    Comments,
    #[sea_orm(belongs_to = "super::author::Entity", from = "Column::AuthorId", to = "super::author::Column::Id")]
    Author,
});

entity!(comment, "comments", {
    #[sea_orm(primary_key, auto_increment = false)]
    id: i64,
    post_id: i64,
    body: String,
    likes: i64,
    heat: f64,
    edition: Option<i64>,
} {
    #[sea_orm(belongs_to = "super::post::Entity", from = "Column::PostId", to = "super::post::Column::Id")]
    Post,
});

entity!(tag, "tags", {
    #[sea_orm(primary_key, auto_increment = false)]
    id: i64,
    name: String,
    color: i64,
    weight: f64,
    rank: Option<i64>,
    note: String,
} {});

entity!(post_tag, "post_tags", {
    #[sea_orm(primary_key, auto_increment = false)]
    post_id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    tag_id: i64,
} {
    #[sea_orm(belongs_to = "super::post::Entity", from = "Column::PostId", to = "super::post::Column::Id")]
    Post,
    #[sea_orm(belongs_to = "super::tag::Entity", from = "Column::TagId", to = "super::tag::Column::Id")]
    Tag,
});

mod relations {
    use sea_orm::entity::prelude::*;

    use super::{author, comment, post, post_tag, tag};

    impl Related<post::Entity> for author::Entity {
        fn to() -> RelationDef {
            author::Relation::Posts.def()
        }
    }

    impl Related<author::Entity> for post::Entity {
        fn to() -> RelationDef {
            post::Relation::Author.def()
        }
    }

    impl Related<post::Entity> for comment::Entity {
        fn to() -> RelationDef {
            comment::Relation::Post.def()
        }
    }

    impl Related<comment::Entity> for post::Entity {
        fn to() -> RelationDef {
            post::Relation::Comments.def()
        }
    }

    impl Related<tag::Entity> for post::Entity {
        fn to() -> RelationDef {
            post_tag::Relation::Tag.def()
        }

        fn via() -> Option<RelationDef> {
            Some(post_tag::Relation::Post.def().rev())
        }
    }
}
