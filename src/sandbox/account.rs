//! Who serves where root started the server, and how root becomes that account.

use nix::unistd::{self, Gid, Uid, User};
use rustix::thread::{CapabilitySet, CapabilitySets, capabilities, set_capabilities};
use std::fmt;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The account of nobody, where /etc/passwd names none: the kernel's overflow id.
const NOBODY: u32 = 65_534;

/// An account of this system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its number.
    pub uid: u32,
    /// The number of its group.
    pub gid: u32,
    name: Option<String>,
    home: Option<PathBuf>,
    /// Whether it was named: then nobody else serves in its place.
    is_named: bool,
}

/// What keeps root from becoming another account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hindrance {
    /// The user namespace lets nobody change the groups, which would stay root's.
    GroupsStay,
    /// This root lacks CAP_SETUID or CAP_SETGID.
    NoCapability,
}

/// What became of the account that the process had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Became {
    /// It was not root, and stays what it was.
    Same,
    /// Root is now this one.
    Other(Account),
    /// Root stays root, without a capability: that was asked for.
    Root,
    /// Root stays root, without a capability: this system has no such account here (user
    /// namespaces), or lets nobody become the one that was chosen, and not named.
    RootFor(Account),
}

/// Why nobody is there to serve.
#[derive(Debug)]
pub enum NobodyServes {
    /// There is no account of this name.
    Unknown(String),
    /// Only root can become another.
    NotRoot(Account),
    /// This root can't become the account that was named.
    Hindered(Account, Hindrance),
    /// The system refuses, though it should not.
    Refused(Account, io::Error),
    /// That account can't enter the folder.
    NoEntry(Account, PathBuf),
}

impl Account {
    /// The user that is to serve `folder`: the one that was named; if root named none, the one that
    /// called sudo(8), else the folder's owner if that is not root, else the user `nobody`.
    ///
    /// # Errors
    /// If the user that was named is unknown, or exists and root can't become it.
    pub fn to_serve(folder: &Path, asked: Option<&str>) -> Result<Self, NobodyServes> {
        match asked {
            Some(asked) => {
                let account = Self::called(asked).ok_or_else(|| NobodyServes::Unknown(asked.to_owned()))?;
                let account = Self { is_named: true, ..account };
                // Now, while it is clear what the reason is: sockets that it is to own fail by it, too.
                if unistd::geteuid().is_root() && account.uid != 0 {
                    account.is_to_be_had()?;
                }
                Ok(account)
            }
            None if !unistd::geteuid().is_root() => Ok(Self::of(unistd::geteuid(), Some(unistd::getegid()))),
            None => Ok(Self::by_sudo().or_else(|| Self::owner(folder)).unwrap_or_else(Self::nobody)),
        }
    }

    /// By name or number.
    fn called(text: &str) -> Option<Self> {
        match User::from_name(text) {
            Ok(Some(user)) => Some(Self::from(user)),
            _ => account_number(text).map(|uid| Self::of(Uid::from_raw(uid), None)),
        }
    }

    /// The account of this number, in its own group or, where none is known, in this one.
    fn of(uid: Uid, group: Option<Gid>) -> Self {
        match User::from_uid(uid) {
            Ok(Some(user)) => Self::from(user),
            _ => {
                let gid = group.map_or(uid.as_raw(), Gid::as_raw);
                Self { uid: uid.as_raw(), gid, name: None, home: None, is_named: false }
            }
        }
    }

    fn by_sudo() -> Option<Self> {
        let number = |name| account_number(&std::env::var(name).ok()?);
        let uid = number("SUDO_UID").filter(|uid| *uid != 0)?;
        Some(Self::of(Uid::from_raw(uid), number("SUDO_GID").map(Gid::from_raw)))
    }

    fn owner(folder: &Path) -> Option<Self> {
        let state = std::fs::metadata(folder).ok().filter(|state| state.uid() != 0)?;
        Some(Self::of(Uid::from_raw(state.uid()), Some(Gid::from_raw(state.gid()))))
    }

    fn nobody() -> Self {
        Self::called("nobody").filter(|nobody| nobody.uid != 0).unwrap_or_else(|| Self::of(Uid::from_raw(NOBODY), None))
    }

    /// Becomes this account, for good, and gives up every capability; for a process of one thread.
    ///
    /// # Errors
    /// If that is not possible though it was asked for, or the system refuses.
    pub fn serve(&self) -> Result<Became, NobodyServes> {
        let refused = |error: io::Error| NobodyServes::Refused(self.clone(), error);
        if !unistd::geteuid().is_root() {
            if self.uid != unistd::geteuid().as_raw() {
                return Err(NobodyServes::NotRoot(self.clone()));
            }
            give_up_capabilities().map_err(refused)?;
            return Ok(Became::Same);
        }
        let stays = match self.uid {
            0 => Some(Became::Root),
            _ if self.is_to_be_had()? => None,
            _ => Some(Became::RootFor(self.clone())),
        };
        if let Some(root) = stays {
            give_up_capabilities().map_err(refused)?;
            return Ok(root);
        }
        self.take().map_err(refused)?;
        Ok(Became::Other(self.clone()))
    }

