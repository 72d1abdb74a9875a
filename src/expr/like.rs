//! LIKE: `%` for any characters, `_` for exactly one, and an escape character before one that is meant as it is.
//!
//! A text is matched as bytes. That is right because UTF-8 never begins a character inside another, as long as `_` and
//! the retries of `%` step over whole characters. Only the last `%` passed is ever retried: whatever an earlier one
//! could take, the later one can take as well. So a match costs O(text * pattern) at worst, whatever the pattern.
//!
//! Where case does not matter, each character of both sides is replaced by its small letter first, if that is one
//! character: then `_` still stands for one character of the text.

use std::borrow::Cow;

use crate::value::TextRef;

/// How a pattern is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LikeRule {
    pub(super) escape: Option<char>,
    pub(super) ignores_case: bool,
}

impl LikeRule {
    /// The rule where nothing else is said.
    pub(super) const PLAIN: LikeRule = LikeRule {
        escape: Some('\\'),
        ignores_case: false,
    };

    /// A pattern written for the plain rule.
    pub(super) fn in_plain(self, pattern: &str) -> Cow<'_, str> {
        if self.escape == LikeRule::PLAIN.escape {
            return Cow::Borrowed(pattern);
        }
        let mut plain = String::with_capacity(pattern.len());
        let mut characters = pattern.chars();
        while let Some(character) = characters.next() {
            let (literal, escaped) = match Some(character) == self.escape {
                true => (characters.next().unwrap_or(character), true),
                false => (character, character == '\\'),
            };
            if escaped && matches!(literal, '%' | '_' | '\\') {
                plain.push('\\');
            }
            plain.push(literal);
        }
        Cow::Owned(plain)
    }
}

/// A pattern, taken apart.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    ignores_case: bool,
    /// The bytes before the first wildcard.
    prefix: Box<[u8]>,
    /// From the first wildcard on.
    rest: Box<[Token]>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Token {
    Byte(u8),
    /// `_`
    One,
    /// `%`, never next to another.
    Many,
}

impl Pattern {
    /// Every text is a pattern: an escape character at the end stands for itself.
    pub(super) fn new(pattern: &str, rule: LikeRule) -> Self {
        let tokens = tokens(pattern, rule);
        let is_wildcard = |token: &Token| matches!(token, Token::One | Token::Many);
        let wild = tokens.iter().position(is_wildcard).unwrap_or(tokens.len());
        Pattern {
            ignores_case: rule.ignores_case,
            prefix: tokens[..wild].iter().filter_map(Token::byte).collect(),
            rest: tokens[wild..].into(),
        }
    }

    /// What every text begins with that fits, and whether each that begins so fits; none where that says nothing.
    pub(super) fn beginning(&self) -> Option<(&str, bool)> {
        if self.ignores_case || self.prefix.is_empty() {
            return None;
        }
        // It ends where a wildcard stands, and so with a whole character.
        let text = std::str::from_utf8(&self.prefix).ok()?;
        Some((text, *self.rest == [Token::Many]))
    }

    /// Whether the whole text fits.
    pub(super) fn matches(&self, text: TextRef<'_>) -> bool {
        match self.ignores_case {
            false => self.fits(text.as_bytes()),
            true => self.fits(in_small_letters(text.as_str()).as_bytes()),
        }
    }

    fn fits(&self, text: &[u8]) -> bool {
        text.strip_prefix(&*self.prefix)
            .is_some_and(|rest| fits(&self.rest, rest))
    }
}

impl Token {
    fn byte(&self) -> Option<u8> {
        match self {
            Token::Byte(byte) => Some(*byte),
            Token::One | Token::Many => None,
        }
    }
}

fn tokens(pattern: &str, rule: LikeRule) -> Vec<Token> {
    let mut tokens = Vec::with_capacity(pattern.len());
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        let literal = match character {
            it if Some(it) == rule.escape => characters.next().unwrap_or(it),
            '%' if tokens.last() == Some(&Token::Many) => continue,
            '%' => {
                tokens.push(Token::Many);
                continue;
            }
            '_' => {
                tokens.push(Token::One);
                continue;
            }
            other => other,
        };
        let literal = if rule.ignores_case {
            small_letter(literal)
        } else {
            literal
        };
        let mut bytes = [0; 4];
        tokens.extend(literal.encode_utf8(&mut bytes).bytes().map(Token::Byte));
    }
    tokens
}

fn in_small_letters(text: &str) -> Cow<'_, str> {
    match text
        .bytes()
        .all(|it| it.is_ascii() && !it.is_ascii_uppercase())
    {
        true => Cow::Borrowed(text),
        false => Cow::Owned(text.chars().map(small_letter).collect()),
    }
}

fn small_letter(character: char) -> char {
    let mut small = character.to_lowercase();
    match (small.next(), small.next()) {
        (Some(small), None) => small,
        _ => character,
    }
}

fn fits(tokens: &[Token], text: &[u8]) -> bool {
    let (mut token, mut at) = (0, 0);
    // The token after the last `%`, and where in the text it was tried.
    let mut retry = None;
    loop {
        match tokens.get(token) {
            None if at == text.len() => return true,
            Some(Token::Many) if token + 1 == tokens.len() => return true,
            Some(Token::Many) => {
                token += 1;
                retry = Some((token, at));
                continue;
            }
            Some(Token::One) if at < text.len() => {
                (token, at) = (token + 1, next_character(text, at));
                continue;
            }
            Some(Token::Byte(byte)) if text.get(at) == Some(byte) => {
                (token, at) = (token + 1, at + 1);
                continue;
            }
            _ => {}
        }
        match retry {
            Some((after, tried)) if tried < text.len() => {
                (token, at) = (after, next_character(text, tried));
                retry = Some((token, at));
            }
            _ => return false,
        }
    }
}

/// Where the character after the one at `at` begins.
fn next_character(text: &[u8], at: usize) -> usize {
    let is_inside = |byte: &&u8| **byte & 0b1100_0000 == 0b1000_0000;
    at + 1 + text[at + 1..].iter().take_while(is_inside).count()
}
