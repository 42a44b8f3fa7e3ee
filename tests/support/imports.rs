//! Finds the paths that Rust source uses, and the files of `src` that they lead to.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{At, Token, tokens};

/// A path in a file. Inside Muster it begins with `crate`, however it is written.
#[derive(Clone, Debug, PartialEq)]
pub struct Use {
    pub line: usize,
    pub path: Vec<String>,
    /// The name that a `use` gives it in this file; `None` for a path in code.
    name: Option<String>,
    /// It is passed on by `pub use`.
    passed_on: bool,
}

/// `["store", "people"]` for `store/people.rs`; nothing for `lib.rs`.
pub fn module_of(file: &str) -> Vec<String> {
    let mut parts: Vec<_> = file.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    if parts.last().is_some_and(|last| last == "mod") || parts[0] == "lib" {
        parts.pop();
    }
    parts
}

/// Every path in the source of `module`.
pub fn uses(module: &[String], source: &str) -> Vec<Use> {
    let tokens: Vec<_> =
        tokens(source).into_iter().filter(|at| !matches!(at.token, Token::Remark(_))).collect();
    let mut found = Vec::new();
    // Modules written out in this file, each with the depth of braces at which it ends.
    let mut inner: Vec<(String, usize)> = Vec::new();
    let mut depth = 0;
    let mut next = 0;
    let mut statement = None;
    while let Some(at) = tokens.get(next) {
        match &at.token {
            Token::Sign('{') => depth += 1,
            Token::Sign('}') => {
                depth = usize::saturating_sub(depth, 1);
                inner.retain(|(_, until)| *until < depth + 1);
            }
            Token::Sign(';') => statement = None,
            Token::Word(word) if word == "mod" => {
                let name = tokens.get(next + 1).and_then(At::word);
                if tokens.get(next + 2).is_some_and(|at| at.is_sign('{')) {
                    inner.extend(name.map(|name| (name.to_owned(), depth + 1)));
                }
            }
            Token::Word(word) if word == "use" => statement = Some(is_passed_on(&tokens, next)),
            Token::Word(word) if starts_path(&tokens, next) || statement.is_some() => {
                let mut here = vec!["crate".to_owned()];
                here.extend(module.iter().cloned());
                here.extend(inner.iter().map(|(name, _)| name.clone()));
                let start = match word.as_str() {
                    "crate" | "muster" => vec!["crate".to_owned()],
                    "self" => here,
                    "super" => {
                        here.pop();
                        here
                    }
                    _ => vec![word.clone()],
                };
                next = tree(&tokens, next + 1, start, statement, &mut found);
                continue;
            }
            _ => {}
        }
        next += 1;
    }
    found
}

/// Whether the `use` at this place has `pub` before it.
fn is_passed_on(tokens: &[At], at: usize) -> bool {
    let before = |back: usize| at.checked_sub(back).map(|at| &tokens[at]);
    let is_pub = |at: Option<&At>| at.and_then(At::word) == Some("pub");
    is_pub(before(1)) || (before(1).is_some_and(|at| at.is_sign(')')) && is_pub(before(4)))
}

/// A word before `::` that is not itself after one.
fn starts_path(tokens: &[At], at: usize) -> bool {
    is_colons(tokens, at + 1) && !(at >= 2 && is_colons(tokens, at - 2))
}

fn is_colons(tokens: &[At], at: usize) -> bool {
    [at, at + 1].iter().all(|at| tokens.get(*at).is_some_and(|at| at.is_sign(':')))
}

/// Follows a path or a tree of `use` from after `start` on; returns the place after it.
fn tree(
    tokens: &[At],
    mut next: usize,
    mut path: Vec<String>,
    statement: Option<bool>,
    found: &mut Vec<Use>,
) -> usize {
    let line = tokens[next.saturating_sub(1)].line;
    while is_colons(tokens, next) {
        next += 2;
        match tokens.get(next).map(|at| &at.token) {
            Some(Token::Word(word)) => {
                match word.as_str() {
                    "super" => drop(path.pop()),
                    "self" => {}
                    _ => path.push(word.clone()),
                }
                next += 1;
            }
            Some(Token::Sign('{')) => {
                next += 1;
                while let Some(at) = tokens.get(next) {
                    if at.is_sign('}') {
                        return next + 1;
                    }
                    if let Some(word) = at.word() {
                        let mut branch = path.clone();
                        if word != "self" {
                            branch.push(word.to_owned());
                        }
                        next = tree(tokens, next + 1, branch, statement, found);
                    } else {
                        next += 1;
                    }
                }
                return next;
            }
            Some(Token::Sign('*')) => {
                path.push("*".to_owned());
                next += 1;
                break;
            }
            _ => break,
        }
    }
    let renamed = tokens.get(next).and_then(At::word) == Some("as");
    let name = if renamed {
        next += 2;
        tokens.get(next - 1).and_then(At::word).map(str::to_owned)
    } else {
        path.last().cloned()
    };
    let name = statement.and(name);
    found.push(Use { line, path, name, passed_on: statement == Some(true) });
    next
}

/// The files of `src`, and which of them uses which.
#[derive(Default)]
pub struct Files {
    /// The file of each module, named from `src` on.
    by_module: BTreeMap<Vec<String>, String>,
    uses: BTreeMap<Vec<String>, Vec<Use>>,
    names: BTreeMap<Vec<String>, BTreeSet<String>>,
}

