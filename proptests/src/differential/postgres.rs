//! PostgreSQL, spoken to by hand: one connection, simple queries, texts.
//!
//! A client crate would bring an asynchronous runtime and some forty other crates; what is needed here is six kinds of
//! message. It knows no encryption and no passwords: the server must trust the connection. Everything happens in a
//! schema named [`SCHEMA`], which is dropped before each run.

use std::collections::BTreeMap;
use std::io::{self, BufReader, Read, Write};
use std::net::TcpStream;
#[cfg(unix)]
use std::os::unix::net::UnixStream;

use relata::value::Value;

use crate::differential::rival::{Refusal, Reply, Rival};
use crate::differential::sql::{self, Dialect};
use crate::reference::Sort;
use crate::shape::{Kind, Shape};

/// The schema that the tables stand in.
pub const SCHEMA: &str = "relata_differential";

/// How long a statement may take. None takes long but those whose actions go round in a ring, by value, for ever.
const TIMEOUT: &str = "10s";

/// What the server says to a statement that took longer.
const CANCELED: &str = "57014";

/// Version 3.0 of the protocol.
const PROTOCOL: u32 = 196_608;

/// A connection.
pub struct Postgres {
    stream: BufReader<Box<dyn Stream>>,
}

trait Stream: Read + Write {}
impl<S: Read + Write> Stream for S {}

/// What a query gave, or an error.
type Answer = Result<Given, Complaint>;

/// The tag of the last command, and all rows.
type Given = (String, Vec<Vec<Option<String>>>);

/// The fields of an error, by their letters.
#[derive(Debug)]
struct Complaint(BTreeMap<u8, String>);

impl std::fmt::Debug for Postgres {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Postgres")
    }
}

impl Postgres {
    /// Connects to what `host=.. port=.. user=.. dbname=..` names; a host that is a path is a folder of sockets.
    ///
    /// # Errors
    /// If nobody is there, or does not trust us.
    pub fn connect(parameters: &str) -> io::Result<Self> {
        let parameters: BTreeMap<&str, &str> = parameters
            .split_whitespace()
            .filter_map(|pair| pair.split_once('='))
            .collect();
        let get = |name, default| parameters.get(name).copied().unwrap_or(default);
        let (host, port) = (get("host", "localhost"), get("port", "5432"));
        let user = get("user", "postgres");
        let stream = connect(host, port)?;
        let mut postgres = Postgres {
            stream: BufReader::new(stream),
        };
        let mut start = PROTOCOL.to_be_bytes().to_vec();
        for text in ["user", user, "database", get("dbname", user)] {
            start.extend(text.bytes().chain([0]));
        }
        start.push(0);
        postgres.send(None, &start)?;
        let answer = postgres.receive()?;
        answer.map_err(|complaint| io::Error::other(complaint.message()))?;
        Ok(postgres)
    }

    /// The server's own words for its version.
    ///
    /// # Errors
    /// If it does not answer.
    pub fn version(&mut self) -> Result<String, String> {
        let (_, rows) = self.done("SHOW server_version")?;
        let cell = rows.into_iter().flatten().flatten().next();
        cell.ok_or_else(|| "no version".to_owned())
    }

    /// The rows that a statement gives, as texts; none for one that gives none.
    ///
    /// # Errors
    /// What the server says against it.
    pub fn rows_of(&mut self, sql: &str) -> Result<Vec<Vec<Option<String>>>, String> {
        Ok(self.done(sql)?.1)
    }

    fn query(&mut self, sql: &str) -> Result<Answer, String> {
        let text: Vec<u8> = sql.bytes().chain([0]).collect();
        self.send(Some(b'Q'), &text)
            .and_then(|()| self.receive())
            .map_err(|error| format!("{sql}: {error}"))
    }

    /// A query that must not fail.
    fn done(&mut self, sql: &str) -> Result<Given, String> {
        let answer = self.query(sql)?;
        answer.map_err(|complaint| format!("{sql}: {}", complaint.message()))
    }

    fn send(&mut self, kind: Option<u8>, body: &[u8]) -> io::Result<()> {
        let length = u32::try_from(body.len() + 4).map_err(io::Error::other)?;
        let mut message: Vec<u8> = kind.into_iter().collect();
        message.extend(length.to_be_bytes());
        message.extend(body);
        self.stream.get_mut().write_all(&message)?;
        self.stream.get_mut().flush()
    }

    /// Everything until the server is ready again.
    fn receive(&mut self) -> io::Result<Answer> {
        let mut answer = Ok((String::new(), Vec::new()));
        loop {
            let mut head = [0; 5];
            self.stream.read_exact(&mut head)?;
            let [kind, length @ ..] = head;
            let length = usize::try_from(u32::from_be_bytes(length)).map_err(io::Error::other)?;
            let mut body = vec![0; length.saturating_sub(4)];
            self.stream.read_exact(&mut body)?;
            let mut body = Body(&body);
            match (kind, &mut answer) {
                (b'R', _) if body.number()? != 0 => {
                    return Err(io::Error::other("the server does not trust the connection"));
                }
                (b'C', Ok((tag, _))) => *tag = body.text()?,
                (b'D', Ok((_, rows))) => rows.push(body.row()?),
                (b'E', answer) => *answer = Err(Complaint(body.fields()?)),
                (b'Z', _) => return Ok(answer),
                _ => {}
            }
        }
    }
}

