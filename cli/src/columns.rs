//! Text in aligned columns.

/// Rows of cells under a heading, each column as wide as its widest cell.
#[derive(Debug)]
pub(crate) struct Columns<const N: usize> {
    rows: Vec<[String; N]>,
}

impl<const N: usize> Columns<N> {
    pub(crate) fn headed(heading: [&str; N]) -> Self {
        Self {
            rows: vec![heading.map(str::to_owned)],
        }
    }

    /// Columns without a heading.
    pub(crate) fn bare() -> Self {
        Self { rows: Vec::new() }
    }

    pub(crate) fn row(&mut self, cells: [String; N]) {
        self.rows.push(cells.map(|cell| printable(&cell)));
    }

    /// The rows, each one line.
    pub(crate) fn lines(&self) -> impl Iterator<Item = String> + '_ {
        let mut widths = [0; N];
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = cell.chars().count().max(*width);
            }
        }
        self.rows.iter().map(move |row| {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(widths) {
                line.push_str(cell);
                let missing = width.saturating_sub(cell.chars().count());
                line.extend(std::iter::repeat_n(' ', missing + 2));
            }
            line.truncate(line.trim_end().len());
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
        columns.row(["äöü".into(), "x".into(), String::new()]);
        columns.row(["a".into(), "y".into(), "\u{1b}[31mred".into()]);
        assert_eq!(
            columns.text(),
            "A    LONG HEADING  C\näöü  x\na    y              [31mred\n"
        );
    }
}
