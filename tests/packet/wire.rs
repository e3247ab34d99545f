//! Two network namespaces with a wire between them, whose devices cut and join segments: what was
//! handed down at once is said to be that.

use super::recorded::compare;
use super::serving::{Witness, records, serve_by};
use crate::harness::glasshttp;
use crate::harness::namespace::Namespace;
use std::time::Duration;

#[test]
#[ignore = "needs root, ip, tshark and curl"]
fn what_a_device_is_to_cut_is_said_to_be_handed_down_at_once() {
    let (here, there) = (Namespace::new(), Namespace::new());
    here.ip(&format!("link add wire0 type veth peer name wire1 netns {}", there.id()));
    for (end, device, address) in [(&here, "wire0", "10.77.0.1/24"), (&there, "wire1", "10.77.0.2/24")] {
        end.ip(&format!("address add {address} dev {device}"));
        end.ip(&format!("link set {device} up"));
        end.ip("link set lo up");
    }
    let program = crate::harness::program();
    let mut server =
        serve_by(here.command(program), &["--bind", "10.77.0.1", "--log", "json", "--watch", "127.0.0.1:0"], &[]);
    let witness = Witness::on("wire0", server.port, here.command("tshark"));
    let get = |file: &str| {
        let url = format!("http://10.77.0.1:{}/{file}", server.port);
        let output = there.command("curl").args(["-s", "-f", "-m", "20", &url]).output().expect("curl");
        assert!(output.status.success(), "{output:?}");
        output.stdout.len()
    };
    // Until tshark sees a whole connection, it hasn't begun.
    let mut theirs = Vec::new();
    for _ in 0..50 {
        get("small.txt");
        while let Ok(line) = witness.lines.recv_timeout(Duration::from_millis(500)) {
            theirs.push(line);
        }
        if !theirs.is_empty() {
            break;
        }
    }
    assert_eq!(get("large.bin"), 20_000_000);
    while let Ok(line) = witness.lines.recv_timeout(Duration::from_secs(1)) {
        theirs.push(line);
    }
    server.end();
    let records = records(&server.output);
    let record = records.last().expect("the large one");
    assert_eq!(record["segments"]["interface"], "wire0");
    let compared = compare(std::slice::from_ref(record), &theirs);
    assert!(compared > 100, "{compared}");
    let list = record["segments"]["list"].as_array().expect("segments");
    let is_cut = |segment: &&serde_json::Value| {
        segment["from"] == "server" && segment["length"].as_u64() > segment["cut_into"].as_u64()
    };
    let cut: Vec<_> = list.iter().filter(is_cut).filter(|segment| segment["cut_into"].is_u64()).collect();
    assert!(!cut.is_empty(), "{list:?}");
    for segment in cut {
        let size = segment["cut_into"].as_u64().expect("a size");
        assert!((1_000..=1_460).contains(&size), "an Ethernet's: {segment}");
        assert!(segment.get("checksum").is_none(), "not yet computed: {segment}");
    }
    let story = glasshttp().arg("show").arg(&server.output).output().expect("the program starts");
    let story = String::from_utf8(story.stdout).expect("UTF-8").split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(story.contains("bytes handed down at once; on a wire: segments of 1,448 bytes (derived)"), "{story}");
}
