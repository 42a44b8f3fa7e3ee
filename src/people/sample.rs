//! Twelve invented people to try Muster with. Their addresses end in `.example`, which no mail server serves.

use super::import::{Table, read};

pub fn people() -> Table {
    read(include_bytes!("sample.csv")).expect("a constant table")
}

#[cfg(test)]
mod tests {
    #[test]
    fn all_twelve_can_be_imported() {
        let table = super::people();
        assert_eq!((table.rows.len(), table.bad), (12, Vec::new()));
        assert!(table.ignored.is_empty());
        assert!(table.rows.iter().all(|(_, person)| person.skills.len() >= 3));
    }
}
