//! landlock(7): which files can be read, and that no port, process or socket beyond can be reached.

use super::account::Account;
use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, LandlockStatus, PathBeneath, PathFd, Ruleset,
    RulesetAttr, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope,
};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The newest that is asked for; an older kernel gives what it has.
const NEWEST: ABI = ABI::V6;
/// Folders that hold more than a site: what lies in one of them is served, and not what lies beside it.
const OF_ALL: [&str; 18] = [
    "/", "/bin", "/boot", "/dev", "/etc", "/home", "/lib", "/lib64", "/media", "/mnt", "/opt", "/proc", "/root",
    "/run", "/sbin", "/sys", "/usr", "/var",
];
/// Whose homes these are.
const HOMES: &str = "/home";
/// Others may make folders there.
const WORLD_WRITABLE: u32 = 0o002;

/// What may be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Readable {
    /// What lies beneath these folders.
    pub(super) beneath: Vec<PathBuf>,
    /// These files.
    pub(super) files: Vec<PathBuf>,
}

/// Which of landlock's parts this kernel has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Landlock {
    /// The version that is in force; 0: none is.
    pub(super) abi: u32,
}

impl Landlock {
    /// Nothing but what is readable can be opened.
    pub(super) fn has_files(self) -> bool {
        self.abi >= 1
    }

    /// No port can be bound or connected to.
    pub(super) fn has_network(self) -> bool {
        self.abi >= 4
    }

    /// No signal can be sent, and no abstract socket reached, beyond the server's own processes.
    pub(super) fn has_scopes(self) -> bool {
        self.abi >= 6
    }
}

impl Readable {
    /// What a server of the folder at `path`, which really is `resolved`, reads: what lies beside it,
    /// too, so that the folder can be made anew, and links on the way to it can be pointed elsewhere.
    pub fn to_serve(paths: [&Path; 2], account: &Account) -> Self {
        let mut beneath: Vec<PathBuf> = paths.map(Path::to_owned).into();
        let parents = paths.into_iter().filter_map(Path::parent);
        let links = paths[0].ancestors().filter(|place| place.is_symlink()).filter_map(Path::parent);
        beneath.extend(parents.chain(links).filter(|folder| is_of_one(folder, account)).map(Path::to_owned));
        Self { beneath, files: Vec::new() }.and_the_systems()
    }

    /// Everything: where links may lead anywhere.
    pub fn anything() -> Self {
        Self { beneath: vec!["/".into()], files: Vec::new() }.and_the_systems()
    }

    /// What a serving process reads of the system: its mounts, and nothing.
    fn and_the_systems(mut self) -> Self {
        let process = fs::read_link("/proc/self").unwrap_or_default();
        self.files = vec![Path::new("/proc").join(process).join("mountinfo"), "/dev/null".into()];
        self
    }
}

/// Whether a folder is one site's own, and not one where anybody's things lie.
fn is_of_one(folder: &Path, account: &Account) -> bool {
    // As the kernel knows it, for the text may lead there by links.
    let Ok(folder) = folder.canonicalize() else { return false };
    let is_shared = fs::metadata(&folder).map_or(true, |state| state.mode() & WORLD_WRITABLE != 0);
    let is_home = account.is_home(&folder)
        || std::env::var_os("HOME").is_some_and(|home| folder == Path::new(&home))
        || folder.parent() == Some(Path::new(HOMES));
    !is_shared && !is_home && !OF_ALL.iter().any(|of_all| folder == Path::new(of_all))
}

/// From here on, this thread and those that it begins reach nothing else. What is held open stays open.
///
/// # Errors
/// If the kernel has landlock and refuses nevertheless.
pub(super) fn confine(readable: &Readable) -> Result<(Landlock, Vec<PathFd>), RulesetError> {
    let mut rules = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(NEWEST))?
        .handle_access(AccessNet::from_all(NEWEST))?
        .scope(Scope::from_all(NEWEST))?
        .create()?;
    for folder in &readable.beneath {
        if let Ok(folder) = PathFd::new(folder) {
            rules = rules.add_rule(PathBeneath::new(folder, AccessFs::ReadFile | AccessFs::ReadDir))?;
        }
    }
    let mut files = Vec::new();
    for file in &readable.files {
        if let Ok(file) = PathFd::new(file) {
            rules = rules.add_rule(PathBeneath::new(&file, AccessFs::ReadFile))?;
            // A rule is the inode's: /proc must not forget this one and make another.
            files.push(file);
        }
    }
    let status = rules.restrict_self()?;
    let abi = match status.landlock {
        LandlockStatus::Available { effective_abi, .. } if status.ruleset != RulesetStatus::NotEnforced => {
            effective_abi as u32
        }
        _ => 0,
    };
    Ok((Landlock { abi: abi.min(NEWEST as u32) }, files))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn readable(path: &Path) -> Vec<PathBuf> {
        let account = Account::to_serve(path, None).expect("somebody");
        Readable::to_serve([path, &path.canonicalize().expect("it is there")], &account).beneath
    }

    #[test]
    fn a_folder_is_readable_with_its_neighbours_unless_those_are_everybodys() {
        let place = tempfile::tempdir().expect("a folder");
        let releases = place.path().join("app/releases");
        fs::create_dir_all(releases.join("1/public")).expect("folders");
        symlink("releases/1", place.path().join("app/current")).expect("a link");
        assert_eq!(readable(place.path()), [place.path(), place.path()], "beside it lies what is anybody's");
        let served = readable(&place.path().join("app/current/public"));
        for folder in [place.path().join("app"), releases.join("1")] {
            assert!(served.contains(&folder), "{} is not in {served:?}", folder.display());
        }
        assert!(!served.contains(&place.path().to_owned()), "{served:?}");
        fs::set_permissions(place.path().join("app"), fs::Permissions::from_mode(0o777)).expect("its mode");
        assert!(!readable(&releases).contains(&place.path().join("app")), "others may write there");
    }

    #[test]
    fn nothing_of_the_systems_folders_is_readable_beside_the_site() {
        let account = Account::to_serve(Path::new("/usr"), None).expect("somebody");
        for folder in ["/", "/etc", "/tmp", "/usr", "/root", "/home/somebody"] {
            assert!(!is_of_one(Path::new(folder), &account), "{folder}");
        }
    }
}
