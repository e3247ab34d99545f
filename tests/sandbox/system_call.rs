//! System calls that another process is made to make: stopped by ptrace(2) where it waits in a call of its
//! own, it makes one that a test chose, and goes on as if nothing had been.
//!
//! ```text
//!   waits in epoll_wait ─▶ stopped behind `syscall` ─▶ other registers, one step back ─▶ one step ─▶ its result
//!                                                    its own registers again ─▶ waits on
//! ```

#![cfg(target_arch = "x86_64")]

use crate::harness::PATIENCE;
use nix::sys::ptrace;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use std::time::Instant;

/// The two bytes of the instruction.
const SYSCALL: u64 = 0x050f;
/// What the compiler may have put beneath the stack's end, and a little.
const RED_ZONE: u64 = 4096;

/// A stopped thread of the server.
pub struct Stopped {
    thread: Pid,
    registers: libc::user_regs_struct,
}

/// An argument of a call.
#[derive(Clone, Copy)]
pub enum Argument<'a> {
    Number(i64),
    /// The address of these bytes, which are put on its stack.
    Bytes(&'a [u8]),
}

impl Stopped {
    /// Stops a thread; `None` where that is not permitted here.
    pub fn stop(thread: i32) -> Option<Self> {
        let thread = Pid::from_raw(thread);
        let deadline = Instant::now() + PATIENCE;
        loop {
            ptrace::attach(thread).ok()?;
            let status = waitpid(thread, Some(WaitPidFlag::__WALL)).expect("it stops");
            assert!(matches!(status, WaitStatus::Stopped(..)), "{status:?}");
            let registers = ptrace::getregs(thread).expect("its registers");
            let stopped = Self { thread, registers };
            // It mostly waits in a call; where it had just something to do, it is met again.
            let before = ptrace::read(thread, (registers.rip - 2) as ptrace::AddressType);
            if before.is_ok_and(|instruction| instruction as u64 & 0xffff == SYSCALL) {
                return Some(stopped);
            }
            drop(stopped);
            assert!(Instant::now() < deadline, "it never waits");
        }
    }

    /// The result of a call, as the kernel gives it: an error is negative.
    pub fn call(&self, number: i64, arguments: &[Argument<'_>]) -> i64 {
        let mut registers = self.registers;
        let mut place = (registers.rsp - RED_ZONE) & !63;
        let mut values = [0_u64; 6];
        for (value, argument) in values.iter_mut().zip(arguments) {
            *value = match argument {
                Argument::Number(number) => number.cast_unsigned(),
                Argument::Bytes(bytes) => {
                    place -= (bytes.len() as u64 + 16) & !15;
                    self.put(place, bytes);
                    place
                }
            };
        }
        [registers.rdi, registers.rsi, registers.rdx, registers.r10, registers.r8, registers.r9] = values;
        registers.rax = number.cast_unsigned();
        registers.orig_rax = u64::MAX; // it comes from no call that could be begun again
        registers.rip -= 2;
        ptrace::setregs(self.thread, registers).expect("other registers");
        ptrace::step(self.thread, None).expect("a step");
        let status = waitpid(self.thread, Some(WaitPidFlag::__WALL)).expect("it stops");
        assert!(matches!(status, WaitStatus::Stopped(_, nix::sys::signal::Signal::SIGTRAP)), "{status:?}");
        ptrace::getregs(self.thread).expect("its registers").rax.cast_signed()
    }

    fn put(&self, place: u64, bytes: &[u8]) {
        for (index, chunk) in bytes.chunks(8).enumerate() {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            let at = (place + 8 * index as u64) as ptrace::AddressType;
            ptrace::write(self.thread, at, i64::from_ne_bytes(word)).expect("its stack");
        }
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        ptrace::setregs(self.thread, self.registers).expect("its own registers");
        ptrace::detach(self.thread, None).expect("it goes on");
    }
}
