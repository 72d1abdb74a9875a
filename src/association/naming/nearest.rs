//! The names that a wrong name is most like.
//!
//! Likeness is the number of letters to insert, delete or replace, regardless of case; a name is near if that is no more
//! than a third of its letters. Names longer than [`LETTERS_MAX`] are like none: the cost is the product of two lengths.

use std::collections::BTreeSet;

/// The longest name that is compared.
const LETTERS_MAX: usize = 64;

/// How many names are given.
const NEAREST_MAX: usize = 3;

/// The nearest of some names, at most three, the nearest first.
pub(crate) fn nearest<'n>(wrong: &str, names: impl Iterator<Item = &'n str>) -> Vec<&'n str> {
    let wrong = letters(wrong);
    let near = names.filter_map(|name| {
        let letters = letters(name);
        if wrong.len().max(letters.len()) > LETTERS_MAX {
            return None;
        }
        let distance = distance(&wrong, &letters);
        (distance <= letters.len() / 3).then_some((distance, name))
    });
    let sorted: BTreeSet<(usize, &str)> = near.collect();
    let names = sorted.into_iter().map(|(_, name)| name);
    names.take(NEAREST_MAX).collect()
}

fn letters(name: &str) -> Vec<char> {
    name.chars().flat_map(char::to_lowercase).collect()
}

/// Levenshtein's distance, row by row.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.iter().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, other) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != other);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    // rules: MX-4
    // Broken: whoever mistypes an accessor is told of one that is nothing like it, or of none.
    #[test]
    fn a_slip_is_near_and_another_word_is_not() {
        let names = ["getTasks", "addTask", "addTasks", "getOwner"];
        let near = |wrong| nearest(wrong, names.into_iter());
        assert_eq!(near("gettasks"), ["getTasks"]);
        assert_eq!(near("addTsk"), ["addTask", "addTasks"]);
        assert_eq!(near("getTask")[0], "getTasks");
        assert!(near("remove").is_empty() && near("").is_empty());
        assert!(near(&"getTasks".repeat(100)).is_empty());
    }

    #[test]
    fn the_distance_counts_insertions_deletions_and_replacements() {
        let distance = |a: &str, b: &str| distance(&letters(a), &letters(b));
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!((distance("", "abc"), distance("abc", "")), (3, 3));
        assert_eq!(distance("flaw", "lawn"), 2);
    }
}
