//! The real program, as an organiser starts it: a folder of its own, no key, no mail server, a free port.

use std::process::Stdio;
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// Ends with the value; its folder goes, too.
pub struct Server {
    pub url: String,
    _child: Child,
    _folder: TempDir,
}

/// Long enough for a machine that does other things; a start takes a fraction of a second.
const PATIENCE: Duration = Duration::from_secs(120);

impl Server {
    /// Starts Muster for a sample event, with `settings` besides, and waits until it answers.
    pub async fn start(settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_muster"))
            .current_dir(folder.path())
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .envs([
                ("PORT", "0"),
                ("DATA_DIR", "data"),
                ("EVENT_NAME", "Harbour Hack 2027"),
                ("EVENT_DATES", "16–17 January 2027"),
                ("EVENT_PLACE", "Old Customs House"),
                ("EVENT_LINK", "https://harbourhack.example/register"),
                ("EVENT_COMMUNITY_LINK", "https://chat.example/harbourhack"),
                ("EVENT_ORGANISER", "the Harbour team"),
                ("EVENT_ADDRESS", "1 Quay Street, Harbourtown"),
                ("EVENT_TIME_ZONE", "UTC"),
                ("SENDER_NAME", "Lena Vogt"),
                ("SENDER_EMAIL", "lena@harbourhack.example"),
            ])
            .envs(settings.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let output = child.stdout.take().unwrap();
        let url = tokio::time::timeout(PATIENCE, address(output)).await.expect("Muster starts");
        Self { url, _child: child, _folder: folder }
    }
}

/// Where to browse, as the log says; what it says later is read and left.
async fn address(output: tokio::process::ChildStdout) -> String {
    let mut lines = BufReader::new(output).lines();
    loop {
        let line = lines.next_line().await.unwrap().expect("Muster has ended before it was ready");
        let Some((_, rest)) = line.split_once("Muster is ready: browse ") else { continue };
        let port = rest.split_once("http://localhost:").and_then(|(_, rest)| rest.split_once('/'));
        let (port, _) = port.expect("the log names the port");
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        return format!("http://127.0.0.1:{port}");
    }
}
