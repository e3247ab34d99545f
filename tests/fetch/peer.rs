//! A server that does as a test says, byte by byte.

use crate::harness::PATIENCE;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

/// A scripted peer; it ends when dropped.
pub struct Peer {
    pub address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Peer {
    /// Runs `script` with each connection, one after another, counted from 0.
    pub fn start(script: impl Fn(usize, &mut TcpStream) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
        let address = listener.local_addr().expect("its address");
        let stop = Arc::new(AtomicBool::new(false));
        let is_over = stop.clone();
        let thread = thread::spawn(move || {
            for index in 0.. {
                let Ok((mut stream, _)) = listener.accept() else { return };
                if is_over.load(Ordering::SeqCst) {
                    return;
                }
                stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
                stream.set_write_timeout(Some(PATIENCE)).expect("a timeout");
                script(index, &mut stream);
            }
        });
        Self { address, stop, thread: Some(thread) }
    }

    /// A peer that reads a request, responds with these bytes and ends the connection.
    pub fn responding(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        Self::start(move |_, stream| {
            read_request(stream);
            // A client that has seen enough may have left.
            let _ = stream.write_all(&bytes);
            end(stream);
        })
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address); // wakes it to see that
        let ended = self.thread.take().map(JoinHandle::join);
        assert!(thread::panicking() || !matches!(ended, Some(Err(_))), "the peer's script failed");
    }
}

/// Reads up to the blank line.
pub fn read_request(stream: &mut TcpStream) -> String {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).expect("a request in time") == 0 {
            break;
        }
        request.push(byte[0]);
    }
    String::from_utf8(request).expect("ASCII")
}

/// Ends in order: the client's end is awaited.
pub fn end(stream: &mut TcpStream) {
    let _ = stream.shutdown(Shutdown::Write);
    wait_for_end(stream);
}

/// Reads until the client leaves, one way or another.
pub fn wait_for_end(stream: &mut TcpStream) {
    let mut buffer = [0; 4096];
    while matches!(stream.read(&mut buffer), Ok(1..)) {}
}

/// Resets the connection.
pub fn reset(stream: &TcpStream) {
    socket2::SockRef::from(stream).set_linger(Some(std::time::Duration::ZERO)).expect("no lingering");
}
