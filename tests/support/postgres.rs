//! A PostgreSQL of the tests' own: started once, when the first test asks for it, in a temporary folder, reached
//! through a socket there that nobody else can open. A shell that holds the other end of a pipe from this process
//! stops it and removes the folder, however this process ends.

use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use muster::model::Secret;
use sqlx::{Connection as _, Executor as _};

use super::{leave_out, output_of, program};

struct Server {
    folder: PathBuf,
    /// While its standard input is open, the server runs. It is in a static, so only the end of the process closes it.
    _watch: Child,
}

/// The URL of a new, empty database; `None` when PostgreSQL is missing and may be.
pub async fn database() -> Option<Secret> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    static NUMBER: AtomicU32 = AtomicU32::new(1);

    let server = tokio::task::spawn_blocking(|| SERVER.get_or_init(start)).await;
    let server = server.expect("PostgreSQL starts").as_ref()?;
    let name = format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    let mut conn = sqlx::PgConnection::connect(&url(&server.folder, "postgres")).await.unwrap();
    conn.execute(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
    conn.close().await.unwrap();
    Some(Secret::new(url(&server.folder, &name)))
}

fn url(folder: &Path, database: &str) -> String {
    format!("postgres://muster@localhost:5432/{database}?host={}", folder.display())
}

/// `$1`: the folder. `$2`: where the programs are. The rest: what to put before them so that they do not run as root.
/// PostgreSQL answers no signal of ours, nor does this shell: both end with the tests, and not a moment earlier.
const WATCH: &str = r#"
trap '' HUP INT PIPE TERM
folder=$1 bin=$2
shift 2
{
    "$@" "$bin/initdb" -D "$folder/data" -U muster -A trust -E UTF8 --locale=C --no-sync &&
    cat >>"$folder/data/postgresql.conf" <<END &&
port = 5432
listen_addresses = ''
unix_socket_directories = '$folder'
max_connections = 300
fsync = off
synchronous_commit = off
full_page_writes = off
autovacuum = off
END
    "$@" "$bin/pg_ctl" start -w -t 300 -D "$folder/data" -l "$folder/log"
} </dev/null >"$folder/start" 2>&1 && echo ready || { cat "$folder/start" "$folder/log"; echo failed; } 2>&1
exec >/dev/null
cat
"$@" "$bin/pg_ctl" stop -m immediate -D "$folder/data" </dev/null >/dev/null 2>&1
rm -rf "$folder"
"#;

fn start() -> Option<Server> {
    let Some(programs) = programs() else {
        leave_out("tests on PostgreSQL", "no initdb in PATH or under /usr/lib/postgresql");
        return None;
    };
    let folder = tempfile::Builder::new().prefix("muster-postgres-").tempdir().unwrap().keep();
    let mut watch = Command::new("sh");
    watch.args(["-c", WATCH, "watch"]).arg(&folder).arg(programs);
    if output_of(Command::new("id").arg("-u")).as_deref() == Some("0") {
        // PostgreSQL refuses to run as root.
        let (user, group) = (id_of_postgres("-u"), id_of_postgres("-g"));
        let chown = Command::new("chown").arg(format!("{user}:{group}")).arg(&folder).status();
        assert!(chown.unwrap().success(), "the folder cannot be given to the user postgres");
        watch.arg("setpriv").arg(format!("--reuid={user}")).arg(format!("--regid={group}"));
        watch.arg("--clear-groups");
    } else {
        watch.arg("env");
    }
    let mut watch = watch
        .current_dir(&folder)
        // Ctrl-C reaches this process's group, and the shell must outlive it.
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut answer = BufReader::new(watch.stdout.take().unwrap());
    let mut first = String::new();
    answer.read_line(&mut first).unwrap();
    if first.trim() != "ready" {
        let _ = answer.read_to_string(&mut first);
        let _ = watch.wait();
        panic!("PostgreSQL did not start:\n{first}");
    }
    Some(Server { folder, _watch: watch })
}

fn id_of_postgres(which: &str) -> String {
    output_of(Command::new("id").args([which, "postgres"]))
        .expect("as root the tests need a user named postgres, which Debian's package makes")
}

/// The folder of initdb and its like: Debian keeps them out of PATH, one folder a version; the newest is taken.
fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions
        .map(|version| version.path().join("bin"))
        .filter(|bin| bin.join("initdb").is_file())
        .max_by_key(|bin| bin.parent()?.file_name()?.to_str()?.parse::<u32>().ok());
    newest.or_else(|| Some(program("initdb")?.parent()?.to_owned()))
}
