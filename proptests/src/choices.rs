//! Where decisions come from: a seed, or the bytes of a fuzzer.
//!
//! Every decision takes one byte, from either source, and what was taken is kept. So the bytes of a seeded run replay
//! it, and a corpus for the fuzzer can be made from seeds.

/// A source of decisions.
#[derive(Debug)]
pub struct Choices {
    source: Source,
    taken: Vec<u8>,
}

#[derive(Debug)]
enum Source {
    Seed(fastrand::Rng),
    Bytes { bytes: Vec<u8>, position: usize },
}

impl Choices {
    /// Decisions without end, the same for the same seed.
    pub fn from_seed(seed: u64) -> Self {
        Choices {
            source: Source::Seed(fastrand::Rng::with_seed(seed)),
            taken: Vec::new(),
        }
    }

    /// One decision for each byte, and zeros after the last one.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Choices {
            source: Source::Bytes {
                bytes: bytes.to_vec(),
                position: 0,
            },
            taken: Vec::new(),
        }
    }

    /// Whether the bytes are used up. Never so for a seed.
    pub fn is_exhausted(&self) -> bool {
        match &self.source {
            Source::Seed(_) => false,
            Source::Bytes { bytes, position } => *position >= bytes.len(),
        }
    }

    /// The bytes of the decisions so far.
    pub fn taken(&self) -> &[u8] {
        &self.taken
    }

    /// A number below `limit`, which is from 1 to 256.
    pub fn below(&mut self, limit: usize) -> usize {
        let byte = match &mut self.source {
            Source::Seed(random) => random.u8(..),
            Source::Bytes { bytes, position } => {
                let byte = bytes.get(*position).copied().unwrap_or(0);
                *position += 1;
                byte
            }
        };
        self.taken.push(byte);
        usize::from(byte) % limit
    }

    /// True in about this many of a hundred cases.
    pub fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of several; none if there is none.
    pub fn pick<'t, T>(&mut self, things: &'t [T]) -> Option<&'t T> {
        if things.is_empty() {
            return None;
        }
        let position = self.below(things.len().min(256));
        Some(&things[position])
    }

    /// The position of one of these weights, in proportion to them.
    pub fn weighted(&mut self, weights: &[usize]) -> usize {
        let mut left = self.below(weights.iter().sum());
        for (position, &weight) in weights.iter().enumerate() {
            if left < weight {
                return position;
            }
            left -= weight;
        }
        0
    }
}