    fn take(&self) -> io::Result<()> {
        let (uid, gid) = (Uid::from_raw(self.uid), Gid::from_raw(self.gid));
        // The C library's own calls: those of the kernel are for one thread.
        unistd::setgroups(&[])?;
        unistd::setresgid(gid, gid, gid)?;
        unistd::setresuid(uid, uid, uid)?;
        give_up_capabilities()?;
        let (users, groups) = (unistd::getresuid()?, unistd::getresgid()?);
        let is_taken = [users.real, users.effective, users.saved] == [uid; 3]
            && [groups.real, groups.effective, groups.saved] == [gid; 3]
            && unistd::getgroups()?.iter().all(|group| *group == gid);
        if !is_taken || unistd::setuid(Uid::from_raw(0)).is_ok() {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        Ok(())
    }

    /// Whether this namespace has such an account, and lets us become it.
    pub fn can_be_had(&self) -> bool {
        self.is_mapped() && hindrance().is_none()
    }

    /// The same, for root that is to become it: that it exists and can't be had is an error where it was named.
    fn is_to_be_had(&self) -> Result<bool, NobodyServes> {
        match hindrance() {
            Some(hindrance) if self.is_named && self.is_mapped() => {
                Err(NobodyServes::Hindered(self.clone(), hindrance))
            }
            _ => Ok(self.can_be_had()),
        }
    }

    /// Whether this namespace has such an account (user_namespaces(7)).
    fn is_mapped(&self) -> bool {
        let is_mapped = |name, id| of_this_process(name).map_or(true, |map| maps(&map, id));
        is_mapped("uid_map", self.uid) && is_mapped("gid_map", self.gid)
    }

    /// Whether a folder is its home, or that of everybody.
    pub(super) fn is_home(&self, folder: &Path) -> bool {
        self.home.as_deref() == Some(folder)
    }
}

impl From<User> for Account {
    fn from(user: User) -> Self {
        Self {
            uid: user.uid.as_raw(),
            gid: user.gid.as_raw(),
            name: Some(user.name),
            home: Some(user.dir),
            is_named: false,
        }
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => f.write_str(name),
            None => write!(f, "{}", self.uid),
        }
    }
}

/// What keeps this process from becoming any other account.
fn hindrance() -> Option<Hindrance> {
    if of_this_process("setgroups").is_ok_and(|text| text.trim() == "deny") {
        return Some(Hindrance::GroupsStay);
    }
    let needed = CapabilitySet::SETUID | CapabilitySet::SETGID;
    let may = capabilities(None).is_ok_and(|sets| sets.effective.contains(needed));
    (!may).then_some(Hindrance::NoCapability)
}

fn of_this_process(name: &str) -> io::Result<String> {
    std::fs::read_to_string(format!("/proc/self/{name}"))
}

/// The number of a user or a group; the highest one means none (setresuid(2)).
pub fn account_number(text: &str) -> Option<u32> {
    let is_number = text.bytes().all(|digit| digit.is_ascii_digit());
    text.parse().ok().filter(|id| is_number && *id != u32::MAX)
}

/// Whether a map of ids, as in /proc/self/uid_map, has this one: lines of `inside outside count`.
fn maps(map: &str, id: u32) -> bool {
    let ranges = map.lines().filter_map(|line| {
        let mut numbers = line.split_whitespace().map(str::parse::<u64>);
        Some((numbers.next()?.ok()?, numbers.nth(1)?.ok()?))
    });
    ranges.into_iter().any(|(first, count)| (first..first + count).contains(&id.into()))
}

fn give_up_capabilities() -> io::Result<()> {
    let (empty, has) = (CapabilitySet::empty(), capabilities(None)?);
    let none = CapabilitySets { effective: empty, permitted: empty, inheritable: empty };
    // A service manager may have seen to it, and forbidden the call.
    if [has.effective, has.permitted, has.inheritable] == [empty; 3] {
        return Ok(());
    }
    Ok(set_capabilities(None, none)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_has_the_ids_of_its_ranges() {
        let map = "         0       1000          1\n         1     100000      65536\n";
        for (id, expected) in [(0, true), (1, true), (65_536, true), (65_537, false), (u32::MAX, false)] {
            assert_eq!(maps(map, id), expected, "{id}");
        }
        assert!(maps("0 0 4294967295", NOBODY) && !maps("0 1000 1", NOBODY) && !maps("torn\n", 0));
    }

    #[test]
    fn accounts_are_called_by_name_or_number() {
        assert_eq!(Account::called("root").map(|root| (root.uid, root.gid)), Some((0, 0)));
        let unknown = Account::called("4294000001").expect("a number");
        assert_eq!(
            (unknown.uid, unknown.gid, unknown.to_string()),
            (4_294_000_001, 4_294_000_001, "4294000001".into())
        );
        for none in ["no such user", "", "4294967295", "4294967296", "-1", "+1"] {
            assert_eq!(Account::called(none), None, "{none}");
        }
        assert_ne!(Account::nobody().uid, 0);
    }
}
