//! An attribute of a model, as declared.

use std::sync::Arc;

use crate::association::ActionName;
use crate::model::lifecycle::Rule;
use crate::schema::{DefaultFunction, DefaultValue, Deferral};
use crate::value::{DataType, Value};

/// An attribute to be. It admits null unless it is declared otherwise or is part of the primary key.
///
/// ```
/// use relata::model::Attribute;
/// use relata::value::DataType;
///
/// let title = Attribute::new("title", DataType::Text).not_null().field("title_text");
/// let series = Attribute::new("seriesId", DataType::Int).references("Series", "id").on_delete("cascade");
/// assert_ne!(title, series);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Attribute {
    pub(super) name: String,
    pub(super) data_type: DataType,
    pub(super) nullable: Option<bool>,
    pub(super) default: Option<DefaultValue>,
    pub(super) field: Option<String>,
    pub(super) unique: bool,
    pub(super) primary_key: bool,
    pub(super) reference: Reference,
    pub(super) rules: Vec<Rule>,
}

/// What an attribute says of itself about a foreign key.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Reference {
    /// Nothing: associations may make one of it.
    Unsaid,
    /// That it is none, whatever associations say (associations FK-12).
    Refused,
    /// That it is one.
    To(Box<ReferenceTo>),
}

/// A foreign key of one attribute without an association.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ReferenceTo {
    /// A model or a table.
    pub(super) parent: String,
    /// An attribute or a column there.
    pub(super) key: String,
    pub(super) on_delete: Option<ActionName>,
    pub(super) on_update: Option<ActionName>,
    pub(super) deferral: Option<Deferral>,
    pub(super) to_any_row: bool,
}

impl Attribute {
    /// An attribute that admits null and has no default.
    pub fn new(name: impl Into<String>, data_type: DataType) -> Self {
        Attribute {
            name: name.into(),
            data_type,
            nullable: None,
            default: None,
            field: None,
            unique: false,
            primary_key: false,
            reference: Reference::Unsaid,
            rules: Vec::new(),
        }
    }

    /// Every instance must have a value here.
    pub fn not_null(mut self) -> Self {
        self.nullable = Some(false);
        self
    }

    /// Instances may have no value here, even if an association would rather have it otherwise.
    pub fn nullable(mut self) -> Self {
        self.nullable = Some(true);
        self
    }

    /// A constant for instances that give no value. Null is no default.
    pub fn default(mut self, value: impl Into<Value>) -> Self {
        let value = value.into();
        self.default = (!value.is_null()).then_some(DefaultValue::Value(value));
        self
    }

    /// The time of the transaction for instances that give no value.
    pub fn default_now(mut self) -> Self {
        self.default = Some(DefaultValue::Now);
        self
    }

    /// A random uuid for instances that give no value.
    pub fn default_uuid(mut self) -> Self {
        self.default = Some(DefaultValue::RandomUuid);
        self
    }

    /// What a closure makes for instances that give no value; `text` stands for it wherever the column is shown. See
    /// [`ColumnDef::default_with`](crate::schema::ColumnDef::default_with).
    pub fn default_with(
        mut self,
        text: impl Into<Arc<str>>,
        make: impl Fn() -> Value + Send + Sync + 'static,
    ) -> Self {
        self.default = Some(DefaultValue::With(DefaultFunction::new(text, make)));
        self
    }

    /// The next number for instances that give no value. One attribute of a model can have it.
    pub fn auto_increment(mut self) -> Self {
        self.default = Some(DefaultValue::AutoIncrement);
        self
    }

    /// One more rule for its values, judged before they are written through the model. All broken rules of an instance are
    /// told together, as [`Error::Validation`](crate::Error::Validation); a null breaks none but [`Rule::required`]. A call
    /// can leave rules out: [`Transaction::without_validation`](crate::Transaction::without_validation).
    pub fn validate(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
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

    /// A part of the primary key. Several attributes marked so are one key, in the order of the attributes.
    pub fn primary_key(mut self) -> Self {
        self.primary_key = true;
        self
    }

    /// A foreign key by itself, without an association: `parent` is a model or a table, `key` an attribute or a column
    /// there. It takes no action unless one is given (associations FK-12).
    pub fn references(mut self, parent: impl Into<String>, key: impl Into<String>) -> Self {
        self.reference = Reference::To(Box::new(ReferenceTo {
            parent: parent.into(),
            key: key.into(),
            on_delete: None,
            on_update: None,
            deferral: None,
            to_any_row: false,
        }));
        self
    }

    /// No foreign key, whatever associations make of the attribute.
    pub fn references_nothing(mut self) -> Self {
        self.reference = Reference::Refused;
        self
    }

    /// What happens to instances when what they refer to is deleted. After [`references`](Attribute::references); of no
    /// effect without.
    pub fn on_delete(self, action: impl Into<ActionName>) -> Self {
        let action = action.into();
        self.change_reference(|reference| reference.on_delete = Some(action))
    }

    /// What happens to instances when what they refer to takes another key. After
    /// [`references`](Attribute::references); of no effect without.
    pub fn on_update(self, action: impl Into<ActionName>) -> Self {
        let action = action.into();
        self.change_reference(|reference| reference.on_update = Some(action))
    }

    /// When something missing is held against the key. After [`references`](Attribute::references); of no effect
    /// without.
    pub fn deferrable(self, deferral: Deferral) -> Self {
        self.change_reference(|reference| reference.deferral = Some(deferral))
    }

    /// That what it refers to need not be unique: the key holds while any row has the value. Without it, a key to what is
    /// no unique key is refused. After [`references`](Attribute::references); of no effect without (beyond BY-18).
    pub fn to_any_row(self) -> Self {
        self.change_reference(|reference| reference.to_any_row = true)
    }

    fn change_reference(mut self, change: impl FnOnce(&mut ReferenceTo)) -> Self {
        if let Reference::To(reference) = &mut self.reference {
            change(reference);
        }
        self
    }
}