fn connect(host: &str, port: &str) -> io::Result<Box<dyn Stream>> {
    #[cfg(unix)]
    if host.starts_with('/') {
        return Ok(Box::new(UnixStream::connect(format!(
            "{host}/.s.PGSQL.{port}"
        ))?));
    }
    let stream = TcpStream::connect(format!("{host}:{port}"))?;
    stream.set_nodelay(true)?;
    Ok(Box::new(stream))
}

/// The rest of a message.
struct Body<'b>(&'b [u8]);

impl Body<'_> {
    fn bytes(&mut self, length: usize) -> io::Result<&[u8]> {
        let (bytes, rest) = self
            .0
            .split_at_checked(length)
            .ok_or(io::ErrorKind::UnexpectedEof)?;
        self.0 = rest;
        Ok(bytes)
    }

    fn number(&mut self) -> io::Result<i32> {
        let bytes = self.bytes(4)?.try_into().map_err(io::Error::other)?;
        Ok(i32::from_be_bytes(bytes))
    }

    /// Up to a zero.
    fn text(&mut self) -> io::Result<String> {
        let end = self.0.iter().position(|&byte| byte == 0);
        let end = end.ok_or(io::ErrorKind::UnexpectedEof)?;
        let text = String::from_utf8_lossy(self.bytes(end)?).into_owned();
        self.bytes(1)?;
        Ok(text)
    }

    fn row(&mut self) -> io::Result<Vec<Option<String>>> {
        let cells = self.bytes(2)?.try_into().map_err(io::Error::other)?;
        let mut row = Vec::new();
        for _ in 0..u16::from_be_bytes(cells) {
            // A negative length is null.
            row.push(match usize::try_from(self.number()?) {
                Ok(length) => Some(String::from_utf8_lossy(self.bytes(length)?).into_owned()),
                Err(_) => None,
            });
        }
        Ok(row)
    }

    fn fields(&mut self) -> io::Result<BTreeMap<u8, String>> {
        let mut fields = BTreeMap::new();
        loop {
            match self.bytes(1)? {
                [0] => return Ok(fields),
                &[letter] => _ = fields.insert(letter, self.text()?),
                _ => return Err(io::ErrorKind::InvalidData.into()),
            }
        }
    }
}

impl Complaint {
    fn field(&self, letter: u8) -> &str {
        self.0.get(&letter).map_or("", String::as_str)
    }

    fn message(&self) -> String {
        format!("{} {}", self.field(b'C'), self.field(b'M'))
    }

    /// Which constraint is violated, if one is.
    fn refusal(&self, shape: &Shape) -> Option<Refusal> {
        let (sort, name) = match self.field(b'C') {
            "23502" => (Sort::NotNull, b'c'),
            "23503" => (Sort::Reference, b'n'),
            "23505" => (Sort::Unique, b'n'),
            "23514" => (Sort::Check, b'n'),
            _ => return None,
        };
        let mut tables = shape.tables.iter();
        Some(Refusal {
            sort,
            constraint: Some(self.field(name).to_owned()),
            table: Some(tables.position(|table| table.name == self.field(b't'))?),
            message: self.message(),
        })
    }
}

impl Rival for Postgres {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn create(&mut self, shape: &Shape) -> Result<(), String> {
        // A run that failed may have left a transaction open.
        self.done("ROLLBACK")?;
        self.done(&format!(
            "SET client_min_messages = error; SET statement_timeout = 0; DROP SCHEMA IF EXISTS {SCHEMA} CASCADE; CREATE SCHEMA {SCHEMA}; \
             SET search_path TO {SCHEMA}"
        ))?;
        self.done(&sql::schema(shape, Dialect::Postgres).join(";"))?;
        self.done(&format!("SET statement_timeout = '{TIMEOUT}'"))
            .map(drop)
    }

    fn run(&mut self, shape: &Shape, sql: &str) -> Result<Reply, String> {
        match self.query(sql)? {
            Ok((tag, _)) => {
                let rows = tag.rsplit(' ').next().and_then(|rows| rows.parse().ok());
                Ok(Reply::Done(rows.unwrap_or(0)))
            }
            Err(complaint) if complaint.field(b'C') == CANCELED => Ok(Reply::TooDeep),
            Err(complaint) => match complaint.refusal(shape) {
                Some(refusal) => Ok(Reply::Refused(refusal)),
                None => Err(format!("{sql}: {}", complaint.message())),
            },
        }
    }

    fn rows(&mut self, shape: &Shape, table: usize) -> Result<Vec<Vec<Value>>, String> {
        let table = &shape.tables[table];
        let (_, rows) = self.done(&sql::rows(table))?;
        let value = |(cell, column): (Option<String>, usize)| match cell {
            None => Ok(Value::Null),
            Some(text) if table.columns[column].kind == Kind::Text => Ok(Value::from(text)),
            Some(text) => text
                .parse()
                .map(Value::Int)
                .map_err(|error| format!("{text}: {error}")),
        };
        let rows = rows.into_iter();
        rows.map(|row| row.into_iter().zip(0..).map(value).collect())
            .collect()
    }
}
