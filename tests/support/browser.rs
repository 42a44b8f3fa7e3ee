//! Chromium, driven by Node: runs one script of `tests/browser` against a server that the test started.

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::OnceLock;

use tokio::process::Command;

use super::{leave_out, node, program, repository};

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
    let what = "tests in a browser";
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let Some(chromium) = names.into_iter().find_map(program) else {
        leave_out(what, "no chromium in PATH");
        return None;
    };
    let node::Tools { node, packages } = node::packages("browser", what)?;
    Some(Tools { node, chromium, packages })
}
