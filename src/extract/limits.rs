//! What a child may not do, set by the child itself before it reads its first byte.
//!
//! Everywhere: how long it runs (by the parent), how large its answer is. On Unix: memory, CPU time, no core file, no
//! new file or socket. On Linux with Landlock: no file and no network even if a descriptor were to be had, no new
//! privileges.

use std::fmt;

/// Of all a child maps, its own program included. No real resume needed more than 192 MiB.
#[cfg(unix)]
const MEMORY: u64 = 512 << 20;
/// Seconds of CPU. The parent's clock ends a child sooner; this one ends a child whose parent is gone.
#[cfg(unix)]
const CPU: u64 = 10;

/// Which limits hold. Asked of a child, for the log at start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Protections {
    /// Address space and CPU time are bounded.
    pub memory_and_cpu: bool,
    /// No file or socket can be opened.
    pub no_descriptors: bool,
    /// Landlock keeps files and the network away and forbids new privileges.
    pub landlock: bool,
}

const MEMORY_AND_CPU: &str = "memory and CPU bounded";
const NO_DESCRIPTORS: &str = "no file or socket opens";
const LANDLOCK: &str = "Landlock on";

impl Protections {
    /// Reads what [`Display`](fmt::Display) wrote.
    pub fn parse(words: &str) -> Self {
        let has = |part| words.split(", ").any(|it| it == part);
        Self {
            memory_and_cpu: has(MEMORY_AND_CPU),
            no_descriptors: has(NO_DESCRIPTORS),
            landlock: has(LANDLOCK),
        }
    }

    /// Nothing that Muster knows of is missing.
    pub fn is_complete(self) -> bool {
        self.memory_and_cpu && self.no_descriptors && self.landlock
    }
}

/// One line for the log: "memory and CPU bounded, no file or socket opens, Landlock missing".
impl fmt::Display for Protections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            if self.memory_and_cpu { MEMORY_AND_CPU } else { "memory and CPU unbounded" },
            if self.no_descriptors { NO_DESCRIPTORS } else { "files and sockets open" },
            if self.landlock { LANDLOCK } else { "Landlock missing" },
        ];
        f.write_str(&parts.join(", "))
    }
}

/// Limits this process, for good. Call it before another thread exists.
pub fn apply() -> Protections {
    // Landlock first: it needs a descriptor, and none can be had afterwards.
    let landlock = landlock();
    let (memory_and_cpu, no_descriptors) = resources();
    Protections { memory_and_cpu, no_descriptors, landlock }
}

#[cfg(unix)]
fn resources() -> (bool, bool) {
    use rlimit::Resource;

    let set = |resource: Resource, limit| resource.set(limit, limit).is_ok();
    let memory_and_cpu = set(Resource::AS, MEMORY) & set(Resource::CPU, CPU);
    // The three standard streams stay open; a limit of 0 forbids every further number.
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

    // Whatever of this the kernel knows is forbidden, and no rule allows anything.
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
    fn a_line_about_the_protections_reads_back() {
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
