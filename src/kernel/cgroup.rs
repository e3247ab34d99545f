//! How much memory the control group of this process may use (cgroups(7)), of either version.

use std::fs;
use std::path::Path;

/// Where control groups usually are.
const MOUNT: &str = "/sys/fs/cgroup";

/// The least limit of the group and those that it is in; `None`: none is set, or none can be seen.
pub(crate) fn memory_limit() -> Option<u64> {
    limit(Path::new(MOUNT), &fs::read_to_string("/proc/self/cgroup").ok()?)
}

/// `groups` as /proc/PID/cgroup has them: `0::/a/b`, and of version 1 `4:memory:/a/b`.
fn limit(mount: &Path, groups: &str) -> Option<u64> {
    let limits = groups.lines().flat_map(|group| {
        let mut parts = group.splitn(3, ':').skip(1);
        let (controllers, path) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let (mount, name) = match controllers {
            "" => (mount.to_owned(), "memory.max"),
            _ => (mount.join("memory"), "memory.limit_in_bytes"),
        };
        let is_of_memory = controllers.is_empty() || controllers.split(',').any(|name| name == "memory");
        let group = mount.join(path.trim_start_matches('/'));
        let within = group.ancestors().filter(|group| is_of_memory && group.starts_with(&mount));
        within.filter_map(|group| fs::read_to_string(group.join(name)).ok()?.trim().parse().ok()).collect::<Vec<u64>>()
    });
    limits.min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_limit_of_all_groups_around_counts_in_both_versions() {
        let mount = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            let path = mount.path().join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, text).expect("a file");
        };
        let limit = |groups| limit(mount.path(), groups);
        write("memory.max", "max\n");
        write("a/memory.max", "67108864\n");
        write("a/b/memory.max", "max\n");
        write("memory/memory.limit_in_bytes", "9223372036854771712\n");
        write("memory/c/memory.limit_in_bytes", "33554432\n");
        assert_eq!(limit("0::/a/b\n"), Some(67_108_864));
        assert_eq!(limit("0::/\n"), None);
        assert_eq!(limit("5:cpu,cpuacct:/c\n4:memory:/c\n0::/none\n"), Some(33_554_432));
        assert_eq!(limit("5:cpu:/c\n"), None);
        assert_eq!(limit("nonsense"), None);
    }
}
