//! Who works on what. Each process has a lock on a file of its own while it lives. A process that can take another's
//! lock knows at once that the other is dead, and recovers its work.

use std::fs::File;
use std::path::{Path, PathBuf};

use rand::RngExt as _;

/// This process, as named in leases.
pub struct Owner {
    pub name: String,
    path: PathBuf,
    _lock: File,
}

impl Owner {
    /// Chooses a name and takes its lock, in `data_dir/run`.
    pub fn new(data_dir: &Path) -> std::io::Result<Self> {
        let folder = data_dir.join("run");
        std::fs::create_dir_all(&folder)?;
        loop {
            let name = hex::encode(rand::rng().random::<[u8; 8]>());
            let path = folder.join(format!("{name}.lock"));
            let file = File::create(&path)?;
            file.lock()?;
            // A process that starts at the same time may have found the file unlocked and removed it as a dead one.
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

    /// Whether a process other than `me` works from this folder.
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

/// A dead owner, locked until its work is recovered.
pub struct Dead {
    pub name: String,
    path: PathBuf,
    _lock: File,
}

impl Dead {
    /// Removes its file once its work is recovered. Until then it stays, in case this process dies as well.
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
    fn locks_tell_which_processes_are_alive() {
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
