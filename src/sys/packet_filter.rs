//! Which frames a packet socket hears: classic BPF, which the kernel runs on each.

use socket2::SockFilter;

/// Ports that one filter looks for, at most.
const MOST_PORTS: usize = 64;

/// Which interfaces are listened to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interfaces {
    /// Loopback, of this index: each frame once, as it comes in.
    Loopback(u32),
    /// All but loopback, of this index: frames as they come in and go out.
    Others(u32),
    /// All; on loopback, of this index, each frame once, as it comes in.
    All(u32),
}

const LOAD_WORD: u16 = 0x20; // ld [k]
const LOAD_HALF: u16 = 0x28; // ldh [k]
const LOAD_BYTE: u16 = 0x30; // ldb [k]
const LOAD_HALF_AT_X: u16 = 0x48; // ldh [x + k]
const X_FROM_HEADER: u16 = 0xb1; // ldxb 4*([k]&0xf)
const JUMP: u16 = 0x05; // ja k
const IF_EQUAL: u16 = 0x15;
const IF_SET: u16 = 0x45;
const RET: u16 = 0x06;

/// What the kernel keeps beside a frame, and its network header, whatever the link's is.
const BESIDE: u32 = libc::SKF_AD_OFF.cast_unsigned();
const NET: u32 = libc::SKF_NET_OFF.cast_unsigned();
/// The same on loopback, which has Ethernet's header: to load from there is faster.
const BEHIND_ETHERNET: u32 = 14;

/// Classic BPF: TCP over IPv4 or IPv6 from or to `ports`. An IPv6 packet with
/// extension headers passes: who reads it looks again.
pub(super) fn filter(interfaces: Interfaces, ports: &[u16], snap: u32) -> Vec<SockFilter> {
    let step = SockFilter::new;
    let ports = || ports.iter().take(MOST_PORTS).flat_map(|port| accept_if(u32::from(*port), snap));
    let net = if matches!(interfaces, Interfaces::Loopback(_)) { BEHIND_ETHERNET } else { NET };
    let mut program = Vec::new();
    let beside = |what: libc::c_int| BESIDE.wrapping_add(what.cast_unsigned());
    match interfaces {
        Interfaces::Loopback(_) => {} // the socket is bound to it
        Interfaces::Others(loopback) => {
            program.push(step(LOAD_WORD, 0, 0, beside(libc::SKF_AD_IFINDEX)));
            program.extend([step(IF_EQUAL, 0, 1, loopback), step(RET, 0, 0, 0)]);
        }
        Interfaces::All(loopback) => {
            program.push(step(LOAD_WORD, 0, 0, beside(libc::SKF_AD_IFINDEX)));
            program.push(step(IF_EQUAL, 0, 3, loopback));
            program.push(step(LOAD_WORD, 0, 0, beside(libc::SKF_AD_PKTTYPE)));
            program.extend([step(IF_EQUAL, 0, 1, libc::PACKET_OUTGOING.into()), step(RET, 0, 0, 0)]);
        }
    }
    let by_ports = |loads: [SockFilter; 2]| {
        let [source, destination] = loads;
        let mut steps = vec![source];
        steps.extend(ports());
        steps.push(destination);
        steps.extend(ports());
        steps.push(step(RET, 0, 0, 0));
        steps
    };
    let mut version_4 = vec![
        step(LOAD_BYTE, 0, 0, net + 9),
        step(IF_EQUAL, 1, 0, 6),
        step(RET, 0, 0, 0),
        step(LOAD_HALF, 0, 0, net + 6),
        step(IF_SET, 0, 1, 0x1fff), // a later fragment has no ports
        step(RET, 0, 0, 0),
        step(X_FROM_HEADER, 0, 0, net),
    ];
    version_4.extend(by_ports([step(LOAD_HALF_AT_X, 0, 0, net), step(LOAD_HALF_AT_X, 0, 0, net + 2)]));
    let mut version_6 = vec![step(LOAD_BYTE, 0, 0, net + 6)];
    for extension in [0, 43, 60] {
        version_6.extend(accept_if(extension, snap));
    }
    version_6.extend([step(IF_EQUAL, 1, 0, 6), step(RET, 0, 0, 0)]);
    version_6.extend(by_ports([step(LOAD_HALF, 0, 0, net + 40), step(LOAD_HALF, 0, 0, net + 42)]));

    program.push(step(LOAD_HALF, 0, 0, beside(libc::SKF_AD_PROTOCOL)));
    program.push(step(IF_EQUAL, 0, 1, libc::ETH_P_IP as u32));
    program.push(step(JUMP, 0, 0, 2 + version_6.len() as u32)); // IPv4 lies behind IPv6
    program.push(step(IF_EQUAL, 1, 0, libc::ETH_P_IPV6 as u32));
    program.push(step(RET, 0, 0, 0));
    program.extend(version_6);
    program.extend(version_4);
    program
}

fn accept_if(value: u32, snap: u32) -> [SockFilter; 2] {
    [SockFilter::new(IF_EQUAL, 0, 1, value), SockFilter::new(RET, 0, 0, snap)]
}
