//! Chromium, driven by Node: runs one script of `tests/browser` against a server that the test started.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::OnceLock;

use tokio::process::Command;

use super::{leave_out, program, repository};

/// What a script printed, and whether it went through.
pub struct Ran {
    pub success: bool,
    pub output: String,
}

/// Runs `tests/browser/<script>.mjs` and fails with its output when it fails. Left out, with a line that says so,
/// where Chromium or Node is missing and that may be.
pub async fn run(script: &str, base_url: &str, env: &[(&str, &str)]) {
    if let Some(ran) = try_run(script, base_url, env).await {
        assert!(ran.success, "{script}.mjs failed:\n{}", ran.output);
    }
}

/// As [`run`], and hands back how it went; `None`: left out.
pub async fn try_run(script: &str, base_url: &str, env: &[(&str, &str)]) -> Option<Ran> {
    static TOOLS: OnceLock<Option<Tools>> = OnceLock::new();
    let tools = tokio::task::spawn_blocking(|| TOOLS.get_or_init(tools)).await;
    let tools = tools.expect("the packages are installed").as_ref()?;
    let output = Command::new(&tools.node)
        .arg(repository().join(format!("tests/browser/{script}.mjs")))
        .env("BASE_URL", base_url)
        .env("PACKAGES", &tools.packages)
        .env("CHROMIUM", &tools.chromium)
        .envs(env.iter().copied())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .expect("Node runs");
    let text = [output.stdout, output.stderr].concat();
    Some(Ran {
        success: output.status.success(),
        output: String::from_utf8_lossy(&text).into_owned(),
    })
}

struct Tools {
    node: PathBuf,
    chromium: PathBuf,
    /// The folder with `node_modules`.
    packages: PathBuf,
}

fn tools() -> Option<Tools> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let (Some(node), Some(npm)) = (program("node"), program("npm")) else {
        leave_out("tests in a browser", "no node and npm in PATH");
        return None;
    };
    let Some(chromium) = names.into_iter().find_map(program) else {
        leave_out("tests in a browser", "no chromium in PATH");
        return None;
    };
    Some(Tools { node, chromium, packages: install(&npm) })
}

/// Installs the packages beside the build, once for each state of the lock file.
fn install(npm: &Path) -> PathBuf {
    let source = repository().join("tests/browser");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser");
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
