//! Other witnesses: what tshark makes of the same frames.

use super::{is_refused, unprivileged};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

fn tshark(file: &Path, filter: &str) -> usize {
    let output = Command::new("tshark").args(["-n", "-r"]).arg(file).args(["-Y", filter]).output().expect("tshark");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).lines().count()
}

#[test]
#[ignore = "needs tshark; .ci/run has it"]
fn tshark_reads_each_capture_and_agrees_on_what_was_sent_again() {
    use std::os::unix::fs::PermissionsExt;
    let folder = crate::harness::folder();
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o777)).expect("open to nobody");
    for name in ["handshake", "lost-request", "lost-segment", "window", "close", "reset", "udp"] {
        let file = folder.path().join(format!("{name}.pcapng"));
        let output = unprivileged().args(["lab", name, "--json", "--pcapng"]).arg(&file).output().expect("it runs");
        assert!(!is_refused(&output));
        let document: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let acts = document["acts"].as_array().expect("acts");
        let segments = || acts.iter().flat_map(|act| act["segments"].as_array().expect("segments"));
        assert_eq!(tshark(&file, "frame"), segments().count(), "{name}");
        assert_eq!(tshark(&file, "_ws.malformed"), 0, "{name}");
        let again = segments().filter(|one| one["again"] == true).count();
        let theirs = tshark(
            &file,
            "tcp.analysis.retransmission or tcp.analysis.fast_retransmission or tcp.analysis.spurious_retransmission",
        );
        assert_eq!(theirs, again, "{name}");
        let closed = segments().filter(|one| one["window"] == 0 && !one["flags"].to_string().contains("RST"));
        assert_eq!(tshark(&file, "tcp.analysis.zero_window"), closed.count(), "{name}");
    }
}
