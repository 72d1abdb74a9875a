//! The values that the parameters of a request are given.

use smallvec::SmallVec;

use crate::error::{Error, RequestError, RequestKind, Result, excerpt};
use crate::expr::Parameters;
use crate::query::Version;
use crate::value::Value;

/// A value of the right type, or null, for each parameter. Few cost no allocation.
pub(crate) type Given = SmallVec<[Value; 4]>;

/// The values of no parameters.
pub(crate) const NOTHING: [(&str, Value); 0] = [];

/// What has to be given whenever a request is run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    /// The model of the root, for errors.
    subject: String,
    parameters: Parameters,
}

impl Wanted {
    /// What the filters of a request ask for.
    ///
    /// # Errors
    /// `Type` for a parameter of which nothing says what it is.
    pub(crate) fn new(subject: &str, parameters: Parameters) -> Result<Self> {
        let wanted = Wanted {
            subject: subject.to_owned(),
            parameters,
        };
        match wanted.parameters.iter().find(|it| it.data_type.is_none()) {
            None => Ok(wanted),
            Some(parameter) => {
                let name = excerpt(&parameter.name);
                let detail = format!("nothing says of which type parameter {name} is");
                Err(wanted.refusal(RequestKind::Type, detail))
            }
        }
    }

    /// A parameter as an expression shows it.
    pub(crate) fn shown(&self, position: usize) -> String {
        let name = &self.parameters.at(position).name;
        match self.parameters.now() == Some(position) {
            true => name.to_string(),
            false => format!(":{name}"),
        }
    }

    /// Values for all parameters, and the time of a version if it is asked for.
    ///
    /// # Errors
    /// `UnknownParameter`, `MissingParameter`, `Type`; `Repeated` for one that is given twice.
    pub(crate) fn given(
        &self,
        given: impl IntoIterator<Item = (impl AsRef<str>, Value)>,
        version: Version<'_>,
    ) -> Result<Given> {
        let mut values: SmallVec<[Option<Value>; 4]> = SmallVec::new();
        values.resize(self.parameters.len(), None);
        for (name, value) in given {
            let name = name.as_ref();
            let place = self.place(name, &value)?;
            if values[place].replace(value).is_some() {
                let detail = format!("parameter {} is given twice", excerpt(&name));
                return Err(self.refusal(RequestKind::Repeated, detail));
            }
        }
        if let Some(place) = self.parameters.now() {
            values[place] = Some(version.now().into());
        }
        let named = self.parameters.iter().zip(values);
        named
            .map(|(parameter, value)| {
                value.ok_or_else(|| {
                    let detail = format!("parameter {} is not given", excerpt(&parameter.name));
                    self.refusal(RequestKind::MissingParameter, detail)
                })
            })
            .collect()
    }

    /// Where a value goes, once its type is found to be right.
    fn place(&self, name: &str, value: &Value) -> Result<usize> {
        let Some(place) = self.parameters.position(name) else {
            let detail = format!("no parameter {}", excerpt(&name));
            return Err(self.refusal(RequestKind::UnknownParameter, detail));
        };
        let expected = self.parameters.at(place).data_type;
        match (expected, value.data_type()) {
            (Some(expected), Some(found)) if found != expected => {
                let detail = format!("parameter {} is {expected}, not {found}", excerpt(&name));
                Err(self.refusal(RequestKind::Type, detail))
            }
            _ => Ok(place),
        }
    }

    #[cold]
    fn refusal(&self, kind: RequestKind, detail: String) -> Error {
        RequestError::new(kind, &*self.subject, detail).into()
    }
}
