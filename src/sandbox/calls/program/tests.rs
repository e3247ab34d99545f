//! The program does what the verdicts say, and what seccompiler's says of the same.

use super::super::{unless, verdicts};
use super::*;
use seccompiler::{
    SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule, TargetArch,
};

const HERE: u32 = 0xC000_003E;

/// What the kernel would do, by the rules of its own interpreter.
fn run(program: &[sock_filter], data: &[u8; 64]) -> u32 {
    let (mut at, mut value) = (0, 0_u32);
    loop {
        let sock_filter { code, jt, jf, k } = program[at].clone();
        let code = u32::from(code);
        at += 1;
        let branch = |holds: bool| usize::from(if holds { jt } else { jf });
        at += match code {
            code if code == BPF_LD | BPF_W | BPF_ABS => {
                let k = k as usize;
                value = u32::from_ne_bytes(data[k..k + 4].try_into().expect("four bytes"));
                0
            }
            code if code == BPF_ALU | BPF_AND | BPF_K => {
                value &= k;
                0
            }
            code if code == BPF_JMP | BPF_JA => k as usize,
            code if code == BPF_JMP | BPF_JEQ | BPF_K => branch(value == k),
            code if code == BPF_JMP | BPF_JGE | BPF_K => branch(value >= k),
            code if code == BPF_JMP | BPF_JSET | BPF_K => branch(value & k != 0),
            code if code == BPF_RET | BPF_K => return k,
            code => panic!("an instruction of {code:#x}"),
        };
    }
}

fn data(number: u32, architecture: u32, arguments: [u64; 3]) -> [u8; 64] {
    let mut data = [0; 64];
    data[..4].copy_from_slice(&number.to_ne_bytes());
    data[4..8].copy_from_slice(&architecture.to_ne_bytes());
    for (place, argument) in data[16..].chunks_mut(8).zip(arguments) {
        place.copy_from_slice(&argument.to_ne_bytes());
    }
    data
}

/// The same as seccompiler has it: two filters, and which of their errors counts.
fn by_the_crate(calls: &BTreeMap<u32, Verdict>) -> impl Fn(&[u8; 64]) -> u32 {
    let filter = |rules: BTreeMap<i64, Vec<SeccompRule>>, otherwise, fits| -> BpfProgram {
        let filter = SeccompFilter::new(rules, otherwise, fits, TargetArch::x86_64).expect("a filter");
        filter.try_into().expect("a program")
    };
    let of = |is: fn(&Verdict) -> bool| {
        let calls = calls.iter().filter(move |(_, verdict)| is(verdict));
        calls.map(|(call, _)| (i64::from(*call), Vec::new())).collect::<BTreeMap<_, _>>()
    };
    let condition = |argument, is, value: u32| {
        SeccompCondition::new(argument, SeccompCmpArgLen::Dword, is, value.into()).expect("a condition")
    };
    let rule = |conditions| SeccompRule::new(conditions).expect("a rule");
    let mut refused = of(|verdict| *verdict == Verdict::Refused);
    for (call, forbidden) in unless() {
        let rules = forbidden.into_iter().flat_map(|forbidden| match forbidden {
            Forbidden::Bits(argument, bits) => (0..32)
                .map(|shift| bits & (1 << shift))
                .filter(|bit| *bit != 0)
                .map(|bit| rule(vec![condition(argument, SeccompCmpOp::MaskedEq(bit.into()), bit)]))
                .collect::<Vec<_>>(),
            Forbidden::AllBut(argument, u32::MAX, values) => {
                let other = |value: &u32| condition(argument, SeccompCmpOp::Ne, *value);
                vec![rule(values.iter().map(other).collect())]
            }
            Forbidden::AllBut(argument, bits, values) => (0..=bits)
                .filter(|value| value & bits == *value && !values.contains(value))
                .map(|value| rule(vec![condition(argument, SeccompCmpOp::MaskedEq(bits.into()), value)]))
                .collect(),
        });
        refused.insert(call, rules.collect());
    }
    let unknown = SeccompAction::Errno(ENOSYS as u32);
    let known = filter(of(|verdict| *verdict != Verdict::Refused), unknown, SeccompAction::Allow);
    let refused = filter(refused, SeccompAction::Allow, SeccompAction::Errno(EPERM as u32));
    move |data| match (run(&refused, data), run(&known, data)) {
        (SECCOMP_RET_ALLOW, verdict) | (verdict, _) => verdict,
    }
}

#[test]
#[cfg(target_arch = "x86_64")]
fn it_is_what_two_filters_of_the_crate_are() {
    let calls = verdicts();
    let (ours, theirs) = (program(&calls, HERE), by_the_crate(&calls));
    assert!(ours.len() < 500, "{}: each instruction is run for each call when it is set", ours.len());
    let mut values: Vec<u64> = (0..32).map(|bit| 1 << bit).chain(0..64).chain([u64::MAX, 1 << 40]).collect();
    values.extend([0x5413, 0x5421, 0x5401, 0x5451, 0x541b, 0x5411, 0x5412, 0x5356_4d41, 0x8_0000, 0x9_0000]);
    for number in (0..1000).chain([u32::MAX, 0x4000_0000, 0x4000_0001, 0x4000_0101]) {
        // Where no argument is looked at, one value is as good as all.
        let is_asked = matches!(calls.get(&number), Some(Verdict::Unless(_)));
        for &value in if is_asked { &values[..] } else { &values[..1] } {
            for arguments in [[value, 0, 0], [0, value, 0], [0, 0, value], [16, 3, value], [1, value, 4], [value; 3]] {
                let data = data(number, HERE, arguments);
                assert_eq!(run(&ours, &data), theirs(&data), "call {number}, {arguments:x?}");
            }
        }
    }
    assert_eq!(run(&ours, &data(0, 0x4000_0003, [0; 3])), SECCOMP_RET_KILL_PROCESS, "a call of i386");
}

#[test]
fn a_verdict_holds_for_its_call_alone() {
    let bits = || Verdict::Unless(vec![Forbidden::Bits(0, 4)]);
    let calls = BTreeMap::from([(0, Verdict::Allowed), (1, Verdict::Allowed), (3, bits()), (4, Verdict::Refused)]);
    let program = program(&calls, HERE);
    let run = |number, argument| run(&program, &data(number, HERE, [argument, 0, 0]));
    let (eperm, enosys) = (SECCOMP_RET_ERRNO | EPERM as u32, SECCOMP_RET_ERRNO | ENOSYS as u32);
    assert_eq!(
        [0, 1, 2, 3, 4, 5].map(|call| run(call, 0)),
        [SECCOMP_RET_ALLOW, SECCOMP_RET_ALLOW, enosys, SECCOMP_RET_ALLOW, eperm, enosys]
    );
    assert_eq!(run(3, 6), eperm);
}
