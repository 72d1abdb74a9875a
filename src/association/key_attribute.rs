//! A foreign key as an association's declaration gives it: by name alone, or as an attribute with settings.

use crate::schema::DefaultValue;
use crate::value::{DataType, Value};

/// What is said about one attribute of a foreign key.
///
/// Everything may be left out: the name follows from the models, the type from what the key refers to. What is given
/// here yields to what the holder of the key declares about the same attribute (associations FK-1, FK-4).
///
/// ```
/// use relata::association::{BelongsTo, KeyAttribute};
///
/// let author = BelongsTo::new("User").foreign_key(KeyAttribute::named("authorId").not_null());
/// let reviewer = BelongsTo::new("User").foreign_key("reviewerId");
/// assert_ne!(author, reviewer);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct KeyAttribute {
    pub(crate) name: Option<String>,
    pub(crate) data_type: Option<DataType>,
    pub(crate) nullable: Option<bool>,
    pub(crate) default: Option<DefaultValue>,
    pub(crate) field: Option<String>,
    pub(crate) unique: bool,
}

/// The attributes of a foreign key, each at the position of the attribute that it refers to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KeyAttributes(pub(crate) Vec<KeyAttribute>);

impl KeyAttribute {
    /// An attribute whose name follows from the models.
    pub fn unnamed() -> Self {
        KeyAttribute {
            name: None,
            data_type: None,
            nullable: None,
            default: None,
            field: None,
            unique: false,
        }
    }

    /// An attribute of this name, which is taken as it is (associations NM-15).
    pub fn named(name: impl Into<String>) -> Self {
        KeyAttribute {
            name: Some(name.into()),
            ..KeyAttribute::unnamed()
        }
    }

    /// Of this type; otherwise of the type that it refers to.
    pub fn data_type(mut self, data_type: DataType) -> Self {
        self.data_type = Some(data_type);
        self
    }

    /// Every row must have a value here. Then children go with their parent, unless another action is given.
    pub fn not_null(mut self) -> Self {
        self.nullable = Some(false);
        self
    }

    /// Rows may have no value here, which is the default except in a junction.
    pub fn nullable(mut self) -> Self {
        self.nullable = Some(true);
        self
    }

    /// A constant for rows that give no value. Null is no default.
    pub fn default(mut self, value: impl Into<Value>) -> Self {
        let value = value.into();
        self.default = (!value.is_null()).then_some(DefaultValue::Value(value));
        self
    }

    /// Stored in a column of another name. All requests use the attribute's name.
    pub fn field(mut self, column: impl Into<String>) -> Self {
        self.field = Some(column.into());
        self
    }

    /// A unique key by itself.
    pub fn unique(mut self) -> Self {
        self.unique = true;
        self
    }
}

impl From<KeyAttribute> for KeyAttributes {
    fn from(attribute: KeyAttribute) -> Self {
        KeyAttributes(vec![attribute])
    }
}

impl From<&KeyAttribute> for KeyAttributes {
    fn from(attribute: &KeyAttribute) -> Self {
        KeyAttributes(vec![attribute.clone()])
    }
}

impl From<&str> for KeyAttribute {
    fn from(name: &str) -> Self {
        KeyAttribute::named(name)
    }
}

impl From<&str> for KeyAttributes {
    fn from(name: &str) -> Self {
        KeyAttributes(vec![name.into()])
    }
}

impl From<String> for KeyAttributes {
    fn from(name: String) -> Self {
        KeyAttributes(vec![KeyAttribute::named(name)])
    }
}

impl<T: Into<KeyAttribute>, const N: usize> From<[T; N]> for KeyAttributes {
    fn from(attributes: [T; N]) -> Self {
        KeyAttributes(attributes.into_iter().map(Into::into).collect())
    }
}
