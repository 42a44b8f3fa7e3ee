//! The limits of a child process, which it sets itself before it reads its first byte.
//!
//! Everywhere: running time (enforced by the parent) and the size of its answer. On Unix: memory, CPU time, no core
//! file, no new file or socket. On Linux with Landlock: no access to files or network even with a descriptor, and no
//! new privileges.

use std::fmt;

/// Bytes of address space, including the program itself. No real resume needed more than 192 MiB.
#[cfg(unix)]
const MEMORY: u64 = 512 << 20;
/// Seconds of CPU time. The parent ends a child earlier; this ends a child whose parent has gone.
#[cfg(unix)]
const CPU: u64 = 10;

/// Which limits are in force, as a child reports them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Protections {
    /// Address space and CPU time are limited.
    pub memory_and_cpu: bool,
    /// No file or socket can be opened.
    pub no_descriptors: bool,
    /// Landlock denies access to files and the network and forbids new privileges.
    pub landlock: bool,
}

const MEMORY_AND_CPU: &str = "memory and CPU limited";
const NO_DESCRIPTORS: &str = "no new files or sockets";
const LANDLOCK: &str = "Landlock on";

impl Protections {
    /// Parses what [`Display`](fmt::Display) wrote.
    pub(super) fn parse(text: &str) -> Self {
        let has = |part| text.split(", ").any(|it| it == part);
        Self {
            memory_and_cpu: has(MEMORY_AND_CPU),
            no_descriptors: has(NO_DESCRIPTORS),
            landlock: has(LANDLOCK),
        }
    }
}

/// One line: "memory and CPU limited, no new files or sockets, Landlock missing".
impl fmt::Display for Protections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            if self.memory_and_cpu { MEMORY_AND_CPU } else { "memory and CPU not limited" },
            if self.no_descriptors { NO_DESCRIPTORS } else { "files and sockets allowed" },
            if self.landlock { LANDLOCK } else { "Landlock missing" },
        ];
        f.write_str(&parts.join(", "))
    }
}

/// Limits this process for the rest of its life. Call it before another thread exists.
pub(super) fn apply() -> Protections {
    // Landlock first: it needs a descriptor, and none can be opened afterwards.
    let landlock = landlock();
    let (memory_and_cpu, no_descriptors) = resources();
    Protections { memory_and_cpu, no_descriptors, landlock }
}

#[cfg(unix)]
fn resources() -> (bool, bool) {
    use rlimit::Resource;

    let set = |resource: Resource, limit| resource.set(limit, limit).is_ok();
    let memory_and_cpu = set(Resource::AS, MEMORY) & set(Resource::CPU, CPU);
    // The three standard streams stay open; a limit of 0 forbids further descriptors.
    let no_descriptors = set(Resource::NOFILE, 0);
    set(Resource::CORE, 0);
    set(Resource::FSIZE, 0);
    (memory_and_cpu, no_descriptors)
}

#[cfg(not(unix))]
fn resources() -> (bool, bool) {
    (false, false)
}

#[cfg(target_os = "linux")]
fn landlock() -> bool {
    use landlock::{
        ABI, Access, AccessFs, AccessNet, Ruleset, RulesetAttr, RulesetError, RulesetStatus, Scope,
    };

    // Denies everything that the kernel can deny: no rule allows anything.
    let restrict = || -> Result<_, RulesetError> {
        Ruleset::default()
            .handle_access(AccessFs::from_all(ABI::V9))?
            .handle_access(AccessNet::from_all(ABI::V9))?
            .scope(Scope::from_all(ABI::V9))?
            .create()?
            .restrict_self()
    };
    restrict()
        .is_ok_and(|status| status.ruleset != RulesetStatus::NotEnforced && status.no_new_privs)
}

#[cfg(not(target_os = "linux"))]
fn landlock() -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_about_the_protections_parses_back() {
        for bits in 0..8 {
            let protections = Protections {
                memory_and_cpu: bits & 1 != 0,
                no_descriptors: bits & 2 != 0,
                landlock: bits & 4 != 0,
            };
            assert_eq!(Protections::parse(&protections.to_string()), protections);
        }
    }
}
