//! A cache of the indexes that were used last. Building one takes longer than everything else for a question, and would
//! block the database for others.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use super::search::Index;
use crate::store::faq::Entry;

/// The current FAQ, and the one before its last change.
const KEPT: usize = 2;

/// The last one used comes first. The key is the hash of the entries, so no change can be missed, whoever made it.
static LAST: Mutex<VecDeque<(String, Arc<Index>)>> = Mutex::new(VecDeque::new());

/// The index of these entries, whose hash in this order is `version`.
pub fn of(version: &str, entries: &[Entry]) -> Arc<Index> {
    if let Some(index) = last(|last| find(last, version)) {
        return index;
    }
    // Built outside of the lock: two simultaneous requests may both build it, but nobody waits for another FAQ's index.
    let index = Arc::new(Index::new(entries));
    last(|last| {
        last.push_front((version.to_owned(), Arc::clone(&index)));
        last.truncate(KEPT);
    });
    index
}

fn last<T>(what: impl FnOnce(&mut VecDeque<(String, Arc<Index>)>) -> T) -> T {
    what(&mut LAST.lock().unwrap_or_else(PoisonError::into_inner))
}

fn find(last: &mut VecDeque<(String, Arc<Index>)>, version: &str) -> Option<Arc<Index>> {
    let at = last.iter().position(|(known, _)| known == version)?;
    let known = last.remove(at)?;
    let index = Arc::clone(&known.1);
    last.push_front(known);
    Some(index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_is_cached_until_others_were_used() {
        let mut last = VecDeque::new();
        for version in ["old", "new"] {
            last.push_front((version.to_owned(), Arc::new(Index::new(&[]))));
        }
        let old = find(&mut last, "old").unwrap();
        assert!(Arc::ptr_eq(&old, &last[0].1), "the one that was used comes first");
        assert_eq!(last.len(), KEPT);
        assert!(find(&mut last, "another").is_none());
    }
}
