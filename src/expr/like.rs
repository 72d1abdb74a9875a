//! LIKE: `%` for any characters, `_` for exactly one, `\` before one that is meant as it is.
//!
//! A text is matched as bytes. That is right because UTF-8 never begins a character inside another, as long as `_` and
//! the retries of `%` step over whole characters. Only the last `%` passed is ever retried: whatever an earlier one
//! could take, the later one can take as well. So a match costs O(text * pattern) at worst, whatever the pattern.

/// A pattern, taken apart.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
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
    /// Every text is a pattern: a `\` at the end stands for itself.
    pub(super) fn new(pattern: &[u8]) -> Self {
        let tokens = tokens(pattern);
        let is_wildcard = |token: &Token| matches!(token, Token::One | Token::Many);
        let wild = tokens.iter().position(is_wildcard).unwrap_or(tokens.len());
        Pattern {
            prefix: tokens[..wild].iter().filter_map(Token::byte).collect(),
            rest: tokens[wild..].into(),
        }
    }

    /// Whether the whole text fits.
    pub(super) fn matches(&self, text: &[u8]) -> bool {
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

fn tokens(pattern: &[u8]) -> Vec<Token> {
    let mut tokens = Vec::with_capacity(pattern.len());
    let mut bytes = pattern.iter().copied();
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' if tokens.last() == Some(&Token::Many) => {}
            b'%' => tokens.push(Token::Many),
            b'_' => tokens.push(Token::One),
            // The escaped character's first byte; the others are no wildcards and follow by themselves.
            b'\\' => tokens.push(Token::Byte(bytes.next().unwrap_or(b'\\'))),
            _ => tokens.push(Token::Byte(byte)),
        }
    }
    tokens
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
