//! The filter as the kernel takes it: a program that finds a call by halves, for the kernel runs it
//! for every call that there is when it is set. seccompiler's, which asks for one call after the other and
//! knows one error in each filter, is two programs of 1,200 instructions in all, and setting them took a
//! quarter of the server's start.

use libc::{
    BPF_ABS, BPF_ALU, BPF_AND, BPF_JA, BPF_JEQ, BPF_JGE, BPF_JMP, BPF_JSET, BPF_K, BPF_LD, BPF_RET, BPF_W, ENOSYS,
    EPERM, SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO, SECCOMP_RET_KILL_PROCESS,
};
use seccompiler::{BpfProgram, sock_filter};
use std::collections::BTreeMap;

/// Where `struct seccomp_data` has the call's number, the architecture, and the low half of an argument.
const NUMBER: u32 = 0;
const ARCHITECTURE: u32 = 4;
const ARGUMENTS: u32 = 16;

/// What becomes of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is made.
    Allowed,
    /// `EPERM`.
    Refused,
    /// `ENOSYS`, as from an older kernel.
    Unknown,
    /// `EPERM` where one of these says so; else it is made.
    Unless(Vec<Forbidden>),
}

/// What an argument must not be: its number, and of its low half:
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Forbidden {
    /// any of these bits,
    Bits(u8, u32),
    /// anything but these values, in these bits.
    AllBut(u8, u32, Vec<u32>),
}

/// The program for these calls; all others are unknown. A call of another architecture ends the process.
pub(super) fn program(calls: &BTreeMap<u32, Verdict>, architecture: u32) -> BpfProgram {
    let mut program =
        vec![load(ARCHITECTURE), jump(BPF_JEQ, architecture, 1, 0), returning(SECCOMP_RET_KILL_PROCESS), load(NUMBER)];
    program.extend(search(&runs(calls)));
    program
}

/// The numbers from which on each verdict holds, in order.
fn runs(calls: &BTreeMap<u32, Verdict>) -> Vec<(u32, &Verdict)> {
    let mut runs = vec![(0, &Verdict::Unknown)];
    for (number, verdict) in calls {
        for run in [(*number, verdict), (number + 1, &Verdict::Unknown)] {
            // What begins where the last one does takes its place.
            runs.pop_if(|(first, _)| *first == run.0);
            if runs.last().is_none_or(|(_, last)| *last != run.1) {
                runs.push(run);
            }
        }
    }
    runs
}

fn search(runs: &[(u32, &Verdict)]) -> BpfProgram {
    if let [(_, verdict)] = runs {
        return decided(verdict);
    }
    let (below, above) = runs.split_at(runs.len() / 2);
    let (first, below) = (above[0].0, search(below));
    let mut program = match u8::try_from(below.len()) {
        Ok(length) => vec![jump(BPF_JGE, first, length, 0)],
        // Conditional jumps are short.
        Err(_) => vec![jump(BPF_JGE, first, 0, 1), jump(BPF_JA, below.len() as u32, 0, 0)],
    };
    program.extend(below);
    program.extend(search(above));
    program
}

fn decided(verdict: &Verdict) -> BpfProgram {
    const REFUSED: u32 = SECCOMP_RET_ERRNO | EPERM as u32;
    match verdict {
        Verdict::Allowed => vec![returning(SECCOMP_RET_ALLOW)],
        Verdict::Refused => vec![returning(REFUSED)],
        Verdict::Unknown => vec![returning(SECCOMP_RET_ERRNO | ENOSYS as u32)],
        Verdict::Unless(forbidden) => {
            let mut program = Vec::new();
            for forbidden in forbidden {
                match forbidden {
                    Forbidden::Bits(argument, bits) => {
                        program.extend([load(low_half(*argument)), jump(BPF_JSET, *bits, 0, 1)]);
                    }
                    Forbidden::AllBut(argument, bits, values) => {
                        program.extend([load(low_half(*argument)), statement(BPF_ALU | BPF_AND | BPF_K, *bits)]);
                        // Over the values that are left, and the refusal.
                        let left = (1..=values.len() as u8).rev();
                        program.extend(values.iter().zip(left).map(|(value, left)| jump(BPF_JEQ, *value, left, 0)));
                    }
                }
                program.push(returning(REFUSED));
            }
            program.push(returning(SECCOMP_RET_ALLOW));
            program
        }
    }
}

fn low_half(argument: u8) -> u32 {
    ARGUMENTS + 8 * u32::from(argument)
}

fn load(offset: u32) -> sock_filter {
    statement(BPF_LD | BPF_W | BPF_ABS, offset)
}

fn returning(action: u32) -> sock_filter {
    statement(BPF_RET | BPF_K, action)
}

fn statement(code: u32, k: u32) -> sock_filter {
    sock_filter { code: code as u16, jt: 0, jf: 0, k }
}

fn jump(condition: u32, k: u32, jt: u8, jf: u8) -> sock_filter {
    sock_filter { code: (BPF_JMP | condition | BPF_K) as u16, jt, jf, k }
}

#[cfg(test)]
mod tests;
