//! How files are laid out: their size, the style of module files, and the width of comments.

use std::path::{Path, PathBuf};

use crate::support::repository;
use crate::support::source::{Token, files, tokens};

/// A file of `src` has at most this many lines.
const MOST_LINES: usize = 500;
/// Only this many files of `src` may have more than [`MANY_LINES`].
const MOST_LONG_FILES: usize = 14;
const MANY_LINES: usize = 400;
/// The width of comments, in characters.
const WIDTH: usize = 120;

fn in_folders(folders: &[&str]) -> Vec<PathBuf> {
    folders.iter().flat_map(|folder| files(&repository().join(folder))).collect()
}

fn shown(file: &Path) -> String {
    file.strip_prefix(repository()).unwrap().display().to_string()
}

#[test]
fn files_are_short_enough_to_be_read() {
    let lines = |file: &PathBuf| std::fs::read_to_string(file).unwrap().lines().count();
    let mut long: Vec<_> = in_folders(&["src"])
        .iter()
        .map(|file| (lines(file), shown(file)))
        .filter(|(lines, _)| *lines > MANY_LINES)
        .collect();
    long.sort();
    let too_long: Vec<_> = long.iter().filter(|(lines, _)| *lines > MOST_LINES).collect();
    assert!(too_long.is_empty(), "over {MOST_LINES} lines: {too_long:?}");
    assert!(long.len() <= MOST_LONG_FILES, "over {MANY_LINES} lines: {long:?}");
}

#[test]
fn a_module_is_one_file_or_one_folder() {
    for file in in_folders(&["src", "tests", "benches"]) {
        let folder = file.with_extension("");
        assert!(!folder.is_dir(), "{} is beside a folder: move it to mod.rs", shown(&file));
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let in_src = file.starts_with(repository().join("src"));
        assert!(!(in_src && name.ends_with("_tests")), "{}: move it to tests.rs", shown(&file));
    }
}

#[test]
fn modules_are_found_without_a_path() {
    for file in in_folders(&["src", "tests"]) {
        let source = std::fs::read_to_string(&file).unwrap();
        let tokens = tokens(&source);
        let named = tokens
            .windows(3)
            .find(|at| at[0].is_sign('#') && at[1].is_sign('[') && at[2].word() == Some("path"));
        assert!(named.is_none(), "{}:{}: has #[path]", shown(&file), named.unwrap()[0].line);
    }
}

#[test]
fn comments_keep_within_their_width() {
    let mut wide = Vec::new();
    for file in in_folders(&["src", "tests", "benches"]) {
        let source = std::fs::read_to_string(&file).unwrap();
        let lines: Vec<_> = source.lines().collect();
        for at in tokens(&source) {
            if matches!(at.token, Token::Remark(_)) && lines[at.line - 1].chars().count() > WIDTH {
                wide.push(format!("{}:{}", shown(&file), at.line));
            }
        }
    }
    assert!(wide.is_empty(), "comments of more than {WIDTH} characters: {}", wide.join(" "));
}
