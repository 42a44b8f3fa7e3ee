//! Packages of npm's for tests, installed beside the build, once for each state of their lock file.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Mutex, PoisonError};

use super::{leave_out, program, repository};

/// Node, and a folder with `node_modules`.
pub struct Tools {
    pub node: PathBuf,
    pub packages: PathBuf,
}

/// Installs what `tests/<folder>/package-lock.json` names. `None`, with a line that says so, where Node is missing and
/// `what` may be left out.
pub fn packages(folder: &str, what: &str) -> Option<Tools> {
    let (Some(node), Some(npm)) = (program("node"), program("npm")) else {
        leave_out(what, "no node and npm in PATH");
        return None;
    };
    Some(Tools { node, packages: install(&npm, folder) })
}

fn install(npm: &Path, folder: &str) -> PathBuf {
    // Tests run at once, and several may be the first to want the same folder.
    static INSTALLING: Mutex<()> = Mutex::new(());
    let _turn = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
    let source = repository().join("tests").join(folder);
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join(folder);
    let lock = std::fs::read(source.join("package-lock.json")).unwrap();
    let installed = target.join("installed-lock.json");
    if std::fs::read(&installed).is_ok_and(|installed| installed == lock) {
        return target;
    }
    std::fs::create_dir_all(&target).unwrap();
    for name in ["package.json", "package-lock.json", ".npmrc"] {
        std::fs::copy(source.join(name), target.join(name)).unwrap();
    }
    let output = std::process::Command::new(npm)
        .args(["ci", "--prefer-offline"])
        .current_dir(&target)
        .stdin(Stdio::null())
        .output()
        .expect("npm runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "npm ci failed:\n{said}");
    std::fs::write(installed, lock).unwrap();
    target
}
