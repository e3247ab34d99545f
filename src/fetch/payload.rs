//! What is sent behind a request's head: all of it, because it may have to be sent twice.

use super::interrupt::Interrupt;
use super::options::Data;
use crate::record::Failure;
use crate::record::failure::FileFault;
use crate::record::transfer::TextBody;
use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;

/// How a form is encoded (WHATWG URL, 5.2).
const FORM: &str = "application/x-www-form-urlencoded";
/// The longest body of a request, in bytes.
const LONGEST: u64 = 64 << 20;

/// The body of a request.
#[derive(Clone, Debug)]
pub(super) struct Payload {
    pub(super) bytes: Arc<[u8]>,
    /// What it is, where no field says so.
    pub(super) media_type: String,
}

impl Payload {
    /// Reads it.
    ///
    /// # Errors
    /// If it can't be read, or is too long, or Ctrl-C came first.
    pub(super) fn read(data: &Data, interrupt: &Interrupt) -> Result<Self, Failure> {
        match data {
            Data::Form(form) => Ok(Self { bytes: form.as_bytes().into(), media_type: FORM.to_owned() }),
            Data::File(path) => {
                let path = path.clone();
                // Who writes to a pipe may take any time, and even open(2) waits for that.
                interrupt.unless_it_comes(move || Self::read_file(&path)).unwrap_or(Err(Failure::Interrupted))
            }
        }
    }

    fn read_file(path: &PathBuf) -> Result<Self, Failure> {
        let is_stdin = path.as_os_str() == "-";
        let mut bytes = Vec::new();
        let source = if is_stdin { Ok(Box::new(io::stdin()) as Box<dyn Read>) } else { opened(path) };
        source
            .and_then(|source| source.take(LONGEST + 1).read_to_end(&mut bytes))
            .map_err(|error| Failure::File { path: path.clone(), fault: FileFault::Read(error.into()) })?;
        if bytes.len() as u64 > LONGEST {
            return Err(Failure::File { path: path.clone(), fault: FileFault::TooLong { most: LONGEST >> 20 } });
        }
        let media_type = mime_guess::from_path(path).first_or_octet_stream().to_string();
        Ok(Self { bytes: bytes.into(), media_type })
    }
}

/// How much of a body is recorded, in bytes.
const MOST_RECORDED: usize = 64 * 1024;

impl Payload {
    /// What a record has of it; `None`: it is not text.
    pub(super) fn recorded(&self) -> Option<TextBody> {
        let is_cut = self.bytes.len() > MOST_RECORDED;
        let kept = &self.bytes[..self.bytes.len().min(MOST_RECORDED)];
        let text = match std::str::from_utf8(kept) {
            Ok(text) => text,
            // Cut within a letter.
            Err(error) if is_cut && error.error_len().is_none() => {
                std::str::from_utf8(&kept[..error.valid_up_to()]).unwrap_or_default()
            }
            Err(_) => return None,
        };
        Some(TextBody { text: text.to_owned(), is_cut })
    }
}

fn opened(path: &std::path::Path) -> io::Result<Box<dyn Read>> {
    Ok(Box::new(File::open(path)?))
}
