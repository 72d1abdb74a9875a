//! Functions of texts. What is part of its operand is borrowed from it; what is not is a text of its own, of a bounded
//! length.
//!
//! Characters are code points. Case is that of Unicode, whatever the language.

use crate::expr::Failure;
use crate::expr::machine::Cell;
use crate::value::{TextRef, ValueRef};

/// The longest text that a function makes: as long as a value may be unless a database says otherwise. Without a bound,
/// sixty functions around each other would fill any memory.
const MADE_BYTES_MAX: usize = 64 << 20;

/// In small letters.
pub(super) fn lower<'a>(text: Cell<'a>) -> Cell<'a> {
    let is_lower = |text: &str| {
        !text
            .bytes()
            .any(|it| it.is_ascii_uppercase() || !it.is_ascii())
    };
    made(text, is_lower, str::to_lowercase)
}

/// In capital letters.
pub(super) fn upper<'a>(text: Cell<'a>) -> Cell<'a> {
    let is_upper = |text: &str| {
        !text
            .bytes()
            .any(|it| it.is_ascii_lowercase() || !it.is_ascii())
    };
    made(text, is_upper, str::to_uppercase)
}

/// Without the spaces at both ends: those alone, as in SQL.
pub(super) fn trim<'a>(text: Cell<'a>) -> Cell<'a> {
    part_of(text, |text| text.trim_matches(' '))
}

/// The characters from one, counted from 1, so many or all. What lies before the first or after the last is nothing.
pub(super) fn substr<'a>(
    text: Cell<'a>,
    from: i64,
    count: Option<i64>,
) -> Result<Cell<'a>, Failure> {
    if count.is_some_and(|count| count < 0) {
        return Err(Failure::NegativeLength);
    }
    let place = |position: i64| usize::try_from(position.saturating_sub(1)).unwrap_or(0);
    let (start, end) = (
        place(from),
        count.and_then(|count| from.checked_add(count)).map(place),
    );
    Ok(part_of(text, |text| {
        let rest = &text[byte_of(text, start)..];
        match end {
            Some(end) => &rest[..byte_of(rest, end.saturating_sub(start))],
            None => rest,
        }
    }))
}

/// With one text in the place of each appearance of another; none appears in between, so an empty one never does.
pub(super) fn replace<'a>(text: Cell<'a>, from: &str, to: &str) -> Result<Cell<'a>, Failure> {
    let Some(subject) = text.as_ref().as_str() else {
        return Ok(Cell::NULL);
    };
    if from.is_empty() {
        return Ok(text);
    }
    let count = subject.matches(from).count();
    if count == 0 {
        return Ok(text);
    }
    let kept = subject.len() - count * from.len();
    let added = count.checked_mul(to.len()).ok_or(Failure::TextTooLong)?;
    check_length(kept.saturating_add(added))?;
    Ok(Cell::Made(subject.replace(from, to)))
}

/// One after the other; nothing of null.
pub(super) fn concat<'a>(texts: &[Cell<'a>]) -> Result<Cell<'a>, Failure> {
    let parts = || texts.iter().filter_map(|it| it.as_ref().as_str());
    check_length(parts().map(str::len).sum())?;
    Ok(Cell::Made(parts().collect()))
}

/// How many characters a text has, or how many bytes.
pub(super) fn length(of: ValueRef<'_>) -> Option<i64> {
    let length = match of {
        ValueRef::Text(text) => text.as_str().chars().count(),
        ValueRef::Bytes(bytes) => bytes.len(),
        _ => return None,
    };
    i64::try_from(length).ok()
}

fn check_length(bytes: usize) -> Result<(), Failure> {
    match bytes <= MADE_BYTES_MAX {
        true => Ok(()),
        false => Err(Failure::TextTooLong),
    }
}

/// Where the character at a position begins; the end, if there are not so many.
fn byte_of(text: &str, position: usize) -> usize {
    let mut starts = text.char_indices().map(|(byte, _)| byte);
    starts.nth(position).unwrap_or(text.len())
}

/// The text itself if it is as the function would make it.
fn made<'a>(
    text: Cell<'a>,
    is_so: impl FnOnce(&str) -> bool,
    make: impl FnOnce(&str) -> String,
) -> Cell<'a> {
    match text.as_ref().as_str() {
        None => Cell::NULL,
        Some(it) if is_so(it) => text,
        Some(it) => Cell::Made(make(it)),
    }
}

fn part_of<'a>(text: Cell<'a>, part: impl for<'t> FnOnce(&'t str) -> &'t str) -> Cell<'a> {
    match text {
        Cell::Borrowed(ValueRef::Text(it)) => {
            Cell::Borrowed(ValueRef::Text(TextRef::from(part(it.as_str()))))
        }
        Cell::Made(it) => Cell::Made(part(&it).to_owned()),
        Cell::Borrowed(_) => Cell::NULL,
    }
}
