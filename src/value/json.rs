//! JSON documents as canonical text.
//!
//! A document is kept as the text that writing it with sorted members and no spaces gives, so equality and order are
//! those of bytes. Making one needs the `json` feature; the type is always there, so that no `match` changes with a
//! feature.

use std::fmt;
use std::sync::Arc;

/// A checked JSON document in canonical form.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Json {
    text: Arc<str>,
}

impl Json {
    /// The canonical text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Takes a text that is already canonical: one read back from a page.
    pub(crate) fn from_canonical(text: Arc<str>) -> Self {
        Json { text }
    }
}

#[cfg(feature = "json")]
pub use self::parse::ParseJsonError;

#[cfg(feature = "json")]
mod parse {
    use std::fmt;
    use std::str::FromStr;

    use super::Json;

    /// Why a text is no JSON document.
    #[derive(Debug)]
    pub struct ParseJsonError {
        cause: serde_json::Error,
    }

    impl fmt::Display for ParseJsonError {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.cause.fmt(f)
        }
    }

    impl std::error::Error for ParseJsonError {}

    impl FromStr for Json {
        type Err = ParseJsonError;

        /// Checks and canonicalises. Nesting over 128 levels is refused.
        fn from_str(text: &str) -> Result<Self, Self::Err> {
            let mut document: serde_json::Value =
                serde_json::from_str(text).map_err(|cause| ParseJsonError { cause })?;
            // A no-op unless somebody in the build turned on serde_json's `preserve_order`.
            document.sort_all_objects();
            Ok(Json::from_canonical(document.to_string().into()))
        }
    }

    impl TryFrom<&serde_json::Value> for Json {
        type Error = ParseJsonError;

        /// Takes a document built in memory, under the same limit of 128 levels.
        fn try_from(document: &serde_json::Value) -> Result<Self, Self::Error> {
            document.to_string().parse()
        }
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Json({})", self.text)
    }
}
