//! Each wall, tried from within: the shipped program, as it serves, is made to make the forbidden calls.
//! For x86-64, whose registers are known here.
#![cfg(target_arch = "x86_64")]

use super::system_call::Argument::{Bytes, Number};
use super::system_call::{Argument, Stopped};
use super::{is_root, site};
use crate::harness::{MODELS, Server, folder, glasshttp};
use libc::*;
use std::ffi::CString;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

const HERE: Argument<'_> = Number(AT_FDCWD as i64);
const NOTHING: Argument<'_> = Number(0);

fn refused(errno: i32) -> i64 {
    -i64::from(errno)
}

/// The threads of a process, and its children that serve. Beside those it has the launcher of experiments,
/// which was there before the sandbox and makes namespaces.
fn threads(process: u32) -> Vec<i32> {
    let read = |path: String| fs::read_to_string(path).unwrap_or_default();
    let tasks = fs::read_dir(format!("/proc/{process}/task")).expect("its threads");
    let number = |task: fs::DirEntry| task.file_name().to_str()?.parse().ok();
    let mut threads: Vec<i32> = tasks.filter_map(|task| number(task.ok()?)).collect();
    for thread in threads.clone() {
        let children = read(format!("/proc/{process}/task/{thread}/children"));
        let children =
            children.split_whitespace().filter(|child| read(format!("/proc/{child}/comm")) != "glasshttp lab\n");
        threads.extend(children.map(|child| child.parse::<i32>().expect("a process")));
    }
    threads
}

/// `struct sockaddr_in` for a port of this machine.
fn loopback(port: u16) -> [u8; 16] {
    let [family, port] = [(AF_INET as u16).to_ne_bytes(), port.to_be_bytes()];
    let mut address = [0; 16];
    address[..8].copy_from_slice(&[family[0], family[1], port[0], port[1], 127, 0, 0, 1]);
    address
}

fn path(path: &Path) -> CString {
    CString::new(path.as_os_str().as_bytes()).expect("a path")
}

/// Calls that fail, by name: number, arguments, error.
type Wall<'a> = (&'static str, i64, Vec<Argument<'a>>, i32);

