//! Text in aligned columns.

use crate::paint::Tone;

/// Rows of cells under a heading, each column as wide as its widest cell.
#[derive(Debug)]
pub(crate) struct Columns<const N: usize> {
    rows: Vec<[Cell; N]>,
}

/// A text and what it says of the state of something.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    text: String,
    tone: Option<Tone>,
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self { text, tone: None }
    }
}

impl Cell {
    pub(crate) fn toned(text: impl Into<String>, tone: Option<Tone>) -> Self {
        Self {
            text: text.into(),
            tone,
        }
    }
}

impl<const N: usize> Columns<N> {
    pub(crate) fn headed(heading: [&str; N]) -> Self {
        Self {
            rows: vec![heading.map(|text| Cell::toned(text, Some(Tone::Heading)))],
        }
    }

    /// Columns without a heading.
    pub(crate) fn bare() -> Self {
        Self { rows: Vec::new() }
    }

    pub(crate) fn row(&mut self, cells: [impl Into<Cell>; N]) {
        self.rows.push(cells.map(|cell| {
            let Cell { text, tone } = cell.into();
            Cell {
                text: printable(&text),
                tone,
            }
        }));
    }

    /// The rows, each one line.
    pub(crate) fn lines(&self) -> impl Iterator<Item = String> + '_ {
        let mut widths = [0; N];
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = cell.text.chars().count().max(*width);
            }
        }
        self.rows.iter().map(move |row| {
            let mut line = String::new();
            // Spaces stand between cells only, and are in no colour.
            let mut missing = 0;
            for (Cell { text, tone }, width) in row.iter().zip(widths) {
                if !text.is_empty() {
                    line.extend(std::iter::repeat_n(' ', missing));
                    missing = 0;
                    match tone {
                        Some(tone) => line += &tone.paint(text),
                        None => line += text,
                    }
                }
                missing += width.saturating_sub(text.chars().count()) + 2;
            }
            line
        })
    }

    /// All lines.
    pub(crate) fn text(&self) -> String {
        self.lines().map(|line| line + "\n").collect()
    }
}

/// Text on one line, without anything that a terminal would obey: what it says came from outside.
pub(crate) fn printable(text: &str) -> String {
    let spaced = |c: char| if c.is_control() { ' ' } else { c };
    text.trim_end().chars().map(spaced).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_column_is_as_wide_as_its_widest_cell() {
        let mut columns = Columns::headed(["A", "LONG HEADING", "C"]);
        columns.row(["äöü", "x", ""].map(str::to_owned));
        columns.row(["a", "y", "\u{1b}[31mred"].map(str::to_owned));
        assert_eq!(
            columns.text(),
            "A    LONG HEADING  C\näöü  x\na    y              [31mred\n"
        );
    }

    #[test]
    fn a_tone_changes_no_width() {
        let mut columns = Columns::bare();
        columns.row([
            Cell::toned("failed", Some(Tone::Bad)),
            "x".to_owned().into(),
        ]);
        columns.row(["ok".to_owned(), "y".to_owned()]);
        // Nobody has decided that there are colours.
        assert_eq!(columns.text(), "failed  x\nok      y\n");
    }
}
