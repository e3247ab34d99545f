//! A relay between a client and the server: it tells exactly how many
//! connections there were, and what was asked on each.

use crate::harness::PATIENCE;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// Bytes that clients sent, for each connection.
type Heard = Arc<Mutex<Vec<Vec<u8>>>>;

pub struct Relay {
    pub address: SocketAddr,
    heard: Heard,
    is_over: Arc<AtomicBool>,
}

impl Relay {
    /// Relays connections to a free port of its own to `server`.
    pub fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let address = listener.local_addr().expect("its address");
        let (heard, is_over) = (Heard::default(), Arc::new(AtomicBool::new(false)));
        let relay = Self { address, heard: Arc::clone(&heard), is_over: Arc::clone(&is_over) };
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if is_over.load(Ordering::Relaxed) {
                    return;
                }
                join(client, server, &heard);
            }
        });
        relay
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The request lines of each connection on which something was asked:
    /// browsers open some that they never use.
    pub fn requests(&self) -> Vec<Vec<String>> {
        let heard = self.heard.lock().expect("nobody panics with it");
        let lines = |bytes: &Vec<u8>| {
            let text = String::from_utf8_lossy(bytes);
            text.lines().filter(|line| line.contains(" HTTP/1.")).map(str::to_owned).collect::<Vec<String>>()
        };
        heard.iter().map(lines).filter(|lines| !lines.is_empty()).collect()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        // Wakes the accept; if it fails, nobody accepts any more.
        let _ = TcpStream::connect_timeout(&self.address, PATIENCE);
    }
}

fn join(mut client: TcpStream, server: SocketAddr, heard: &Heard) {
    let mut server = TcpStream::connect_timeout(&server, PATIENCE).expect("the server responds");
    let (Ok(mut client_out), Ok(mut server_out)) = (client.try_clone(), server.try_clone()) else { return };
    let heard = Arc::clone(heard);
    let index = {
        let mut all = heard.lock().expect("nobody panics with it");
        all.push(Vec::new());
        all.len() - 1
    };
    // Both end when one of the two ends, which its owner's end makes sure of.
    thread::spawn(move || {
        copy(&mut client, &mut server_out, |bytes| {
            heard.lock().expect("nobody panics with it")[index].extend_from_slice(bytes);
        });
    });
    thread::spawn(move || copy(&mut server, &mut client_out, |_| {}));
}

fn copy(from: &mut TcpStream, to: &mut TcpStream, mut listen: impl FnMut(&[u8])) {
    let mut buffer = vec![0; 65_536];
    // A reset on one side becomes an end on the other: enough for these tests.
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        listen(&buffer[..count]);
        if to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}
