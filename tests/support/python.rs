//! Python with the packages of `tests/python/requirements.txt`, in an environment beside the build, made once for each
//! state of that file.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use super::{leave_out, program, repository};

/// The interpreter; `None`, with a line that says so, where Python is missing and `what` may be left out.
pub async fn python(what: &str) -> Option<&'static Path> {
    static PYTHON: OnceLock<Option<PathBuf>> = OnceLock::new();
    let made = tokio::task::spawn_blocking(|| PYTHON.get_or_init(environment)).await;
    let python = made.expect("the packages are installed").as_deref();
    if python.is_none() {
        leave_out(what, "no python3 with venv in PATH");
    }
    python
}

fn environment() -> Option<PathBuf> {
    let system = program("python3")?;
    // Debian has the two in a package of their own.
    super::output_of(Command::new(&system).args(["-c", "import ensurepip, venv"]))?;
    let wanted = std::fs::read(repository().join("tests/python/requirements.txt")).unwrap();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("python");
    let python = folder.join("bin/python");
    let installed = folder.join("installed-requirements.txt");
    if std::fs::read(&installed).is_ok_and(|installed| installed == wanted) && python.exists() {
        return Some(python);
    }
    let requirements = repository().join("tests/python/requirements.txt");
    run(Command::new(system).args(["-m", "venv", "--clear"]).arg(&folder));
    run(Command::new(&python)
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "-r"])
        .arg(requirements));
    std::fs::write(installed, wanted).unwrap();
    Some(python)
}

fn run(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().expect("Python runs");
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{command:?} failed:\n{}", String::from_utf8_lossy(&said));
}
