//! A reader of Terraform's language, as far as the manual writes it. It is small because the crate that reads all of it
//! switches on features of others that the SDK shares, which builds everything anew. What it does not know is an error.

use serde_json::{Map, Number, Value};

/// A block: `resource "aws_ecs_service" "api" { … }`.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) keyword: String,
    pub(super) labels: Vec<String>,
    pub(super) arguments: Vec<(String, Value)>,
    pub(super) blocks: Vec<Block>,
}

/// The blocks of a file. A call `f(x)` is read as its argument, and what stands for a value elsewhere as its own text.
pub(super) fn parse(text: &str) -> Result<Vec<Block>, String> {
    let mut reader = Reader { rest: text };
    let body = reader.body("")?;
    match &body.arguments[..] {
        [] => Ok(body.blocks),
        [(name, _), ..] => Err(format!(
            "the argument `{name}` stands outside of every block"
        )),
    }
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    /// Arguments and blocks, up to the end or a closing brace.
    fn body(&mut self, keyword: &str) -> Result<Block, String> {
        let mut body = Block {
            keyword: keyword.to_owned(),
            labels: Vec::new(),
            arguments: Vec::new(),
            blocks: Vec::new(),
        };
        loop {
            self.space();
            if self.rest.is_empty() || self.rest.starts_with('}') {
                return Ok(body);
            }
            let name = self.word()?.to_owned();
            self.space();
            if self.takes("=") {
                let value = self.value()?;
                body.arguments.push((name, value));
                continue;
            }
            let mut labels = Vec::new();
            while self.rest.starts_with('"') {
                labels.push(self.quoted()?);
                self.space();
            }
            self.expect("{")?;
            let block = self.body(&name)?;
            self.expect("}")?;
            body.blocks.push(Block { labels, ..block });
        }
    }

    fn value(&mut self) -> Result<Value, String> {
        self.space();
        if self.rest.starts_with('"') {
            return self.quoted().map(Value::String);
        }
        if self.takes("[") {
            return self.list("]").map(Value::Array);
        }
        if self.takes("{") {
            return self.object();
        }
        let word = self.word()?;
        match word {
            "true" => return Ok(Value::Bool(true)),
            "false" => return Ok(Value::Bool(false)),
            _ => {}
        }
        if let Ok(number) = word.parse::<i64>() {
            return Ok(Value::Number(Number::from(number)));
        }
        if !self.takes("(") {
            return Ok(Value::String(word.to_owned()));
        }
        let mut arguments = self.list(")")?;
        let argument = arguments.pop().filter(|_| arguments.is_empty());
        let argument =
            argument.ok_or_else(|| format!("`{word}` is called with one argument here"))?;
        // Of what a function gives, another value may be taken.
        if self.rest.starts_with('.') {
            self.word()?;
        }
        Ok(argument)
    }

    fn list(&mut self, end: &str) -> Result<Vec<Value>, String> {
        let mut list = Vec::new();
        loop {
            self.space();
            if self.takes(end) {
                return Ok(list);
            }
            list.push(self.value()?);
            self.space();
            if !self.takes(",") {
                self.expect(end)?;
                return Ok(list);
            }
        }
    }

    fn object(&mut self) -> Result<Value, String> {
        let mut object = Map::new();
        loop {
            self.space();
            if self.takes("}") {
                return Ok(Value::Object(object));
            }
            let name = self.word()?.to_owned();
            self.space();
            self.expect("=")?;
            let value = self.value()?;
            if object.insert(name.clone(), value).is_some() {
                return Err(format!("`{name}` is there twice"));
            }
            // On one line, commas are between; otherwise the ends of the lines are.
            let line = self.rest.trim_start_matches(' ');
            self.rest = line;
            if !self.takes(",") && !line.starts_with(['\n', '}']) {
                return Err(format!(
                    "expected `,` or the end of a line before `{}`",
                    first(line)
                ));
            }
        }
    }

    fn quoted(&mut self) -> Result<String, String> {
        self.expect("\"")?;
        let end = self
            .rest
            .find(['"', '\n'])
            .filter(|end| self.rest[*end..].starts_with('"'));
        let end =
            end.ok_or_else(|| format!("expected the end of the text `{}`", first(self.rest)))?;
        let (text, rest) = self.rest.split_at(end);
        self.rest = &rest[1..];
        Ok(text.to_owned())
    }

    fn word(&mut self) -> Result<&'a str, String> {
        let is_part = |it: char| it.is_alphanumeric() || "_.-".contains(it);
        let end = self
            .rest
            .find(|it: char| !is_part(it))
            .unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        if word.is_empty() {
            return Err(format!(
                "expected a name or a value before `{}`",
                first(rest)
            ));
        }
        self.rest = rest;
        Ok(word)
    }

    fn space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn takes(&mut self, sign: &str) -> bool {
        let rest = self.rest.strip_prefix(sign);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn expect(&mut self, sign: &str) -> Result<(), String> {
        self.space();
        let found = self.takes(sign).then_some(());
        found.ok_or_else(|| format!("expected `{sign}` before `{}`", first(self.rest)))
    }
}

fn first(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}