impl Files {
    pub fn add(&mut self, file: &str, source: &str) {
        let module = module_of(file);
        self.names.insert(module.clone(), names_in_code(source));
        self.uses.insert(module.clone(), uses(&module, source));
        self.by_module.insert(module, file.to_owned());
    }

    /// For each file those that it uses. What a file passes on with `pub use` counts for whoever uses it from there;
    /// declaring or importing a module counts only where something in it is used.
    pub fn graph(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut graph = BTreeMap::new();
        for (module, uses) in &self.uses {
            let mut targets = BTreeSet::new();
            for used in uses {
                if used.passed_on
                    && !used.name.as_ref().is_some_and(|name| self.names[module].contains(name))
                {
                    continue;
                }
                targets.extend(self.file_of(&self.whole(module, used), 0));
            }
            targets.remove(&self.by_module[module]);
            graph.insert(self.by_module[module].clone(), targets);
        }
        graph
    }

    /// The path from the crate on: one in code may begin with an imported name or a module below this one.
    fn whole(&self, module: &[String], used: &Use) -> Vec<String> {
        let first = &used.path[0];
        if first == "crate" {
            return used.path[1..].to_vec();
        }
        let mut below = module.to_vec();
        below.push(first.clone());
        let imported = self.uses[module].iter().find(|it| {
            it.name.as_ref() == Some(first) && it.path.first().is_some_and(|it| it == "crate")
        });
        if self.by_module.contains_key(&below) {
            below.extend(used.path[1..].iter().cloned());
            below
        } else if let Some(imported) = imported {
            [&imported.path[1..], &used.path[1..]].concat()
        } else {
            vec!["another crate".to_owned()]
        }
    }

    /// The file that has the item at the end of a path; `None` for a module itself and for other crates.
    fn file_of(&self, path: &[String], hops: usize) -> Option<String> {
        let mut module = Vec::new();
        for (at, part) in path.iter().enumerate() {
            let mut below = module.clone();
            below.push(part.clone());
            if self.by_module.contains_key(&below) {
                module = below;
                continue;
            }
            let passed_on = self.uses.get(&module).into_iter().flatten().find(|it| {
                it.passed_on && it.name.as_ref() == Some(part) && it.path != path && hops < 8
            });
            return match passed_on {
                Some(it) => {
                    let whole = [&self.whole(&module, it)[..], &path[at + 1..]].concat();
                    self.file_of(&whole, hops + 1)
                }
                None => self.by_module.get(&module).cloned().filter(|_| !module.is_empty()),
            };
        }
        None
    }
}

/// The names outside `use …;` and `mod …;` that may come from elsewhere: types, calls and beginnings of paths.
fn names_in_code(source: &str) -> BTreeSet<String> {
    let tokens = tokens(source);
    let mut names = BTreeSet::new();
    let (mut importing, mut declaring) = (false, false);
    for (at, token) in tokens.iter().enumerate() {
        match &token.token {
            Token::Word(word) if word == "use" => importing = true,
            Token::Word(word) if word == "mod" => declaring = true,
            Token::Sign(';') => (importing, declaring) = (false, false),
            Token::Sign('{') => declaring = false,
            Token::Word(word) if !importing && !declaring => {
                let before = at.checked_sub(1).map(|before| &tokens[before]);
                let belongs_to_another = before.is_some_and(|before| {
                    before.is_sign('.') || before.is_sign(':') && is_colons(&tokens, at - 2)
                });
                let is_named_here = before.and_then(At::word) == Some("fn");
                let is_called = tokens.get(at + 1).is_some_and(|next| next.is_sign('('));
                let is_type = word.starts_with(char::is_uppercase);
                if !belongs_to_another
                    && !is_named_here
                    && (is_type || is_called || is_colons(&tokens, at + 1))
                {
                    names.insert(word.clone());
                }
            }
            Token::Word(_) | Token::Sign(_) | Token::Text(_) | Token::Remark(_) => {}
        }
    }
    names
}

/// Groups of files that use each other in a circle, each group sorted.
pub fn circles(graph: &BTreeMap<String, BTreeSet<String>>) -> Vec<Vec<String>> {
    let reachable: BTreeMap<&String, BTreeSet<&String>> =
        graph.keys().map(|file| (file, reachable(graph, file))).collect();
    let mut found = Vec::new();
    for (file, others) in &reachable {
        let circle: Vec<String> = others
            .iter()
            .filter(|other| reachable.get(*other).is_some_and(|back| back.contains(file)))
            .map(|other| (*other).clone())
            .collect();
        if circle.first().is_some_and(|first| first == *file) {
            found.push(circle);
        }
    }
    found
}

/// The files that `file` uses, directly or through others; itself only when it is in a circle.
fn reachable<'a>(
    graph: &'a BTreeMap<String, BTreeSet<String>>,
    file: &String,
) -> BTreeSet<&'a String> {
    let mut found = BTreeSet::new();
    let mut open: Vec<&String> = graph.get(file).into_iter().flatten().collect();
    while let Some(next) = open.pop() {
        if found.insert(next) {
            open.extend(graph.get(next).into_iter().flatten());
        }
    }
    found
}