fn try_all(thread: &Stopped, root: &Path, neighbour: u32, at: &str) {
    let (served, new) = (path(&root.join("a.txt")), path(&root.join("new.txt")));
    let (served, new) = (served.as_bytes_with_nul(), new.as_bytes_with_nul());
    // That it can be made to do something at all.
    let open = thread.call(SYS_openat, &[HERE, Bytes(served), Number(O_RDONLY.into())]);
    assert!(open >= 0, "{at}: opening what is served: {open}");
    assert_eq!(thread.call(SYS_close, &[Number(open)]), 0, "{at}");

    let passwd = Bytes(b"/etc/passwd\0");
    let (write, create) = (Number(O_WRONLY.into()), Number((O_WRONLY | O_CREAT).into()));
    let socket = thread.call(SYS_socket, &[Number(AF_NETLINK.into()), Number(SOCK_DGRAM.into()), Number(4)]);
    assert!(socket >= 0, "{at}: the kernel's table of sockets: {socket}");
    let address = loopback(1);
    let how: [u8; 24] = std::array::from_fn(|index| if index == 0 { O_WRONLY as u8 } else { 0 });
    let namespace = i64::from(CLONE_NEWUSER | SIGCHLD);
    let program = Bytes(b"/bin/true\0");
    let walls: Vec<Wall<'_>> = vec![
        ("read /etc/passwd", SYS_openat, vec![HERE, passwd, NOTHING], EACCES),
        ("read /etc/passwd, open", SYS_open, vec![passwd, NOTHING], EACCES),
        ("read /proc/1/cmdline", SYS_openat, vec![HERE, Bytes(b"/proc/1/cmdline\0"), NOTHING], EACCES),
        ("write into the root", SYS_openat, vec![HERE, Bytes(served), write], EPERM),
        ("make a file in the root", SYS_openat, vec![HERE, Bytes(new), create, Number(0o644)], EPERM),
        ("write by openat2", SYS_openat2, vec![HERE, Bytes(served), Bytes(&how), Number(24)], EACCES),
        ("remove a file", SYS_unlink, vec![Bytes(served)], EPERM),
        ("remove a file, at", SYS_unlinkat, vec![HERE, Bytes(served), NOTHING], EPERM),
        ("rename", SYS_rename, vec![Bytes(served), Bytes(new)], EPERM),
        ("chmod", SYS_chmod, vec![Bytes(served), Number(0o777)], EPERM),
        ("make a folder", SYS_mkdir, vec![Bytes(new), Number(0o755)], EPERM),
        ("a TCP socket", SYS_socket, vec![Number(AF_INET.into()), Number(SOCK_STREAM.into()), NOTHING], EPERM),
        ("a UDP socket", SYS_socket, vec![Number(AF_INET6.into()), Number(SOCK_DGRAM.into()), NOTHING], EPERM),
        ("a Unix socket", SYS_socket, vec![Number(AF_UNIX.into()), Number(SOCK_DGRAM.into()), NOTHING], EPERM),
        ("a packet socket", SYS_socket, vec![Number(AF_PACKET.into()), Number(SOCK_RAW.into()), NOTHING], EPERM),
        ("bind", SYS_bind, vec![Number(socket), Bytes(&address), Number(16)], EPERM),
        ("connect", SYS_connect, vec![Number(socket), Bytes(&address), Number(16)], EPERM),
        ("listen", SYS_listen, vec![Number(socket), Number(1)], EPERM),
        ("run a program", SYS_execve, vec![program, NOTHING, NOTHING], EPERM),
        ("run a program, at", SYS_execveat, vec![HERE, program, NOTHING, NOTHING, NOTHING], EPERM),
        ("ptrace", SYS_ptrace, vec![Number(PTRACE_ATTACH.into()), Number(neighbour.into())], EPERM),
        ("read memory", SYS_process_vm_readv, vec![Number(neighbour.into())], EPERM),
        ("unshare", SYS_unshare, vec![Number(CLONE_NEWUSER.into())], EPERM),
        ("clone into a namespace", SYS_clone, vec![Number(namespace), NOTHING], EPERM),
        ("clone3", SYS_clone3, vec![NOTHING, NOTHING], ENOSYS),
        ("a call that nobody knows", 9_999, vec![], ENOSYS),
        ("signal another process", SYS_kill, vec![Number(neighbour.into()), NOTHING], EPERM),
        ("signal its thread", SYS_tgkill, vec![Number(neighbour.into()), Number(neighbour.into()), NOTHING], EPERM),
        ("become root", SYS_setuid, vec![NOTHING], EPERM),
        ("become root, in all", SYS_setresuid, vec![NOTHING, NOTHING, NOTHING], EPERM),
        ("mount", SYS_mount, vec![program, program, program, NOTHING, NOTHING], EPERM),
        ("chroot", SYS_chroot, vec![Bytes(b"/\0")], EPERM),
        ("bpf", SYS_bpf, vec![NOTHING, NOTHING, NOTHING], EPERM),
        ("io_uring", SYS_io_uring_setup, vec![Number(1), NOTHING], EPERM),
        ("keys", SYS_keyctl, vec![NOTHING], EPERM),
        ("another filter", SYS_seccomp, vec![NOTHING, NOTHING, NOTHING], EPERM),
        ("be dumped again", SYS_prctl, vec![Number(PR_SET_DUMPABLE.into()), Number(1)], EPERM),
        ("type into the terminal", SYS_ioctl, vec![NOTHING, Number(TIOCSTI as i64), Bytes(b"x")], EPERM),
        (
            "memory that can be run",
            SYS_mmap,
            vec![
                NOTHING,
                Number(4096),
                Number((PROT_READ | PROT_EXEC).into()),
                Number((MAP_PRIVATE | MAP_ANONYMOUS).into()),
                Number(-1),
                NOTHING,
            ],
            EPERM,
        ),
    ];
    for (what, number, arguments, errno) in walls {
        assert_eq!(thread.call(number, &arguments), refused(errno), "{at}: {what}");
    }
    assert_eq!(thread.call(SYS_close, &[Number(socket)]), 0, "{at}");
}

#[test]
fn every_thread_and_child_of_the_server_stands_before_each_wall() {
    let place = site();
    let root = place.path().join("site");
    let neighbour = Server::start(&root, &[]);
    for model in MODELS {
        let mut command = glasshttp();
        command.args(["--port", "0", "--log", "story", "--model", model]).arg(&root);
        let server = Server::spawn(&mut command);
        // A connection that stays: its child or thread is there.
        let mut client = server.connect();
        client.send(b"GET /a.txt HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assert_eq!(client.response().status, 200, "{model}");
        let threads = threads(server.id());
        for thread in &threads {
            let Some(stopped) = Stopped::stop(*thread) else {
                assert!(!is_root(), "{model}: root may trace");
                return; // yama, or a container: nothing can be tried from here
            };
            try_all(&stopped, &root, neighbour.id(), &format!("{model}, thread {thread} of {threads:?}"));
        }
        // It serves as if nothing had been.
        client.send(b"GET /a.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        assert_eq!(client.response().body, b"a", "{model}");
        drop(client);
        assert_eq!(server.get("/a.txt").status, 200, "{model}");
    }
    assert!(!root.join("new.txt").exists());
    assert_eq!(neighbour.get("/a.txt").status, 200);
}

#[test]
fn without_the_sandbox_the_same_calls_succeed() {
    let place = folder();
    let server = Server::start(place.path(), &["--no-sandbox"]);
    let Some(stopped) = Stopped::stop(server.id().cast_signed()) else { return };
    let open = stopped.call(SYS_openat, &[HERE, Bytes(b"/etc/passwd\0"), NOTHING]);
    assert!(open >= 0, "{open}");
    let socket = stopped.call(SYS_socket, &[Number(AF_INET.into()), Number(SOCK_STREAM.into()), NOTHING]);
    assert!(socket >= 0, "{socket}");
    assert_eq!(stopped.call(SYS_bind, &[Number(socket), Bytes(&loopback(0)), Number(16)]), 0);
}
