//! Parts that several experiments give their actors.

use crate::lab::end::{End, Listening, Talk};
use crate::lab::experiment::{Actor, Stage};
use crate::lab::network::SERVER;
use std::io;

pub(super) const PORT: u16 = 80;
pub(crate) const ADDRESS: (std::net::Ipv4Addr, u16) = (SERVER, PORT);
pub(super) const REQUEST: &[u8] = b"GET / HTTP/1.0\r\n\r\n";
const HEAD: &[u8] = b"HTTP/1.0 200 OK\r\n\r\n";

/// A response of this number of bytes, head and all.
pub(super) fn response(length: usize) -> Vec<u8> {
    let mut bytes = HEAD.to_vec();
    bytes.resize(length.max(HEAD.len()), b'x');
    bytes
}

/// The server's listening socket, which is there before anybody connects.
pub(crate) fn listen(stage: &Stage, backlog: i32) -> io::Result<Listening> {
    let end = stage.server(Ok)?.join()?;
    stage.server(move |_| end.listen(ADDRESS, backlog))?.join()
}

/// A server for one client: reads once, sends `bytes`, half-closes, reads to the end.
pub(super) fn respond_once(stage: &Stage, bytes: Vec<u8>) -> io::Result<Actor<()>> {
    let listening = listen(stage, 5)?;
    stage.server(move |_| {
        let talk = listening.accept()?;
        talk.recv(4000)?;
        talk.send(&bytes)?;
        talk.shut_down()?;
        talk.recv_all()?;
        talk.close();
        Ok(())
    })
}

/// A client that sends `request`, reads to the end and closes: what it read.
pub(super) fn ask(end: &End, request: &[u8]) -> io::Result<Vec<u8>> {
    let talk = end.connect(ADDRESS)?;
    talk.send(request)?;
    let bytes = talk.recv_all()?;
    talk.close();
    Ok(bytes)
}

/// A whole exchange: one client, one server, a response of `length` bytes. The
/// client's bytes are those that the server sent, whatever the wire did.
pub(super) fn exchange(stage: &Stage, length: usize) -> io::Result<()> {
    let bytes = response(length);
    let sent = bytes.clone();
    let server = respond_once(stage, bytes)?;
    let got = stage.client(|end| ask(&end, REQUEST))?.join()?;
    server.join()?;
    match got == sent {
        true => Ok(()),
        false => Err(io::Error::other("the client read other bytes than the server sent")),
    }
}

/// Both ends of one connection, made and accepted.
pub(super) fn connected(stage: &Stage) -> io::Result<(Talk, Talk)> {
    let listening = listen(stage, 5)?;
    let server = stage.server(move |_| listening.accept())?;
    let client = stage.client(|end| end.connect(ADDRESS))?.join()?;
    Ok((client, server.join()?))
}
