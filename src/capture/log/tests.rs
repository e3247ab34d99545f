//! What becomes of the file when its disk is full, and its reader late or gone.

use super::*;
use crate::outlet::tests::Disk;
use crate::packet::pcapng::LinkType;
use std::io::ErrorKind;

/// As long as loopback's.
const FRAME: usize = 60_000;

fn log(disk: &Disk) -> PcapngLog {
    let mut log = PcapngLog::new(Box::new(disk.clone()), Language::English);
    pcapng::interface(&mut log.bytes, LinkType::Ethernet, "lo", "", 0);
    log.interfaces.insert(1, 0);
    log
}

/// Frames come, and are due.
fn pass(log: &mut PcapngLog, frames: u64) {
    let pair = super::super::flows::pair("127.0.0.1:80".parse().unwrap(), "127.0.0.1:9000".parse().unwrap());
    for _ in 0..frames {
        log.by_pair.entry(pair).or_default().push_back(log.let_go + log.held.len() as u64);
        log.frames += 1;
        log.last = log.frames;
        log.held.push_back(Held {
            pair,
            passed: Passed { at: 0, from: End::Client, has_data: true, is_end: false },
            interface: 0,
            at: log.frames,
            length: FRAME as u32,
            bytes: vec![7; FRAME],
            comments: Vec::new(),
            missing: 0,
        });
        log.held_bytes += FRAME;
    }
    log.write(Moment::now());
}

/// How many whole frames there are, how many are said to be missing beside others, and in the end; where the
/// last whole block ends.
fn read(file: &[u8]) -> (u64, u64, Option<u64>, usize) {
    let word = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap());
    let (mut frames, mut said, mut dropped, mut at) = (0, 0, None, 0);
    while at + 8 <= file.len() && at + word(at + 4) as usize <= file.len() {
        let end = at + word(at + 4) as usize;
        assert_eq!(word(end - 4) as usize, end - at, "a block has its length at both ends");
        match word(at) {
            6 => {
                frames += 1;
                let comment = String::from_utf8_lossy(&file[at + 28 + FRAME..end]);
                let number = comment.split_once("no room for them: ").map(|(_, rest)| rest.split('.').next().unwrap());
                said += number.map_or(0, |number| number.parse::<u64>().unwrap());
            }
            5 => dropped = Some(u64::from_le_bytes(file[end - 16..end - 8].try_into().unwrap())),
            _ => {}
        }
        at = end;
    }
    (frames, said, dropped, at)
}

#[test]
fn a_disk_that_was_full_for_a_moment_leaves_a_whole_file() {
    // Whatever room there is when it becomes full, and however much passes meanwhile.
    for (room, meanwhile) in [(0, 0), (1, 1), (50, 9), (300, 9), (90_000, 9), (90_001, 400), (7, 400)] {
        let disk = Disk::default();
        disk.room(room);
        let mut log = log(&disk);
        pass(&mut log, 2);
        (0..meanwhile).for_each(|_| pass(&mut log, 1));
        assert!(log.held_bytes <= MOST_HELD && log.bytes.len() <= MOST_GATHERED + FRAME + 400, "memory is bounded");
        disk.room(usize::MAX);
        pass(&mut log, 3);
        let unwritten = log.finish(4);
        let file = disk.bytes();
        let (frames, said, dropped, end) = read(&file);
        assert_eq!(end, file.len(), "{room}");
        assert_eq!((frames + said, dropped), (5 + meanwhile, Some(4 + said)), "{room}");
        assert_eq!(unwritten, Unwritten { frames: said, is_cut: false });
        assert_eq!(said > 0, meanwhile > 100, "what is held back by then finds its place");
    }
}

#[test]
fn of_a_file_that_is_cut_each_frame_that_it_lacks_is_counted() {
    for (reason, room) in [ErrorKind::StorageFull, ErrorKind::TimedOut, ErrorKind::FileTooLarge]
        .into_iter()
        .flat_map(|reason| [0, 50, 1_000, 90_000, 400_000].map(|room| (reason, room)))
    {
        let disk = Disk::refusing(reason);
        disk.room(room);
        let mut log = log(&disk);
        (0..20).for_each(|_| pass(&mut log, 1));
        let unwritten = log.finish(0);
        let (frames, _, dropped, _) = read(&disk.bytes());
        assert_eq!((unwritten, dropped), (Unwritten { frames: 20 - frames, is_cut: true }, None), "{reason}, {room}");
    }
}

#[test]
fn frames_of_a_reader_that_is_gone_are_not_missed() {
    let disk = Disk::refusing(ErrorKind::BrokenPipe);
    disk.room(100_000);
    let mut log = log(&disk);
    pass(&mut log, 20);
    assert_eq!((log.finish(0), log.is_holding()), (Unwritten::default(), false));
}
