//! Who works on what. Each process holds a lock on a file of its own while it lives: whoever can take that lock knows at
//! once that its owner is dead, and settles what it left.

use std::fs::File;
use std::path::{Path, PathBuf};

use rand::RngExt as _;

/// This process, as it stands in leases.
pub struct Owner {
    pub name: String,
    path: PathBuf,
    _lock: File,
}

impl Owner {
    /// Takes a name and the lock that goes with it, under `data_dir/run`.
    pub fn new(data_dir: &Path) -> std::io::Result<Self> {
        let folder = data_dir.join("run");
        std::fs::create_dir_all(&folder)?;
        loop {
            let name = hex::encode(rand::rng().random::<[u8; 8]>());
            let path = folder.join(format!("{name}.lock"));
            let file = File::create(&path)?;
            file.lock()?;
            // Another process that starts now may have found the file before it was locked, and taken us for dead.
            if path.exists() {
                return Ok(Self { name, path, _lock: file });
            }
        }
    }

    /// Dead owners on this machine.
    pub fn dead(&self) -> Vec<Dead> {
        let Some(folder) = self.path.parent() else { return Vec::new() };
        let dead = locks(folder).filter(|path| *path != self.path).filter_map(|path| {
            let name = path.file_stem()?.to_str()?.to_owned();
            let file = File::open(&path).ok()?;
            file.try_lock().ok()?;
            Some(Dead { name, path, _lock: file })
        });
        dead.collect()
    }

    /// Whether another process than `me` works from this folder.
    pub fn somebody_lives(data_dir: &Path, me: Option<&Self>) -> bool {
        locks(&data_dir.join("run"))
            .filter(|path| me.is_none_or(|me| *path != me.path))
            .any(|path| File::open(path).is_ok_and(|file| file.try_lock().is_err()))
    }
}

fn locks(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    files.map(|file| file.path()).filter(|path| path.extension().is_some_and(|it| it == "lock"))
}

/// An owner that is dead, held until what it left is settled.
pub struct Dead {
    pub name: String,
    path: PathBuf,
    _lock: File,
}

impl Dead {
    /// Everything that it left is settled. Until then its file stays, for whoever comes after us.
    pub fn bury(self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_lives_is_told_by_locks() {
        let data = tempfile::tempdir().unwrap();
        assert!(!Owner::somebody_lives(data.path(), None), "there is not even a folder");
        let one = Owner::new(data.path()).unwrap();
        File::create(data.path().join("run/dead.lock")).unwrap();
        assert!(Owner::somebody_lives(data.path(), None));
        assert!(!Owner::somebody_lives(data.path(), Some(&one)));
        let other = Owner::new(data.path()).unwrap();
        assert!(Owner::somebody_lives(data.path(), Some(&one)));
        assert_eq!(one.dead().len(), 1);
        drop((one, other));
        assert!(!Owner::somebody_lives(data.path(), None));
    }
}
